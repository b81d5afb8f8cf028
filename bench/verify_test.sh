#!/bin/bash
# bench verify, as far as it does not depend on how busy the machine is.
# It measures time: nothing may run beside it.
# shellcheck disable=SC2154 # tap.sh sets some
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=/dev/null
. "$root/scripts/tap.sh"

bench=$BUILD/bench

# verifies CLAIM OPTION...: it passes, or is left out for want of a network. Only the check that a
# run is not disturbed may fail, and then it is tried again.
verifies() {
	local claim=$1 attempts=3

	while ((attempts--)); do
		"$bench" verify --only "$claim" "${@:2}" >"$tmp/out" 2>&1 && return
		grep -q 'FAIL  a run that is not disturbed' "$tmp/out" || break
	done
	cat "$tmp/out"
	return 1
}

says() {
	grep -q -- "$1" "$tmp/out" || { cat "$tmp/out"; return 1; }
}

refused() {
	local text=$1 got status
	shift
	got=$("$bench" verify "$@" 2>&1)
	status=$?
	[[ $status -eq 2 && $got == *"$text"* ]] || { echo "$status $got"; return 1; }
}

# A project whose server never starts.
mkdir -p "$tmp/broken/build" "$tmp/broken/results"
cp "$bench" "$tmp/broken/build"
printf '#!/bin/sh\nexit 1\n' >"$tmp/broken/build/serve"
chmod +x "$tmp/broken/build/serve"

# fails CLAIM: where nothing can be run nothing passes.
fails() {
	local status

	"$tmp/broken/build/bench" verify --only "$1" >"$tmp/out" 2>&1
	status=$?
	[[ $status -eq 1 ]] && ! grep '^  pass' "$tmp/out" && says '  FAIL  a run that is valid'
}

for claim in bytes delay loss freeze generator histogram a-a; do
	check "$claim does not pass where nothing is measured" fails "$claim"
done
check 'what is counted crosses the network' verifies bytes
check 'losses are found' verifies loss
check 'and without a TUN device' verifies loss --lab packet
check 'faults of deliveries are found' verifies reach
check 'each of them' says '8 in the wrong order are found'
check 'quantiles are those of the samples' verifies histogram
check 'on loopback deliveries are checked' verifies reach --lab loopback
check 'but no delay' verifies delay --lab loopback
check 'which is said' says 'skip  .*delay'
check 'the last line counts' test "$(tail -1 "$tmp/out")" = '0 passed, 0 failed, 1 skipped'
check 'a claim that nobody makes is refused' refused "--only: 'speed' is no claim" --only speed
check 'a mode that is none too' refused "--lab: 'moon' is no mode" --lab moon
done_testing

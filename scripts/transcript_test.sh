#!/bin/bash
# scripts/transcript and scripts/flaky.
# shellcheck disable=SC2016,SC2154 # a script is written, tap.sh sets tmp
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=/dev/null
BUILD=$root . "$root/scripts/tap.sh"

# matches EXPECTED GOT
matches() {
	printf '%b' "$1" >"$tmp/expected"
	printf '%b' "$2" >"$tmp/got"
	"$root/scripts/transcript" "$tmp/expected" "$tmp/got"
}

# differs EXPECTED GOT TEXT: and TEXT is in what it says.
differs() {
	local got status

	got=$(matches "$1" "$2")
	status=$?
	[[ $status -eq 1 && $got == *"$3"* ]] || { echo "$status $got"; return 1; }
}

# fails STATUS TEXT COMMAND...
fails() {
	local expected=$1 text=$2 got status
	shift 2
	got=$("$@" 2>&1)
	status=$?
	[[ $status -eq $expected && $got == *"$text"* ]] || { echo "$status $got"; return 1; }
}

check 'the same text matches' matches 'a\nb\n\nc\n' 'a\nb\n\nc\n'
check 'a text matches itself' "$root/scripts/transcript" "$root/README.md" "$root/README.md"
check 'nothing is not something' differs '' 'a' $'expected:\n(the end)\ngot:\na'
check 'lines may be broken elsewhere' matches 'it took <*> ms,\nall in all\n' 'it took 4.25\nms, all in all\n'
check 'a number may be any' matches '  <*>, <*> and <*>.\n' '0, -17 and 3.25.\n'
check 'but must be one' differs 'it took <*> ms\n' 'it took x ms\n' 'paragraph 1, expected:'
check 'a number may be within a share' matches '<40±10%> <40±10%>' '36 44'
check 'but not outside' differs '<40±10%> ms' '44.1 ms' '44.1 is not within <40±10%>'
check 'nor below' differs '<40±10%> ms' '35.9 ms' '35.9 is not within'
check 'or within an amount' matches '<40±5>' '45'
check 'and not outside that' differs '<40±5>' '45.5' '45.5 is not within'
check 'a word may be any' matches 'key <?>, <?>' 'key dGhl==, x'
check 'one of some texts' matches 'it is <this one|that\none>, so' 'it is that one, so'
check 'the other' matches '<ab|a>: <*>' 'ab: 1'
check 'and no third' differs 'it is <this|that>' 'it is those' 'paragraph 1'
check 'other brackets are themselves' matches '<b> < c>' '<b> < c>'
check 'as are other signs' differs 'a.c' 'abc' 'paragraph 1'
check 'a paragraph too many is an error' differs 'a\n' 'a\n\nb\n' $'paragraph 2, expected:\n(the end)'
check 'and one too few' differs 'a\n\nb\n' 'a\n' $'got:\n(the end)'
check 'nothing at all is not enough' differs 'a\n' '' $'got:\n(the end)'
check 'a file that is not there is refused' fails 2 'cannot read /nowhere' \
	"$root/scripts/transcript" "$tmp/got" /nowhere

printf '#!/bin/sh\necho x >>%s/rounds\n[ "$(wc -l <%s/rounds)" -ne 3 ] || { echo third; exit 1; }\n' \
	"$tmp" "$tmp" >"$tmp/third"
chmod +x "$tmp/third"
export TEST_JOBS=1
check 'a round that fails is found' fails 1 "third: 1 of 5 rounds failed"$'\n     third' \
	"$root/scripts/flaky" 5 "$tmp/third"
check 'rounds that pass are counted' fails 0 'ok   true: 3 rounds' "$root/scripts/flaky" 3 true
check 'no rounds are refused' fails 2 'flaky: ROUNDS is a number' "$root/scripts/flaky" 0 true

done_testing

#!/bin/bash
# What scripts/claims makes of results that are known.
# shellcheck disable=SC2154 # tap.sh sets some
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/tap.sh"

mkdir -p "$tmp/scripts" "$tmp/bench" "$tmp/results/reference/known"
cp "$here/claims" "$tmp/scripts/"
cd "$tmp" || exit 1
page=results/reference/claims.md
cat >results/reference/known/summary.csv <<'END'
experiment,transport,stack,headers,label,bytes,empty
known,sse,epoll,lean,"sse/epoll, lean",12,
known,longpoll,epoll,lean,longpoll/epoll,110,
known,longpoll,epoll,browser,"longpoll/epoll, browser",891,
END

# claims LINE...: makes the page of one claim with these measures.
claims() {
	printf '%s\n' '; a comment' '[X1]' 'claim = It is so.' 'source = somebody' \
		'verdict = confirmed' "$@" >bench/claims.ini
	scripts/claims
}

# shows TEXT MEASURE...
shows() {
	claims "${@:2}" || return
	grep -qF -- "$1" "$page" || { cat "$page"; return 1; }
}

refuses() {
	local got
	got=$(claims "${@:2}" 2>&1) && return 1
	[[ $got == *"$1"* ]] || { echo "$got"; return 1; }
}

value='known:longpoll/epoll:headers=browser:bytes'
check 'a value is that of the row for which the conditions hold' \
	shows '| bytes | 891 B | 891 | [known](known/report.md) |' "measure = bytes | $value | 891 | 891 | B"
check 'the verdict stands where all is within its bounds' shows '| [X1](#x1) | It is so. | confirmed |'  \
	"measure = bytes | $value | 891 | 891 | B"
check 'it is open where something is not' \
	shows '**Verdict.** open: what was measured is not what was expected (confirmed)' \
	"measure = bytes | $value | 891 | 891 | B" "measure = bytes | $value | 1 | 2 | B"
check 'products go before sums, and parentheses before both' \
	shows '| ratio | 8.25 : 1 | 8 to 9 |' \
	"measure = ratio | ( $value - 891 + 110 - 11 ) / known:sse/epoll:-:bytes + 2 * 0 | 8 | 9 | : 1"
check 'a parenthesis that is not closed is refused' refuses 'a parenthesis is not closed' \
	'measure = x | ( 1 + 2 | 0 | 1 |'
check 'the ratio of two rows' shows '| ratio | 8.10 |' \
	"measure = ratio | $value / known:longpoll/epoll:headers=lean:bytes | 8 | 9 |"
check 'what has no value was not measured' shows '**Verdict.** not measured here yet' \
	'measure = none | known:sse/epoll:-:empty | 0 | 1 |'
check 'nor was what is in a result that is not there' shows 'not measured' \
	'measure = none | unknown:sse/epoll:-:bytes | 0 | 1 |'
check 'what is no value is refused' refuses '"bytes" is no value' 'measure = x | bytes | 0 | 1 |'
check 'what is no operator too' refuses '"%" is no operator' "measure = x | $value % 2 | 0 | 1 |"
check 'and a measure without bounds' refuses 'measure of X1 has too few parts' "measure = x | $value"
check 'and a key that is none' refuses '"sorce" is no key' 'sorce = x'
claims "measure = bytes | $value | 891 | 891 | B"
check 'the page as made is what the results say' scripts/claims --check
sed -i 's/891 B/892 B/' "$page"
drifted() {
	! scripts/claims --check >"$tmp/out" && grep -q 'run scripts/claims' "$tmp/out"
}
check 'a page that was changed is not' drifted
done_testing

#!/bin/bash
# What bench report makes of the committed runs is what is committed beside them, to the byte.
# shellcheck disable=SC2154 # tap.sh sets some
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=/dev/null
. "$root/scripts/tap.sh"

# Without gnuplot, which is slow and draws a little differently from version to version.
make_again() {
	local from=$root/results/reference/$1 to=$tmp/$1

	mkdir "$to" && cp "$from"/{runs.jsonl,experiment.ini,environment.json} "$to" || return
	PATH=/nowhere "$BUILD/bench" report "$to" >"$to/printed"
}

without_plots() {
	sed '/^## Plots$/d; /^!\[/d' "$1" | cat -s
}

same_report() {
	diff <(without_plots "$root/results/reference/$1/report.md") <(without_plots "$tmp/$1/report.md")
}

for folder in "$root"/results/reference/*/; do
	name=$(basename "$folder")
	check "$name is reported again" make_again "$name"
	check 'with the same figures' diff "$folder/summary.csv" "$tmp/$name/summary.csv"
	check 'the same percentiles' diff -r "$folder/latency" "$tmp/$name/latency"
	check 'and the same words' same_report "$name"
done
done_testing

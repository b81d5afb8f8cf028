#!/bin/bash
# scripts/lessons-table: every heading is covered, and the page says what the lessons say.
# shellcheck disable=SC2154 # tap.sh sets tmp
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=/dev/null
BUILD=$root . "$root/scripts/tap.sh"

mkdir -p "$tmp/scripts" "$tmp/lessons"
cp "$root/scripts/lessons-table" "$tmp/scripts/"
table=$tmp/scripts/lessons-table

# lesson FOLDER TITLE MINUTES HEADINGS
lesson() {
	mkdir -p "$tmp/lessons/$1"
	printf '# Lesson %d: %s\n\nAbout %d minutes. Before it: none.\n\nCovers: %s\n' \
		"${1%%-*}" "$2" "$3" "$4" >"$tmp/lessons/$1/README.md"
}

afresh() {
	printf 'before\n<!-- lessons -->\nold\n<!-- /lessons -->\nbetween\n<!-- headings -->\n<!-- /headings -->\nafter\n' \
		>"$tmp/lessons/README.md"
	printf 'What it is\nHow and why\n' >"$tmp/lessons/headings.txt"
	lesson 01-one 'one' 25 'What it is'
	lesson 02-two 'two, and more' 30 'How and why, What it is'
}

page_is() {
	local expected='before
<!-- lessons -->
| lesson | minutes |
|---|---:|
| [1. one](01-one/README.md) | 25 |
| [2. two, and more](02-two/README.md) | 30 |
| all | 55 |
<!-- /lessons -->
between
<!-- headings -->
| heading | lessons |
|---|---|
| What it is | 1, 2 |
| How and why | 2 |
<!-- /headings -->
after'
	"$table" && diff <(echo "$expected") "$tmp/lessons/README.md"
}

# refuses TEXT ARGUMENT...
refuses() {
	local text=$1 got
	shift
	got=$("$table" "$@" 2>&1) && { echo "it did not: $got"; return 1; }
	[[ $got == *"$text"* ]] || { echo "$got"; return 1; }
}

afresh
check 'an old page is found' refuses 'run scripts/lessons-table' --check
check 'the page is made' page_is
check 'and is then right' "$table" --check
check 'making it again changes nothing' page_is
lesson 02-two 'two, and more' 30 'How and why, What it was'
check 'a heading that the tutorial does not have' refuses \
	'02-two/README.md: the tutorial has no heading "What it was"' --check
lesson 02-two 'two, and more' 30 'What it is'
check 'a heading that no lesson covers' refuses 'no lesson covers "How and why"' --check
before=$(<"$tmp/lessons/README.md")
check 'neither writes a page' refuses 'no lesson covers'
check 'the page is as before' test "$before" = "$(<"$tmp/lessons/README.md")"
echo '# Lesson 2: two' >"$tmp/lessons/02-two/README.md"
check 'a lesson that does not say' refuses '02-two/README.md lacks its title' --check

done_testing

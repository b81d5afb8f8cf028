#!/bin/bash
# The checks written here, on a project made of little files.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp"/{scripts,transports/sse,results/reference/first-look}
cp "$here"/{compare,function-length,readme-table,siblings} "$tmp/scripts/"
cd "$tmp" || exit 1

number=0
cell=transports/sse
report=results/reference/first-look/report.md

# passes WHAT COMMAND...
passes() {
	local what=$1 got status
	shift
	got=$("$@" 2>&1)
	status=$?
	verdict $((status != 0)) "$what" "exit status $status: $got"
}

# fails TEXT WHAT COMMAND...: COMMAND exits with 1 and says TEXT.
fails() {
	local text=$1 what=$2 got status
	shift 2
	got=$("$@" 2>&1)
	status=$?
	verdict $((status != 1)) "$what" "exit status $status: $got" || return
	verdict "$([[ $got == *"$text"* ]]; echo $?)" "$what: it is named" "$got"
}

verdict() {
	if (($1 == 0)); then
		echo "ok $((++number)) - $2"
	else
		echo "not ok $((++number)) - $2"
		echo "#   ${3//$'\n'/$'\n'#   }"
	fi
}

# function_of LINES NAME: the braces are two of the LINES.
function_of() {
	printf 'static int %s(int a,\n\tint b)\n{\n' "$2"
	for ((i = 2; i < $1; i++)); do
		printf '\ta += b;\n'
	done
	printf '}\n\n'
}

# cell STACK NAME...: a cell with these functions.
cell() {
	local stack=$1 name
	shift
	printf 'static int unused(int a);\nstatic const int number = (1);\n\n' >"$cell/$stack.c"
	for name; do
		function_of 3 "$name" >>"$cell/$stack.c"
	done
}

# table FILE BEGIN ROW END
table() {
	printf 'before\n%s\n%s\n%s\nafter\n' "$2" "$3" "$4" >"$1"
}

printf '#define TRANSPORTS(X) X(sse)\n#define STACKS(X)     X(mhd) X(lws) X(epoll)\n' \
	>transports/matrix.h

echo 1..21

function_of 40 f >f.c
passes 'a function of 40 lines is short enough' scripts/function-length f.c
function_of 41 g >>f.c
fails 'f.c:46: g has 41 lines' 'one of 41 is not' scripts/function-length f.c

cell mhd mhd_open push
cell lws lws_open push
echo 'const struct x sse_epoll = {.hole = "none"};' >$cell/epoll.c
passes 'a hole has no functions to compare' scripts/siblings
cell epoll push epoll_open
fails "$cell/epoll.c:4: push, where $cell/mhd.c:4 has _STACK_open" 'another order is an error' \
	scripts/siblings
cell epoll epoll_open
fails "$cell/epoll.c: lacks push" 'one function fewer is an error' scripts/siblings
cell epoll epoll_open push close
fails "$cell/epoll.c:16: close" 'one function more is an error' scripts/siblings
rm $cell/epoll.c
fails "$cell/epoll.c: missing" 'a cell that is missing is an error' scripts/siblings

passes 'cells that differ are compared' scripts/compare sse mhd lws
verdict "$(scripts/compare sse mhd lws | grep -q '|'; echo $(($? == 0)))" \
	'names of stacks are no difference' "$(scripts/compare sse mhd lws)"
cell lws lws_open pull
verdict "$(scripts/compare sse mhd lws | grep -q 'push.*|.*pull'; echo $?)" \
	'other names are' "$(scripts/compare sse mhd lws)"

table $report '<!-- table:begin -->' '| a \n & b |' '<!-- table:end -->'
table README.md '<!-- table first-look -->' '| old |' '<!-- /table -->'
table expected.md '<!-- table first-look -->' '| a \n & b |' '<!-- /table -->'
fails 'README.md' 'a README with other numbers is an error' scripts/readme-table --check
passes 'the table is copied' scripts/readme-table
verdict "$(cmp -s README.md expected.md; echo $?)" 'and nothing else' "$(cat README.md)"
echo 'no table' >README.md
fails 'no table' 'a README without a table is an error' scripts/readme-table --check

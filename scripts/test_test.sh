#!/bin/bash
# scripts/test, fed with programs that behave and misbehave.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1

number=0

# program NAME BODY
program() {
	printf '#!/bin/bash\n%s\n' "$2" >"$1"
	chmod +x "$1"
}

# closes LINE STATUS WHAT PROGRAM...
closes() {
	local line=$1 status=$2 what=$3 got got_status
	shift 3
	got=$(TEST_TIMEOUT=1 "$here/test" "$@" 2>&1)
	got_status=$?
	verdict "$([[ ${got##*$'\n'} == "$line" && $got_status == "$status" ]]; echo $?)" \
		"$what" "exit status $got_status: $got"
}

# says TEXT WHAT PROGRAM...
says() {
	local text=$1 what=$2 got
	shift 2
	got=$(TEST_TIMEOUT=1 "$here/test" "$@" 2>&1)
	verdict "$([[ $got == *"$text"* ]]; echo $?)" "$what" "$got"
}

verdict() {
	if (($1 == 0)); then
		echo "ok $((++number)) - $2"
	else
		echo "not ok $((++number)) - $2"
		# Indented, or the inner program's lines would count as ours.
		echo "#   ${3//$'\n'/$'\n'#   }"
	fi
}

program good_test 'echo 1..2; echo "ok 1 - a"; echo "ok 2 - b"'
program good_test.sh 'echo 1..1; echo "ok 1 - a script"'
program bad_test 'echo 1..2; echo "ok 1 - a"; echo "not ok 2 - bad"; echo "# why" >&2; exit 1'
program crash_test 'echo 1..2; echo "ok 1 - a"; kill -SEGV $$'
program short_test 'echo 1..3; echo "ok 1 - a"'
program long_test 'echo 1..1; echo "ok 1 - a"; echo "ok 2 - b"'
program mute_test 'exit 0'
program exit_test 'echo 1..1; echo "ok 1 - a"; exit 3'
program bail_test 'echo 1..1; echo "ok 1 - a"; echo "Bail out! no more"'
program skip_test 'echo 1..2; echo "ok 1 - a"; echo "ok 2 - b # SKIP not here"'
program cmocka_skip_test 'echo 1..1; echo "not ok 1 # SKIP test_a"'
program all_skipped_test 'echo "1..0 # SKIP no such machine"'
program hang_test 'echo 1..1; echo "ok 1 - a"; sleep 60'
program deaf_test 'trap "" TERM; echo 1..1; echo "ok 1 - a"; for i in {1..60}; do sleep 1; done'
printf 'echo 1..0\n' >plain_test.sh

tests=19
echo 1..$tests
# shellcheck disable=SC2016 # its own argument
program part_test 'echo 1..1; [ "$1" = "a *" ] && echo "ok 1 - a part"'
closes '2 passed, 0 failed' 0 'a part of a program is run' 'part_test#a *' good_test.sh
closes '3 passed, 0 failed' 0 'results are summed over programs and scripts' good_test good_test.sh
closes '3 passed, 1 failed' 1 'a failed result is counted once' good_test bad_test
says '# why' 'the output of a failure is shown' bad_test
closes '1 passed, 1 failed' 1 'a crash is a failure' crash_test
says 'SIGSEGV' 'a crash is named' crash_test
closes '1 passed, 1 failed' 1 'fewer results than planned are a failure' short_test
closes '2 passed, 1 failed' 1 'more results than planned are a failure' long_test
closes '0 passed, 1 failed' 1 'no plan is a failure' mute_test
closes '1 passed, 1 failed' 1 'an exit status without a failed result is a failure' exit_test
closes '1 passed, 1 failed' 1 'a bail-out is a failure' bail_test
closes '1 passed, 0 failed, 1 skipped' 0 'a skipped result is not a failure' skip_test
closes '0 passed, 0 failed, 1 skipped' 0 "cmocka's skip is not a failure" cmocka_skip_test
closes '0 passed, 0 failed, 1 skipped' 0 'a whole program may be skipped' all_skipped_test
closes '1 passed, 1 failed' 1 'a program that hangs is a failure' hang_test
closes '1 passed, 1 failed' 1 'a program that ignores SIGTERM is a failure' deaf_test
closes '0 passed, 1 failed' 1 'a script that cannot be executed is a failure' ./plain_test.sh
closes '0 passed, 1 failed' 1 'a program that does not exist is a failure' ./none_test
closes 'test: no test program given; usage: scripts/test [--help] PROGRAM...' 2 \
	'no program at all is an error'

#!/bin/bash
# What every lesson must have: an exercise that fails, a solution that passes, mistakes that are
# told what they are, a transcript and answers that are what the lesson measures.
# It measures time: nothing may run beside it.
# shellcheck disable=SC2154 # tap.sh sets some
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=/dev/null
. "$root/scripts/tap.sh"
cd "$root" || exit 1

lessons=$(cd lessons && printf '%s\n' [0-9]*/lesson.c | sed 's|/lesson.c||')
if [ "$lessons" = '[0-9]*' ]; then
	skip 'lessons' 'there are none'
	done_testing
fi
if [[ $BUILD == *sanitize* ]]; then
	skip 'lessons' 'the build without sanitizers looks at them, and builds them with sanitizers, too'
	done_testing
fi

# run OUT COMMAND...: its output, and its exit status in a file beside it.
run() {
	local out=$1
	shift
	timeout -k 5 30 "$@" </dev/null >"$out" 2>"$out.err"
	echo $? >"$out.status"
}

# Runs a lesson and its checks; what they print is looked at later.
run_lesson() {
	local built=$BUILD/lessons/$1 out=$tmp/$1 program

	mkdir -p "$out"
	for program in "$built"/check*; do
		[[ $program == *-solution ]] || run "$out/${program##*/}" "$program"
	done
	run "$out/check-solution" "$built/check-solution" --all
	run "$out/refused" "$built/lesson" --nonsense
	show_lesson "$1" lesson "$built"
	if [ -x "$sanitized/$1/lesson" ]; then
		built=$sanitized/$1
	fi
	show_lesson "$1" lesson-on-loopback "$built" --loopback
}

# show_lesson LESSON NAME FOLDER OPTION...: on a busy machine a number may be measured badly.
show_lesson() {
	local out=$tmp/$1 name=$2 built=$3 transcript=lessons/$1/transcript.txt
	shift 3

	for _ in 1 2 3 4 5; do
		rm -f "$out/$name.values"
		SECONDS=0
		STAGE_VALUES=$out/$name.values run "$out/$name" "$built/lesson" "$@"
		echo "$SECONDS" >"$out/$name.seconds"
		scripts/transcript "$transcript" "$out/$name" >/dev/null 2>&1 && return
		[[ $(<"$out/$name.status") == 0 ]] || return
	done
}

# status NAME EXPECTED: of what run kept under that name.
status() {
	[ -f "$tmp/$1.status" ] || { echo "no program $1 was built"; return 1; }
	[[ $(<"$tmp/$1.status") == "$2" ]] && return
	echo "exit status $(<"$tmp/$1.status")"
	cat "$tmp/$1" "$tmp/$1.err"
	return 1
}

# Whether exercise.c is no longer as shipped: somebody is at work on it, or done.
solved() {
	git cat-file -e "HEAD:lessons/$1/exercise.c" 2>/dev/null &&
		! git diff --quiet HEAD -- "lessons/$1/exercise.c"
}

fails_usefully() {
	status "$1/check" 1 || return
	grep -q '^FAIL' "$tmp/$1/check" && grep -q '^  help:' "$tmp/$1/check" && return
	cat "$tmp/$1/check"
	return 1
}

# says NAME FILE: what a wrong answer is told is what was recorded.
says() {
	status "$1" 1 && diff "$2" "$tmp/$1"
}

refuses() {
	status "$1/refused" 2 && [ "$(wc -l <"$tmp/$1/refused.err")" -eq 1 ]
}

# shows LESSON NAME: its transcript, and soon.
shows() {
	local seconds

	status "$1/$2" 0 && scripts/transcript "lessons/$1/transcript.txt" "$tmp/$1/$2" || return
	seconds=$(<"$tmp/$1/$2.seconds")
	((seconds <= 15)) || { echo "it took $seconds s"; return 1; }
}

# Prints "verify KEY NUMBER" for each such answer, and "metric KEY" for each such question.
claims() {
	awk '
	function attribute(name) {
		return match($0, " " name "=[^ ]+") ? \
			substr($0, RSTART + length(name) + 2, RLENGTH - length(name) - 2) : ""
	}
	/^<!-- quiz / {
		key = attribute("verify")
		if (attribute("metric") != "")
			print "metric", attribute("metric")
	}
	/^\*\*Answer:\*\*/ && key != "" {
		number = $2
		gsub(/,/, "", number)
		print "verify", key, number
		key = ""
	}
	' "lessons/$1/quiz.md" "lessons/$1/predict.md"
}

# The answers are what the lesson gives, and whatever else is asked for it gives as well.
agrees() {
	claims "$1" | awk -F '[= ]' '
	NR == FNR { value[$1] = $2; next }
	!($2 in value) { print $1 " " $2 ": the lesson gives no such value"; bad = 1; next }
	$1 == "verify" {
		difference = value[$2] - $3
		if (difference * difference > value[$2] * value[$2] * 1e-8) {
			print $2 " is " value[$2] ", not " $3
			bad = 1
		}
	}
	END { exit bad }
	' "$tmp/$1/lesson.values" -
}

# hints LESSON: three, and none has a line of the solution that the exercise has not.
hints() {
	local folder=lessons/$1

	[ "$(grep '^## ' "$folder/hints.md" | cut -c 1-5 | tr '\n' ' ')" = '## 1. ## 2. ## 3. ' ] ||
		{ echo 'they are not ## 1., ## 2. and ## 3.'; return 1; }
	awk '
	{ sub(/^[ \t]+/, "") }
	FILENAME ~ /exercise.c$/ { known[$0] = 1; next }
	FILENAME ~ /hints.md$/ { hints = hints "\n" $0; next }
	length($0) > 12 && !/^#include/ && !/^[\/*]/ && !($0 in known) && index(hints, $0) {
		print "a line of the solution: " $0
		bad = 1
	}
	END { exit bad }
	' "$folder/exercise.c" "$folder/hints.md" "$folder/solution.c"
}

# has_all LESSON: its files, and as many wrong answers as there must be.
has_all() {
	local folder=lessons/$1 file wrong

	for file in README.md lesson.c exercise.c solution.c check.c hints.md predict.md quiz.md \
		transcript.txt; do
		[ -s "$folder/$file" ] || { echo "$folder/$file is missing"; return 1; }
	done
	wrong=("$folder"/wrong/*.c)
	for file in "${wrong[@]%.c}"; do
		[ -s "$file.txt" ] || { echo "$file.txt is missing"; return 1; }
	done
	((${#wrong[@]} == 2 || ${#wrong[@]} == 3)) ||
		{ echo "there are ${#wrong[@]} wrong answers, not 2 or 3"; return 1; }
	grep -q '^Covers: ' "$folder/README.md" || { echo 'README.md has no line Covers:'; return 1; }
	solved "$1" || grep -q 'TODO' "$folder/exercise.c" || { echo 'exercise.c has no TODO'; return 1; }
}

# short LESSON: its page is.
short() {
	local lines

	lines=$(wc -l <"lessons/$1/README.md")
	((lines <= 150)) || { echo "README.md has $lines lines, more than 150"; return 1; }
}

# annotated LESSON: few enough lines to be read, and a third of them is comment.
annotated() {
	awk '
	{ sub(/^[ \t]+/, "") }
	inside || /^\/\*/ || /^\/\// { comment++; inside = (inside || /^\/\*/) && !/\*\// }
	END {
		if (NR >= 150 && NR <= 250 && 3 * comment >= NR)
			exit 0
		print "lesson.c has " NR " lines, " comment " of them comment; 150 to 250, and a third, are asked"
		exit 1
	}' "lessons/$1/lesson.c"
}

# lacks LESSON WHAT: skips what cannot be where a check says by its exit status that a library is
# missing.
lacks() {
	[[ $(cat "$tmp/$1/check.status" 2>/dev/null) == 77 ]] || return
	skip "$1: $2" "$(tail -n 1 "$tmp/$1/check.err")"
}

look_at() {
	local lesson=$1 wrong name

	check "$lesson: all its files are there" has_all "$lesson"
	check "$lesson: its page is short" short "$lesson"
	check "$lesson: its program is annotated" annotated "$lesson"
	lacks "$lesson" 'its exercise' || look_at_exercise "$lesson"
	check "$lesson: a wrong option is refused in one line" refuses "$lesson"
	lacks "$lesson" 'its transcript' || look_at_transcript "$lesson"
	if command -v curl >/dev/null && "$BUILD/lessons/$lesson/lesson" --help | grep -q -e --play; then
		check "$lesson: who plays is told what to type" plays "$lesson"
	fi
	check "$lesson: it gives the answers of its questions" agrees "$lesson"
	check "$lesson: there are three hints, and no line of the solution" hints "$lesson"
}

# Each address that it names is served until its input ends.
plays() {
	local out=$tmp/$1/play keys answer url

	mkfifo "$tmp/keys"
	timeout 30 "$BUILD/lessons/$1/lesson" --play --every 1 <"$tmp/keys" >"$out" 2>&1 &
	exec {keys}>"$tmp/keys"
	until grep -q 'Ctrl-D' "$out"; do
		kill -0 $! 2>/dev/null || { cat "$out"; return 1; }
		read -rt 0.05 -u "$silence"
	done
	while read -r url; do
		answer=$(curl -si --max-time 3 "$url" 2>&1 </dev/null | head -n 1)
		[[ $answer == 'HTTP/1.1 '* ]] || { echo "$url: $answer"; cat "$out"; return 1; }
	done < <(grep -o 'http://127.*/\(poll\|events\|chat\)' "$out")
	exec {keys}>&-
	wait $! || { echo "exit status $?"; return 1; }
}

look_at_transcript() {
	local lesson=$1

	check "$lesson: it prints its transcript" shows "$lesson" lesson
	check "$lesson: and on loopback, where no network is to be had" shows "$lesson" lesson-on-loopback
}

look_at_exercise() {
	local lesson=$1 wrong name

	if solved "$lesson"; then
		skip "$lesson: the exercise fails with a useful message" 'exercise.c is not as shipped'
	else
		check "$lesson: the exercise fails with a useful message" fails_usefully "$lesson"
	fi
	check "$lesson: the solution passes" status "$lesson/check-solution" 0
	for wrong in "lessons/$lesson"/wrong/*.c; do
		name=${wrong##*/}
		name=${name%.c}
		check "$lesson: the answer $name is told what is wrong" \
			says "$lesson/check-wrong-$name" "${wrong%.c}.txt"
	done
}

# Without OpenSSL the lesson on TLS is built, and shows a recording: what follows its first paragraph,
# which says why, is what --replay shows where OpenSSL is.
tls=09-wss

build_without() {
	local built=$BUILD/without-openssl

	MAKEFLAGS='' make -s OPENSSL=no WERROR=1 BUILD="$built" \
		"$built/lessons/$tls/"{lesson,check,check-solution}
}

behind_why() {
	awk -v RS= -v ORS='\n\n' 'NR != 2' "$1"
}

plays_recording() {
	local built=$BUILD/without-openssl/lessons/$tls

	STAGE_VALUES=$tmp/without/values run "$tmp/without/lesson" "$built/lesson"
	run "$tmp/without/replay" "$BUILD/lessons/$tls/lesson" --replay
	status without/lesson 0 && status without/replay 0 || return
	grep -qz 'This is a recording, made on 20.*libssl-dev' "$tmp/without/lesson" ||
		{ head "$tmp/without/lesson"; return 1; }
	diff <(behind_why "$tmp/without/replay") <(behind_why "$tmp/without/lesson") &&
		scripts/transcript <(behind_why "lessons/$tls/replay.txt") \
			<(behind_why "$tmp/without/lesson")
}

recording_agrees() {
	cp "$tmp/without/values" "$tmp/$tls/lesson.values"
	agrees "$tls"
}

says_what_is_missing() {
	run "$tmp/without/check" "$BUILD/without-openssl/lessons/$tls/$1" --all
	status without/check 77 && [ "$(wc -l <"$tmp/without/check.err")" -eq 1 ] &&
		grep -q 'libssl-dev' "$tmp/without/check.err"
}

look_without() {
	mkdir -p "$tmp/without"
	check "$tls: it is built without OpenSSL" build_without
	check "$tls: without OpenSSL it shows its recording" plays_recording
	check "$tls: the recording gives the answers of its questions" recording_agrees
	check "$tls: without OpenSSL its check says what is missing" says_what_is_missing check
	check "$tls: and so does that of the solution" says_what_is_missing check-solution
}

soon() {
	local seconds=0 lesson

	for lesson in $lessons; do
		((seconds += $(<"$tmp/$lesson/lesson.seconds")))
	done
	((seconds <= 240)) || { echo "they took $seconds s"; return 1; }
}

# can_sanitize COMPILER
can_sanitize() {
	command -v "$1" >/dev/null &&
		echo 'int main(void) { return 0; }' |
		"$1" -fsanitize=address,undefined -x c - -o "$tmp/sanitized" 2>/dev/null && "$tmp/sanitized"
}

# build_sanitized COMPILER: the solutions built anew, and by gcc what is shown, too; a sanitizer ends a
# program at the first thing it finds.
build_sanitized() {
	local built=$BUILD/solutions-$1 shown=()

	[ "$1" = clang ] || for lesson in $lessons; do
		shown+=("$built/sanitize-address-undefined/lessons/$lesson/lesson")
	done
	MAKEFLAGS='' make -s -j"$(nproc)" CC="$1" CFLAGS='-O1 -g' SANITIZE=address,undefined WERROR=1 \
		BUILD="$built" solutions ${shown[@]+"${shown[@]}"}
}

sanitized_passes() {
	local built=$BUILD/solutions-$1/sanitize-address-undefined/lessons/$2

	run "$tmp/sanitized-check" "$built/check-solution" --all
	status sanitized-check 0
}

sanitized=$BUILD/solutions-gcc/sanitize-address-undefined/lessons
compilers=()
for compiler in gcc clang; do
	if can_sanitize "$compiler"; then
		compilers+=("$compiler")
		check "$compiler builds with sanitizers" build_sanitized "$compiler"
	else
		skip "solutions built by $compiler with sanitizers" "no $compiler that has them"
	fi
done

# They wait, most of the time.
jobs=$(($(nproc) + 1))
number=0
for lesson in $lessons; do
	((number++ < jobs)) || wait -n
	run_lesson "$lesson" &
done
wait
for lesson in $lessons; do
	look_at "$lesson"
done
# Of one after the other: the time that a learner waits.
check 'all lessons together take four minutes at most' soon
look_without

for compiler in ${compilers[@]+"${compilers[@]}"}; do
	for lesson in $lessons; do
		lacks "$lesson" "the solution built by $compiler" && continue
		check "$lesson: the solution that $compiler built passes" sanitized_passes "$compiler" "$lesson"
	done
done

done_testing

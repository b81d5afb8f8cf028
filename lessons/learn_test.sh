#!/bin/bash
# build/learn on two lessons made here: every command without a terminal, some with one, and kills.
# shellcheck disable=SC2154,SC2317,SC2016 # tap.sh sets some; functions are called by name
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=/dev/null
. "$root/scripts/tap.sh"

learn=$BUILD/learn
# Where it builds, seen from the tree.
out=${BUILD#"$root/"}
tree=$tmp/tree
mkdir -p "$tree/lessons/01-bytes" "$tree/lessons/02-frames"
export LESSONS=$tree/lessons
unset PUSHLAB_PROGRESS STAGE_VALUES
cd "$tree" || exit 1

cat >Makefile <<'END'
comma := ,
OUT := $(BUILD)$(if $(SANITIZE),/sanitize-$(subst $(comma),-,$(SANITIZE)))
$(OUT)/lessons/%/lesson: lessons/%/lesson.sh
	@mkdir -p $(@D)
	@echo 'OPENSSL=$(OPENSSL)' >$(@D)/settings
	@cp $< $@ && chmod +x $@
$(OUT)/lessons/%/check: lessons/%/exercise.c lessons/%/check.c
	@mkdir -p $(@D)
	@test -e $(@D)/exercise.c.orig || cp $< $(@D)/exercise.c.orig
	@$(or $(CC),cc) $^ -o $@
END

cat >lessons/01-bytes/README.md <<'END'
# Lesson 1: bytes, one by one

About 20 minutes.
END
cp lessons/01-bytes/README.md lessons/02-frames
echo '# Lessons' >lessons/README.md

# It measures what its delay says.
cat >lessons/01-bytes/lesson.sh <<'END'
#!/bin/bash
delay=60 values= play=
while (($#)); do
	case $1 in
	--help) echo '  --delay N  in ms'; echo '  --values   values only'; echo '  --play     a server'; exit ;;
	--delay) delay=$2; shift ;;
	--values) values=yes ;;
	--play) play=yes ;;
	--plain) ;;
	*) echo "no option: $1" >&2; exit 2 ;;
	esac
	shift
done
[ -n "$play" ] && { echo 'playing'; exit; }
[ -e interrupt ] && kill -INT $$
[ -e unread ] && kill -PIPE $$
[ -n "$values" ] || echo "the lesson runs with $delay"
printf 'hello.bytes=7\npoll.mean_ms=%s.5\n' "$delay" | tee -a "${STAGE_VALUES:-/dev/null}" >/dev/null
END
sed 's/--play /--other/' lessons/01-bytes/lesson.sh >lessons/02-frames/lesson.sh

cat >lessons/01-bytes/predict.md <<'END'
# Predict

## Q1. How many bytes?
<!-- quiz id=p-bytes kind=number metric=hello.bytes unit=bytes -->

<details><summary>Answer</summary>

**Answer:** 7 ± 0 bytes

Two of head and five of text.

</details>

## Q2. How long?
<!-- quiz id=p-mean kind=measured metric=poll.mean_ms within=10% unit=ms -->

> **Hint:** half of it.

<details><summary>Answer</summary>

**Answer:** measured, about T/2 + d

The gap is one more transit.

</details>
END

cat >lessons/01-bytes/quiz.md <<'END'
# Quiz

## Q1. Which may stand between?
<!-- quiz id=q-between kind=multiple fixed -->

> **Hint:** two of them.

- [ ] A. a ping
- [ ] B. a text
- [ ] C. a close

<details><summary>Answer</summary>

**Answer:** A, C

- A: it may be interleaved.
- B: it must wait.
- C: at any time.

</details>

## Q2. Which code?
<!-- quiz id=q-code kind=text -->

<details><summary>Answer</summary>

**Answer:** 101 | 101 Switching Protocols

</details>

## Q3. How long was it?
<!-- quiz id=q-mean kind=measured metric=poll.mean_ms unit=ms -->

<details><summary>Answer</summary>

**Answer:** measured, about T/2 + d

</details>
END
cp lessons/01-bytes/predict.md lessons/01-bytes/quiz.md lessons/02-frames
sed -i 's/id=/&second-/' lessons/02-frames/*.md

cat >lessons/01-bytes/hints.md <<'END'
# Hints

## 1. Where
Look at the first byte.

## 2. What
Seven bits of it.

## 3. How
Mask it with 0x7f.
END

cat >lessons/01-bytes/exercise.c <<'END'
/* TODO: seven */
int answer(void)
{
	return 0;
}
END
sed 's/return 0/return 7/' lessons/01-bytes/exercise.c >lessons/01-bytes/solution.c
cat >lessons/01-bytes/check.c <<'END'
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int answer(void);
int main(int argc, char **argv)
{
	int ok = answer() == 7;
	if (getenv("LACKS"))
		return fputs("no library\n", stderr), 77;
	if (getenv("UNREAD"))
		raise(SIGPIPE);
	if (argc > 1 && !strcmp(argv[argc - 1], "--json"))
		printf("{\"number\":1,\"ok\":%s}\n", ok ? "true" : "false");
	else
		puts(ok ? "ok 1 answer" : "FAIL 1 answer");
	return !ok;
}
END

# says STATUS TEXT COMMAND...: exits so, and prints TEXT, a pattern, somewhere, whatever lines it is
# wrapped into; nothing is typed.
says() {
	local expected=$1 text=$2 got status
	shift 2
	got=$("$@" 2>&1 </dev/null)
	status=$?
	[[ ${got//$'\n'/ } == *$text* && $status -eq $expected ]] && return
	printf '%s\n' "exit status $status" "$got"
	return 1
}

# refuses TEXT ARGUMENT...: exit status 2 and one line that has TEXT, a pattern.
refuses() {
	local text=$1 got status
	shift
	got=$("$learn" "$@" 2>&1 </dev/null)
	status=$?
	[[ $got == "learn: "*$text* && $got != *$'\n'* && $status -eq 2 ]] && return
	printf '%s\n' "exit status $status" "$got"
	return 1
}

# is_json COMMAND...: each line that it prints is an object.
is_json() {
	local got

	got=$("$@" 2>&1 </dev/null)
	awk '!/^\{.*\}$/ { print "no object: " $0; bad = 1 } END { exit bad || !NR }' <<<"$got"
}

# kept KEY [VALUE]: what progress holds; VALUE is a pattern.
kept() {
	local value

	value=$(sed -n "s/^$1 = //p" "${PUSHLAB_PROGRESS:-lessons/progress.txt}")
	# shellcheck disable=SC2053 # a pattern
	[[ $value == ${2-} ]] && return
	echo "$1 = $value"
	return 1
}

afresh() {
	rm -rf lessons/progress.txt lessons/class.conf "$out"
	sed 's/return 7/return 0/' lessons/01-bytes/solution.c >lessons/01-bytes/exercise.c
}

# typed TEXT COMMAND...: types that at a terminal.
typed() {
	local text=$1
	shift
	# -e: its exit status; -q: no words of its own. Input ends with ^D.
	printf '%b' "$text" | script -qec "$*" /dev/null | tr -d '\r'
}

# prints_typed PATTERN TEXT COMMAND...
prints_typed() {
	local pattern=$1 got
	shift
	got=$(typed "$@")
	# shellcheck disable=SC2053 # a pattern
	[[ ${got//$'\n'/ } == *$pattern* ]] && return
	echo "$got"
	return 1
}

# answers_in_words: of a quiz of one question; the letters that are shown are shuffled.
answers_in_words() {
	local status

	mv lessons/01-bytes/quiz.md kept.md
	cat >lessons/01-bytes/quiz.md <<-'END'
		## Q1. Over what?
		<!-- quiz id=q-over kind=single -->

		- [ ] A. `HTTP` alone
		- [ ] B. UDP
		- [ ] C. TCP

		<details><summary>Answer</summary>

		**Answer:** A

		- A: yes
		- B: no
		- C: no

		</details>
	END
	prints_typed 'Right: *1 of 1 right' 'http alone\n' "$learn" quiz 1 --all &&
		kept 01-bytes.quiz.q-over '* right A' &&
		echo 'q-over = tcp' >answers &&
		says 0 'Not right: it is A' "$learn" quiz 1 --all --answers answers &&
		kept 01-bytes.quiz.q-over '* wrong C'
	status=$?
	mv kept.md lessons/01-bytes/quiz.md
	return "$status"
}

# fits_40 COMMAND: it prints no line of more than 40 columns on a terminal of that width.
fits_40() {
	script -qec "stty cols 40; $1" /dev/null </dev/null | tr -d '\r' |
		awk 'length > 40 { print; bad = 1 } END { exit bad || NR < 4 }'
}

note 'without a terminal'
check 'alone it says where one is' says 0 'Lesson 1 of 2, bytes: bytes, one by one*About 20 minutes*not begun*Read lessons/01-bytes/README.md first.*Next: */learn run' "$learn"
check 'list has both' says 0 '01 bytes: *You are here*02 frames: ' "$learn" list
check 'run skips, runs and compares' says 0 '== Predict ==*== Run ==*the lesson runs with 60*== Compare ==*Skipped; it was 7 bytes.*Skipped; it was 60.5 ms.*Rule: about T/2 + d.*The gap*Next: */learn check' "$learn" run
check 'a skipped one is kept as that' kept 01-bytes.predict.p-mean '* skipped'
check 'the values are kept' kept 01-bytes.value.poll.mean_ms 60.5
printf '# mine\np-bytes = 7\np-mean=61 ms\n' >answers
check 'answers come from a file' says 0 'You said 7 bytes, it was 7 bytes: right.*You said 61 ms, it was 60.5 ms: right, within 10 %.' "$learn" run --answers answers
check 'and are kept' kept 01-bytes.predict.p-mean '* right 61 ms'
check 'what was predicted is not asked again' says 0 '2 of 2 predictions were made before' "$learn" run
check 'with --all it is' says 0 'Prediction 1 of 2 (*Skipped' "$learn" run --all
check 'an option of the lesson' says 0 'the lesson runs with 90*it was 90.5 ms' "$learn" run 1 -- --delay 90
check 'leaves what is kept alone' kept 01-bytes.value.poll.mean_ms 60.5
check 'and what the answers are about is said first' says 0 'You have changed the lesson: where a question names R, T or d, yours are meant.*Prediction 1' "$learn" run 1 -- --delay 90
check 'then no rule gives the number of the lesson as it stands' bash -c '
	got=$("$0" run 1 --answers answers -- --delay 90)
	[[ $got == *"You said 61 ms, it was 90.5 ms: not within 10 %."*"The gap"* && $got != *Rule:* ]]' "$learn"
check 'an option that the lesson has not is refused before anything is asked' bash -c '
	! got=$("$0" run 1 -- --dealy 90 2>&1) && [[ $got == "no option: --dealy" ]]' "$learn"
check 'what can be changed is offered' says 0 'Change one thing*run 1 -- --help' "$learn" run
sed -i.kept 's/--delay N/--delay/' lessons/01-bytes/lesson.sh
check 'nothing is, where nothing can' bash -c '[[ $("$0" run) != *"Change one"* ]]' "$learn"
mv lessons/01-bytes/lesson.sh.kept lessons/01-bytes/lesson.sh
touch lessons/01-bytes/lesson.sh
check 'the options of the lesson are listed' says 0 '--delay N' "$learn" run -- --help
check 'run --json' is_json "$learn" run --json --answers answers
check 'run --json says what was measured' says 0 '"verdict":"right","said":"61 ms","right":null,"measured":60.5,"unit":"ms"' "$learn" run --json --answers answers
for name in 2 02 frames 02-frames; do
	check "a lesson as $name" says 0 'Lesson 2: ' "$learn" run "$name"
done
check 'run makes it the current one' kept current 02-frames
check 'a lesson without exercise has no check' says 1 'no exercise' "$learn" check
check 'nor a place to play' says 1 'nothing to play with' "$learn" play
check 'play' says 0 playing "$learn" play 1
afresh

check 'quiz skips, says what is right, and why' says 0 'Question 1 of 3 (01-bytes, q-between)*A. a ping*Skipped; it is A, C.*A (right): it may*B (not): it must wait*Measuring*it was 60.5 ms*0 of 3 right. The others come again.' "$learn" quiz
printf 'q-between = c a\nq-code = 101 switching protocols\nq-mean = 99\n' >answers
check 'quiz from a file' says 0 'Right: A, C*Right: 101*You said 99 ms, it was 60.5 ms: not within 10 %.*2 of 3 right' "$learn" quiz --answers answers
check 'an answer is kept as it is shown' kept 01-bytes.quiz.q-between '* right A, C'
check 'status says it in words' says 0 'question q-between: right, you said "a ping", "a close"' "$learn" status
check 'report too' says 0 'quiz q-between: right, said "a ping", "a close"' "$learn" report
check 'and as a page' says 0 '<td>"a ping", "a close"<td>' "$learn" report --html
check 'wrong ones come again, and only these' says 0 'Question 1 of 1 (01-bytes, q-mean)' "$learn" quiz
sed -i 's/Which code?/Which status code?/' lessons/01-bytes/quiz.md
check 'an edited question too' says 0 'Question 1 of 2 (01-bytes, q-code)*Question 2 of 2' "$learn" quiz
check 'quiz --json' is_json "$learn" quiz --json --all
check 'skipping takes no answer away' kept 01-bytes.quiz.q-between '* right A, C'
printf 'q-code = 101\nq-mean = 60\n' >answers
check 'the last are answered' says 0 '2 of 2 right.' "$learn" quiz --answers answers
check 'quiz --all asks all' says 0 'Question 3 of 3' "$learn" quiz --all
check 'nothing is left to ask' says 0 'All 3 questions are answered right' "$learn" quiz
afresh

check 'a check that cannot be done is no failure of the learner' says 1 'no library' env LACKS=1 "$learn" check
check 'and is kept as what it is' kept 01-bytes.check 'impossible *'
echo 'forbid_skip = yes' >lessons/class.conf
check 'and the next lesson may begin' says 0 'Lesson 2' "$learn" run 2
rm lessons/class.conf
afresh
check 'check as shipped fails and says that it must' says 1 'FAIL 1*as it was shipped, so it is expected to fail' "$learn" check
check 'a failure is kept' kept 01-bytes.check failed
check 'the solution is not shown yet' says 1 'has not passed yet; --force' "$learn" solution
check 'but with --force' says 0 'return 7*diff -u lessons/01-bytes/exercise.c lessons/01-bytes/solution.c' "$learn" solution --force
check 'hint 1' says 0 'Hint 1 of 3: Where  Look at the first byte.' "$learn" hint
check 'hint 2' says 0 'Hint 2 of 3*Seven bits' "$learn" hint
check 'hint 3' says 0 'Hint 3 of 3*Mask it' "$learn" hint
check 'then all' says 0 'Hint 1 of 3: Where  Look at*Hint 2 of 3: What  Seven*Hint 3 of 3: How  Mask it*These are all.*solution 1 --force' "$learn" hint
sed -i 's/return 0/return 1/' lessons/01-bytes/exercise.c
check 'a change that does not do' says 1 'FAIL 1*Not yet.*hint 1' "$learn" check
check 'check --json' is_json "$learn" check --json
sed -i 's/return 1/return yes/' lessons/01-bytes/exercise.c
check 'the errors of the compiler are shown' says 1 "exercise.c:4*yes*undeclared*make $out/lessons/01-bytes/check failed" "$learn" check
check 'reset does not ask without a terminal' refuses '--force does it unasked' reset
check 'reset --force' says 0 'What it was is in lessons/01-bytes/exercise.c.bak' "$learn" reset --force
check 'it is as shipped' grep -q 'return 0' lessons/01-bytes/exercise.c
check 'what it was is kept' grep -q 'return yes' lessons/01-bytes/exercise.c.bak
echo '/* second */' >>lessons/01-bytes/exercise.c
check 'another reset keeps both' says 0 'What it was is in lessons/01-bytes/exercise.c.bak2' "$learn" reset --force
check 'the first one' grep -q 'return yes' lessons/01-bytes/exercise.c.bak
check 'and the second one' grep -q second lessons/01-bytes/exercise.c.bak2
mv lessons/01-bytes/exercise.c mine.c
check 'an exercise that is gone' says 1 'learn: lessons/01-bytes/exercise.c is missing; */learn reset 1 brings it back' "$learn" check
check 'it does' says 0 'lessons/01-bytes/exercise.c is back' "$learn" reset
check 'as it was shipped' cmp lessons/01-bytes/exercise.c mine.c
check 'nothing to reset' says 0 'is as it was shipped' "$learn" reset
cp lessons/01-bytes/solution.c lessons/01-bytes/exercise.c
check 'check passes' says 0 'ok 1 answer*Passed.*Next: */learn run' "$learn" check
check 'success is kept' kept 01-bytes.check 'passed 20*'
sed 's/return 7/return 8/' lessons/01-bytes/solution.c >old.c
touch -d 2001-01-01 old.c
mv old.c lessons/01-bytes/exercise.c
check 'an exercise with an older date is built nevertheless' says 1 'FAIL 1*Not yet' "$learn" check
cp lessons/01-bytes/solution.c lessons/01-bytes/exercise.c
check 'the solution is shown then' says 0 'return 7' "$learn" solution
check 'status' says 0 'check passed*prediction p-bytes: not asked*hints shown: 3 of 3; solution shown*0 of 2 lessons are done' "$learn" status
check 'report' says 0 '01 bytes, one by one*check: passed; hints: 3*02 ' "$learn" report
check 'report --html' says 0 '<!DOCTYPE html>*<td>quiz<td>Which may stand between?*</html>' "$learn" report --html
check 'which begins with a line for each lesson' says 0 '<a href="#01-bytes">1. bytes, one by one</a><td>no<td>passed<td>3<td>yes<td>*<a href="#02-frames">*</table>*<h2 id="01-bytes">1. bytes' "$learn" report --html
check 'where it is not of one alone' says 0 '</p> <h2 id="01-bytes">*' "$learn" report 1 --html
if command -v python3 >/dev/null; then
	check 'report --json' bash -c '"$0" report --json | python3 -m json.tool' "$learn"
else
	skip 'report --json' 'python3 is not here'
fi
check 'watch wants a terminal' refuses 'watch needs a terminal' watch
check 'next' says 0 'Lesson 2 of 2, frames' "$learn" next
check 'is kept' kept current 02-frames
check 'there is no next of the last' says 0 'is the last one' "$learn" next

# keeps_its_folder: one that was built in another folder, without OpenSSL, builds there and so.
keeps_its_folder() {
	local other=$out/learn-test-other

	(unset MAKEFLAGS MAKELEVEL
		make -s -C "$root" BUILD="$other" SANITIZE= OPENSSL=no CFLAGS=-O0 "$other/learn") || return
	"$root/$other/learn" run 1 >/dev/null 2>&1
	[ "$(cat "$other/lessons/01-bytes/settings")" = OPENSSL=no ] || return
	afresh
	"$learn" run 1 >/dev/null
	[ ! -e "$other" ] && [ -e "$out/lessons/01-bytes/settings" ]
}

note 'what it was built with'
if [[ $out != /* ]]; then
	check 'another folder and other settings are kept' keeps_its_folder
else
	skip 'another folder and other settings are kept' 'the build folder is outside of the tree'
fi

note 'what is done'
afresh
printf 'q-between = ac\nq-code = 101\nq-mean = 99\n' >answers
{ "$learn" run; "$learn" check; } >/dev/null
check 'a failed check comes again' says 0 'Your last check failed. Go on in lessons/01-bytes/exercise.c*Next: */learn check' "$learn"
{ cp lessons/01-bytes/solution.c lessons/01-bytes/exercise.c; "$learn" check; } >/dev/null
check 'run and checked is not done' says 0 'check passed, quiz 0 of 3 right. Next: */learn quiz' "$learn"
check 'all but a question is gone through' says 0 'quiz 2 of 3 right, gone through' bash -c '"$0" quiz --answers answers; "$0" list' "$learn"
check 'status counts it so' says 0 '0 of 2 lessons are done, 1 more gone through.' "$learn" status
{ "$learn" run 2; "$learn" quiz 2; } >/dev/null
check 'after the last lesson all that is open is named' says 0 'Still open: lesson 1 (1 question), lesson 2 (3 questions). Next: */learn quiz 1' "$learn"
echo 'q-mean = 60' >answers
check 'all right is done' says 0 'quiz 3 of 3 right, done*1 of 2 lessons are done, 1 more' bash -c '"$0" quiz 1 --answers answers; "$0" status 1' "$learn"
printf 'second-q-between = AC\nsecond-q-code = 101\nsecond-q-mean = 60\n' >answers
check 'with all done the report comes' says 0 'nothing is open*Next: */learn report' "$learn" quiz 2 --answers answers
afresh
check '--help' says 0 'usage: *list *run *--answers FILE*without any colour' "$learn" --help
check 'no colour' bash -c '! "$0" run 1 | grep -q $'"'\\033'" "$learn"
check 'stdin closed' bash -c '"$0" run 1 <&- | grep -q "it was 7 bytes"' "$learn"
touch interrupt
check 'an interrupted lesson' says 1 'was interrupted' "$learn" run 1
rm interrupt
touch unread
check 'a lesson whose output nobody reads any more' bash -c '! "$0" run 1 2>&1 | grep "^learn: "' "$learn"
rm unread
check 'a check likewise' bash -c '! UNREAD=1 "$0" check 1 2>&1 | grep .' "$learn"
check 'which is no failure' bash -c '! grep check lessons/progress.txt'

note 'git knows the shipped copy'
if command -v git >/dev/null; then
	afresh
	git init -q . && git add lessons Makefile &&
		git -c user.name=n -c user.email=e commit -qm shipped
	echo >>lessons/01-bytes/exercise.c
	check 'reset from git' says 0 'as it was shipped' "$learn" reset --force
	check 'it is what git has' git diff --quiet -- lessons/01-bytes/exercise.c
	rm -rf .git
else
	skip 'reset from git' 'git is not here'
fi
afresh

note 'mistakes'
check 'a command that is none' refuses "'chekc' is no command; the nearest is 'check'" chekc
check 'one that is near to none' refuses "'foo' is no command; --help lists all" foo
check 'an option of the lesson without --' refuses 'options of the lesson come behind --: */learn run 1 -- --delay 50' run 1 --delay 50
check 'nor so' refuses '*/learn run -- --delay=50' run --delay=50
check 'a lesson alone' refuses "'run 6' runs a lesson" 6
check 'a lesson that is none' refuses "'frams' is no lesson; the nearest is 02-frames" run frams
check 'a number that is none' refuses "'17' is no lesson; the nearest is 02-frames" run 17
check 'an option that is none' refuses "'--forse' is no option; the nearest is --force" reset --forse
check 'an option of another command' refuses 'list takes no --json' list --json
check 'and what there is instead' refuses 'quiz takes no --html; it takes --all --answers --json' quiz --html
check 'a word too many' refuses 'one word too many' run 1 2
check 'a value that is missing' refuses '--answers needs a value' quiz --answers
check 'a file that is missing' refuses 'none: No such file' quiz --answers none
check 'a folder that is missing' refuses 'none: No such file' list --lessons none
check 'a folder without lessons' refuses 'no lessons: folders named' list --lessons "$tree"
echo 'q-betwen = A' >answers
check 'an id that is none' refuses "answers:1: no question has the id 'q-betwen'; the nearest is 'q-between'" quiz --answers answers
printf '\nq-between = D\n' >answers
check 'an answer that is none' bash -c '"$0" quiz --answers answers 2>&1 | grep -q "answers:2: q-between = D: the answer is all letters"' "$learn"
echo 'q-between' >answers
check 'no ID = ANSWER' refuses 'answers:1: not ID = ANSWER' quiz --answers answers
echo nonsense >lessons/progress.txt
check 'a progress file that is none' refuses 'lessons/progress.txt:1: not KEY = VALUE' list
rm lessons/progress.txt
cp lessons/01-bytes/quiz.md kept.md
sed -i 's/kind=text/kind=essay/' lessons/01-bytes/quiz.md
check 'a quiz that is none' refuses 'lessons/01-bytes/quiz.md:23: kind=essay is none of' quiz
mv kept.md lessons/01-bytes/quiz.md
mkdir readonly
export PUSHLAB_PROGRESS=$tree/none/progress.txt
check 'progress that cannot be written is said, and all goes on' says 0 'none/progress.txt: No such file or directory: nothing is kept; PUSHLAB_PROGRESS*it was 7 bytes*Next: ' "$learn" run
unset PUSHLAB_PROGRESS

note 'class.conf'
afresh
printf 'forbid_skip = yes\nhide_solutions = yes\noption.delay = 80\noption.colour = 1\n' >lessons/class.conf
check 'options of the class' says 0 'Your class has changed this lesson (class.conf: --delay 80): *the lesson runs with 80' "$learn" run
check 'no lesson before its turn' says 1 'lesson 1 comes first' "$learn" run 2
check 'nor by next' says 1 'lesson 1 comes first' "$learn" next
check 'no solution' says 1 hide_solutions "$learn" solution --force
echo 'forbid_skipp = yes' >lessons/class.conf
check 'a rule that is none' refuses "class.conf:1: 'forbid_skipp' is none of forbid_skip" list
echo 'forbid_skip = maybe' >lessons/class.conf
check 'a value that is none' refuses 'class.conf:1: forbid_skip = maybe: it is yes or no' list
mkdir beside
export PUSHLAB_PROGRESS=$tree/beside/mine.txt
echo 'option.delay = 70' >beside/class.conf
check 'class.conf beside the progress goes first' says 0 'the lesson runs with 70' "$learn" run
check 'progress is where PUSHLAB_PROGRESS says' kept current 01-bytes
unset PUSHLAB_PROGRESS
afresh

note 'at a terminal'
if command -v script >/dev/null; then
	check 'predictions are asked for' prints_typed 'Type a number in ms; Enter skips, ? gives a hint, q ends. Your answer: *it was 7 bytes: not right*it was 60.5 ms: right' '8\n60\n' "$learn" run
	check 'and kept' kept 01-bytes.predict.p-bytes '* wrong 8'
	check 'Enter skips, ? is a hint' prints_typed 'Hint: half of it.*Skipped; it was 60.5 ms' '7\n?\n\n' "$learn" run --all
	check 'what cannot be read is asked again' prints_typed 'That cannot be read as an answer; it is a number in ms.*it was 60.5 ms: right' '7\nsoon\n60\n' "$learn" run --all
	check 'seconds do for milliseconds' prints_typed 'You said 0.0605 s, it was 60.5 ms: right. ' '7\n0.0605 s\n' "$learn" run --all
	check 'there is no hint' prints_typed 'This one has no hint.*You said 1 byte, it was 7 bytes' '?\n1\nq\n' \
		"$learn run --all; echo p-bytes = 1 >answers; $learn run --all --answers answers </dev/null"
	check 'q ends' prints_typed 'Stopped. What you have answered is kept.' 'q\n' "$learn" run --all
	check 'quiz' prints_typed 'Not right: it is A, C.*Right: 101' 'ab\n101\n\n' "$learn" quiz
	check 'an option may be said in its words' answers_in_words
	check 'forbid_skip asks again' prints_typed 'is to be answered (class.conf: forbid_skip)*Right: A, C' '\nac\nq\n' \
		"echo forbid_skip=1 >lessons/class.conf; '$learn' quiz --all"
	rm lessons/class.conf
	check 'reset asks' prints_typed 'Replace lessons/01-bytes/exercise.c*Nothing was changed.' 'n\n' \
		"'$learn' check >/dev/null; echo >>lessons/01-bytes/exercise.c; '$learn' reset"
	check 'and does it' prints_typed 'What it was is in' 'y\n' "$learn" reset
	check 'watch checks at once and by r' prints_typed 'FAIL 1*Watching lessons/01-bytes/exercise.c: it is*FAIL 1*Watching' 'r\nq\n' "$learn" watch
	check 'lines are as wide as the terminal' fits_40 "$learn list"
	check 'those that ask too' fits_40 "$learn run --all"
else
	skip 'at a terminal' 'script is not here'
fi

# watch_sees_a_save: the file is saved while watch runs.
watch_sees_a_save() {
	local line

	afresh
	mkfifo keys
	script -qfec "'$learn' watch" /dev/null <keys >watch.out 2>&1 &
	exec {keys}>keys
	await grep -q Watching watch.out || return
	cp lessons/01-bytes/solution.c lessons/01-bytes/exercise.c
	await grep -q Passed watch.out || { cat watch.out; return 1; }
	echo q >&"$keys"
	exec {keys}>&-
	wait "$!"
	line=$(tail -1 watch.out)
	[[ $line == Next:* ]] || { cat watch.out; return 1; }
}
if command -v script >/dev/null; then
	check 'watch sees a save' watch_sees_a_save
fi

# A kill at any moment leaves a file that can be read, with all that was written before.
survives_kills() {
	local i pid
	printf 'q-between = AC\nq-code = 101\nq-mean = 60\np-bytes = 7\np-mean = 60\n' >answers
	afresh
	"$learn" run --answers answers >/dev/null
	for ((i = 0; i < 50; i++)); do
		"$learn" quiz --all --answers answers >/dev/null 2>&1 &
		pid=$!
		read -rt "0.00$((RANDOM % 10))" -u "$silence"
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
		says 0 '01 bytes: *run, check open' "$learn" list || return
		kept 01-bytes.predict.p-mean '* right 60' || return
	done
	"$learn" quiz --all --answers answers >/dev/null
	kept 01-bytes.quiz.q-mean '* right 60' && ! [ -e lessons/progress.txt.new ]
}
# receipts: what a run prints is what each form of the report has, until a value is changed.
receipts() {
	local receipt

	afresh
	printf 'p-bytes = 7\np-mean = 61\n' >answers
	receipt=$("$learn" run --answers answers | sed -n 's/^Receipt: 01-bytes //p')
	[[ $receipt =~ ^[0-9A-Z]{6}$ ]] || return
	says 0 "  receipt: 01-bytes $receipt" "$learn" report &&
		says 0 "\"receipt\":\"$receipt\"" "$learn" report --json &&
		says 0 "\"lesson\":\"02-frames\"*\"receipt\":null" "$learn" report --json &&
		says 0 "<p>Receipt: 01-bytes $receipt</p>" "$learn" report --html &&
		says 0 "Receipt: 01-bytes $receipt" "$learn" run || return
	sed -i 's/60\.5/60.6/' lessons/progress.txt
	"$learn" report | grep '  receipt: 01-bytes' && ! "$learn" report | grep "$receipt"
}

# gives_none COMMAND...: it prints no receipt.
gives_none() {
	! "$@" 2>&1 </dev/null | grep Receipt
}

note 'receipts'
check 'a receipt can be held against the report' receipts
check 'a run with other options gives none' gives_none "$learn" run 1 -- --delay 5
printf 'p-bytes = 7\n' >answers
afresh
check 'nor does one with a prediction that was skipped' gives_none "$learn" run --answers answers
export PUSHLAB_PROGRESS=$tree/none/progress.txt
printf 'p-bytes = 7\np-mean = 61\n' >answers
check 'nor one that is kept nowhere' gives_none "$learn" run --answers answers
unset PUSHLAB_PROGRESS

note 'kills'
check 'fifty kills leave a file that can be read' survives_kills

# questions_parse LESSON: as many as there should be.
questions_parse() {
	local got

	got=$(LESSONS=$root/lessons PUSHLAB_PROGRESS=$tmp/none.txt "$learn" status "$1" 2>&1)
	[[ $got != *'learn: '* ]] && awk '
		/^  prediction / { predictions++ }
		/^  question / { questions++ }
		END { exit predictions < 3 || predictions > 6 || questions < 4 || questions > 6 }' <<<"$got" && return
	echo "$got"
	return 1
}

ids_are_unique() {
	local twice

	twice=$(cat "$root"/lessons/[0-9]*/{predict,quiz}.md | grep -o '^<!-- quiz .*' |
		grep -o ' id=[^ ]*' | sort | uniq -d)
	[ -z "$twice" ] || { echo "$twice"; return 1; }
}

note 'the lessons of this tree'
for lesson in "$root"/lessons/[0-9]*/quiz.md; do
	[ -e "$lesson" ] || continue
	lesson=${lesson%/quiz.md}
	check "${lesson##*/}: 3 to 6 predictions and 4 to 6 questions can be read" questions_parse "${lesson##*/}"
done
check 'no two questions have the same id' ids_are_unique

done_testing

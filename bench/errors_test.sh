#!/bin/bash
# What bench and serve say and leave behind when something is wrong.
# It measures time: nothing may run beside it.
# shellcheck disable=SC2154 # tap.sh sets some
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=/dev/null
. "$root/scripts/tap.sh"

# A project of its own, so that the processes of these tests can be told from others.
mkdir "$tmp/build" "$tmp/results"
cp "$BUILD/bench" "$BUILD/serve" "$tmp/build"
ln -s "$root/bench" "$root/scripts" "$tmp"
cd "$tmp" || exit 1

# experiment NAME LINE...: NAME.ini, with lines for [run], which may replace those here.
experiment() {
	local name=$1
	shift
	printf '%s\n' '[experiment]' "name = $name" 'blocks = 1' '[run]' 'cells = sse/mhd, websocket/lws' \
		'subscribers = 2' 'rate_hz = 50' 'warmup_s = 0' "$@" >"$name.ini"
}

# refuses STATUS TEXT COMMAND...: with one line, that has TEXT, and nothing else.
refuses() {
	local expected=$1 text=$2 got status
	shift 2
	got=$(timeout 10 "$@" 2>stderr)
	status=$?
	[[ -z $got && $(wc -l <stderr) -eq 1 && $(<stderr) == *"$text"* && $status -eq $expected ]] &&
		return
	printf '%s\n' "exit status $status" "$got" "$(<stderr)"
	return 1
}

# fails STATUS TEXT COMMAND...: with as many lines as it likes.
fails() {
	local expected=$1 text=$2 got status
	shift 2
	got=$("$@" 2>&1)
	status=$?
	[[ $got == *"$text"* && $status -eq $expected ]] && return
	printf '%s\n' "exit status $status" "$got"
	return 1
}

# refused TEXT ARGUMENT...: by bench, as a mistake of its user's.
refused() {
	local text=$1
	shift
	check "bench $* is refused" refuses 2 "bench: $text" build/bench "$@"
}

# not_served TEXT OPTION...: the same of serve.
not_served() {
	local text=$1
	shift
	check "serve $* is refused" refuses 2 "serve: $text" build/serve "$@"
}

# wrong_value LINE TEXT: that line in an experiment's file.
wrong_value() {
	experiment wrong "$1"
	check "a file with '$1' is refused" \
		refuses 2 "bench: wrong.ini:9: $2" build/bench run wrong.ini
}

test_wrong_arguments() {
	refused 'which command? list, run, report, advise, compare, probe or verify'
	refused "there is no command 'measure': list, run, report, advise, compare, probe or verify" measure
	refused 'run: which experiment? See bench list' run
	refused "there is no experiment 'second-look': see bench list" run second-look
	refused 'none.ini: no such file' run none.ini
	refused "--repeat: '0' is not a number from 1 to 1000" run first-look --repeat 0
	refused '--seed x: not a whole number' run first-look --seed x
	refused '--only tcp: none of the cells of' run first-look --only tcp
	refused '--set speed=1: no such key in [run] (allowed: subscribers, rate_hz' \
		run first-look --set speed=1
	refused "--set rate_hz=fast: 'fast' is not a number (allowed: 0, or 0.001 to" \
		run first-look --set rate_hz=fast
	refused '--set rate_hz: not KEY=VALUE, as in --set rate_hz=10' run first-look --set rate_hz
	refused 'report: which result folder?' report
	refused "'other': one result at a time" report none other
	refused 'none/runs.jsonl: no such file' report none
	refused 'compare: which two result folders?' compare none
	refused 'none/runs.jsonl: no such file' compare none none
	refused "--test: 't' is no test (known: mann-whitney)" compare none none --test t
	refused "there is no workload 'moon'" advise moon
	refused "--set link_profile=moon: 'moon' is not known" advise game --link moon
	refused "verify: 'game': nothing is expected there" verify game
	check 'bench run --speed is refused' fails 2 "unrecognized option '--speed'" \
		build/bench run first-look --speed
}

test_wrong_files() {
	wrong_value 'main_s = long' "key 'main_s': 'long' is not a number above 0 (allowed: 0.1 to"
	wrong_value 'main_s = 0.01' "key 'main_s': '0.01' is out of range (allowed: 0.1 to"
	wrong_value 'format = xml' "key 'format': 'xml' is not known (allowed: json, lean, binary)"
	wrong_value 'speed = 1' "key 'speed': no such key in [run] (allowed: subscribers,"
	wrong_value 'payload_bytes = 9' "key 'payload_bytes': 9 is below the minimum of format json"
	wrong_value 'fast' 'neither [section] nor KEY = VALUE nor a comment'
	sed -i 's|^cells = .*|cells = sse/apache|; $d' wrong.ini
	check 'a cell that does not exist is refused' \
		refuses 2 "bench: wrong.ini:5: key 'cells': 'sse/apache' is no cell (known: " \
		build/bench run wrong.ini
	mkdir full
	echo kept >full/runs.jsonl
	refused '--out: full holds a result already: choose another folder' \
		run first-look --out full
	check 'the result that was there is kept' test "$(<full/runs.jsonl)" = kept
}

test_serve_arguments() {
	not_served "--port: '65536' is not a number from 0 to 65535" --port 65536
	not_served "--port: 'http' is not a number from 0 to 65535" --port http
	not_served "--rate: '-1' is not a number from 0" --rate=-1
	not_served "--seed: 'x' is not a number from 0" --seed x
	not_served "--arrivals: 'odd' is not one of even, poisson" --arrivals odd
	not_served "--format: 'xml' is not one of json, lean, binary" --format xml
	not_served '--payload: a json message has at least ' --payload 5
	not_served "--transport: 'tcp' is not one of polling, longpoll, sse, websocket, all" \
		--transport tcp
	not_served 'nothing to serve on --stack apache: see serve --list' --stack apache
	not_served "'8080' is not an option: see serve --help" 8080
	not_served "--listen: 'localhost' is not one of this machine's numeric addresses" \
		--transport sse --port 0 --listen localhost
	check 'serve --speed is refused' fails 2 "unrecognized option '--speed'" build/serve --speed
}

test_port_in_use() {
	local port

	start_server --transport=sse
	port=${url##*:}
	check 'serve on a port in use says so and what to do' refuses 1 \
		"port $port: Address already in use: choose another --port, or 0 for any free one" \
		build/serve --transport=sse --port "$port"
	stop_server
	check 'the server that has the port goes on and ends in order' test "$status" = 0
}

# start_bench NAME OPTION...: sets bench, the process, which leads a group as it does in a terminal.
start_bench() {
	set -m
	build/bench run "$1.ini" --out "$1" "${@:2}" >stdout 2>stderr &
	bench=$!
	set +m
}

# Sets status.
await_bench() {
	wait "$bench"
	status=$?
}

contains() {
	[[ $1 == *"$2"* ]] && return
	echo "${1:0:1000}"
	return 1
}

nothing_runs() {
	! readlink /proc/[0-9]*/exe | grep "^$tmp/build/"
}

has_lines() {
	[[ -f $2 ]] && (($(wc -l <"$2") == $1))
}

# Valid or not: a busy machine may spoil that.
has_delivered_all() {
	grep -qE '"expected":([1-9][0-9]*),"delivered":\1,' <<<"$1" && return
	echo "${1:0:1000}"
	return 1
}

# spoiled RESULT REASON: of two runs the first was ended from outside.
spoiled() {
	local result=$1 reason=$2 what=${1/-/ is }

	check "$what: the exit status tells of an invalid run" test "$status" = 1
	check "$what: the run is kept as invalid, with the reason" contains \
		"$(head -1 "$result/runs.jsonl")" "\"valid\":false,\"reason\":\"$reason\""
	check "$what: the other run goes on" \
		has_delivered_all "$(sed -n 2p "$result/runs.jsonl")"
	check "$what: the table tells of it" contains "$(<stdout)" "$reason"
	check "$what: no process is left" nothing_runs
}

# The process NAME, once server and load are both there.
await_both() {
	await child "$bench" serve >/dev/null && await child "$bench" bench >/dev/null
}

test_server_killed() {
	experiment server-killed 'main_s = 1'
	start_bench server-killed
	await_both && kill -KILL "$(child "$bench" serve)"
	await_bench
	spoiled server-killed 'the server was killed by signal 9 (Killed) during the run'
}

test_load_killed() {
	experiment load-killed 'main_s = 1'
	start_bench load-killed
	await_both && kill -KILL "$(child "$bench" bench)"
	await_bench
	spoiled load-killed 'the load process was killed by signal 9 (Killed)'
}

# Of the children that are bench too the one that has stayed where its parent is: the load is in the
# lab.
link_of() {
	local folder name parent

	for folder in /proc/[0-9]*; do
		{ read -r _ name _ parent _ <"$folder/stat"; } 2>/dev/null || continue
		[[ $name == '(bench)' && $parent == "$1" ]] || continue
		[[ $(readlink "$folder/ns/net") == "$(readlink "/proc/$1/ns/net")" ]] || continue
		echo "${folder#/proc/}"
		return
	done
	return 1
}

test_link_killed() {
	if no_link; then
		skip 'a link that is killed is said' 'there is no private network here'
		return
	fi
	experiment link-end 'main_s = 1' 'link_delay_ms = 5'
	start_bench link-end
	await child "$bench" serve >/dev/null && kill -KILL "$(link_of "$bench")"
	await_bench
	check 'a link that is killed is said' contains "$(head -1 link-end/runs.jsonl)" \
		'the link process was killed by signal 9 (Killed)'
	check 'the other run has a link of its own' \
		has_delivered_all "$(sed -n 2p link-end/runs.jsonl)"
}

no_link() {
	build/bench probe | grep -q '^packet *no'
}

# The other run would be one too many.
test_capture_fails() {
	if no_link; then
		skip 'a capture that cannot be written is said' 'there is no private network here'
		return
	fi
	experiment capture-fails 'main_s = 0.5'
	build/bench run capture-fails.ini --out capture-fails --only sse --pcap /dev/full \
		>stdout 2>stderr
	check 'a capture that cannot be written is said' contains "$(<capture-fails/runs.jsonl)" \
		'the capture: writing the file: No space left on device'
}

test_interrupted() {
	experiment interrupted 'main_s = 1'
	start_bench interrupted --ascii
	await has_lines 1 interrupted/runs.jsonl && await_both
	kill -INT -- -"$bench" # to the group, as a terminal does
	await_bench
	check 'Ctrl-C ends bench with 130' test "$status" = 130
	check 'Ctrl-C keeps the run that was finished' has_lines 1 interrupted/runs.jsonl
	check 'Ctrl-C leaves a summary of it' has_lines 2 interrupted/summary.csv
	check 'bench says what is kept' contains "$(<stderr)" '1 of 2 runs are finished and kept'
	check 'and where' test "$(tail -1 stdout)" = 'result: interrupted'
	check 'Ctrl-C leaves no process' nothing_runs
	if ! command -v gnuplot >/dev/null; then
		skip 'plots are drawn as text' 'gnuplot is not installed'
		return
	fi
	check 'run --ascii draws the plots of what is kept' contains "$(<stdout)" "$as_text"
	check 'report --ascii draws them again' contains "$(build/bench report interrupted --ascii)" \
		"$as_text"
	check 'report alone does not' lacks "$(build/bench report interrupted)" "$as_text"
}

as_text='deliveries that are no slower, %'

lacks() {
	[[ $1 != *"$2"* ]]
}

test_bench_killed() {
	touch marker
	experiment bench-killed 'main_s = 60'
	start_bench bench-killed
	await_both
	kill -KILL "$bench"
	await_bench 2>/dev/null
	check 'server and load die with bench' await nothing_runs
	check 'a killed bench leaves no file but its result' leaves_only_results
}

# Of the link process and a capture too; their network goes with the last of them.
test_bench_killed_with_link() {
	local namespaces

	touch marker
	namespaces=$(network_namespaces)
	if no_link; then
		skip 'the link dies with bench' 'there is no private network here'
		return
	fi
	experiment link-killed 'main_s = 60' 'link_delay_ms = 5'
	start_bench link-killed --only sse --pcap link-killed.pcap
	await_both
	kill -KILL "$bench"
	await_bench 2>/dev/null
	check 'link and capture die with bench too' await nothing_runs
	check 'their networks go with them' test "$(network_namespaces)" = "$namespaces"
	check 'and no file is left but the result and the capture' leaves_only_results
}

network_namespaces() {
	readlink /proc/[0-9]*/ns/net | sort -u | wc -l
}

leaves_only_results() {
	! find . -maxdepth 1 -newer marker ! -name . ! -name '*.ini' ! -name std\* ! -name '*-killed*' |
		grep .
}

too_many_subscribers() {
	ulimit -n 256 && build/bench run many.ini --out many --set subscribers=1000
}

test_descriptor_limit() {
	experiment many 'main_s = 1'
	check 'too many subscribers are refused with the arithmetic' fails 1 \
		'1000 subscribers with 1 connection each and 64 more need 1064 descriptors: the limit is 256' \
		too_many_subscribers
}

test_wrong_arguments
test_wrong_files
test_serve_arguments
test_port_in_use
test_server_killed
test_load_killed
test_link_killed
test_capture_fails
test_interrupted
test_bench_killed
test_bench_killed_with_link
test_descriptor_limit
done_testing

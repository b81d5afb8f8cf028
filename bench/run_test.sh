#!/bin/bash
# bench run, from the experiment's file to the folder of results.
# It measures time: nothing may run beside it.
# shellcheck disable=SC2154 # tap.sh sets some
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=/dev/null
. "$root/scripts/tap.sh"

# A project of its own, wherever BUILD is: bench looks for the rest of it around itself.
mkdir "$tmp/build" "$tmp/results"
cp "$BUILD/bench" "$BUILD/serve" "$tmp/build"
ln -s "$root/bench" "$root/scripts" "$tmp"
ln -s "$BUILD/certs" "$tmp/build"

columns=experiment,transport,stack,tls,link_delay_ms,link_loss,subscribers,rate_hz,arrivals
columns+=,payload_bytes,format,poll_interval_ms,batch,headers,runs,invalid_runs
columns+=,latency_mean_ms,latency_p50_ms,latency_p90_ms,latency_p99_ms,latency_p999_ms
columns+=,latency_max_ms,latency_p50_low_ms,latency_p50_high_ms,unscheduled_p99_ms
columns+=,model_mean_ms,model_max_ms,reach,duplicates,reordered,messages_per_response
columns+=,empty_responses,wire_bytes_down,wire_bytes_up,wire_bytes_per_message
columns+=,framing_bytes_per_message,packets_per_message,server_cpu_us_per_message
columns+=,server_bytes_per_connection,kernel_bytes_per_connection

results_made=0

# run_bench NAME|FILE OPTION...: into $out, with its words in $tmp/stdout and $tmp/stderr and its
# exit status in $status. Other work on the machine can spoil a measurement, and a run then says
# so itself: that is the one reason to measure again, up to $attempts times in all.
attempts=3
run_bench() {
	local attempt

	for ((attempt = 1; attempt <= attempts; attempt++)); do
		out=$tmp/result$((++results_made))
		"$tmp/build/bench" run "$@" --out "$out" >"$tmp/stdout" 2>"$tmp/stderr"
		status=$?
		((status == 1 && attempt < attempts)) || return
		grep -q 'INVALID: .*\(waited .* for a CPU\|was late\|stood still\)' "$tmp/stderr" || return
		note 'the machine is busy, measuring again:'
		sed -n 's/.*INVALID/#   INVALID/p' "$tmp/stderr"
	done
}
exits() {
	((status == $1)) && return
	cat "$tmp/stdout" "$tmp/stderr"
	return 1
}

# value ROW COLUMN: from summary.csv. ROW is TRANSPORT, TRANSPORT/STACK or TRANSPORT/STACK/TLS, with
# yes or no. What comes before a quoted comma has none itself.
value() {
	awk -F, -v row="$1" -v name="$2" '
	NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) column = i; split(row, wanted, "/") }
	$2 != wanted[1] || (wanted[2] && $3 != wanted[2]) || (wanted[3] && $4 != wanted[3]) { next }
	column { print $column }
	' "$out/summary.csv"
}

# is ROW COLUMN VALUE
is() {
	local got

	got=$(value "$1" "$2")
	[ "$got" = "$3" ] || { echo "$2 is '$got'"; return 1; }
}

# within PERCENT GOT EXPECTED
within() {
	awk -v percent="$1" -v got="$2" -v expected="$3" 'BEGIN {
		off = (got - expected) / expected * 100
		printf "%s is %+.1f %% off %s\n", got, off, expected
		exit got == "" || off < -percent || off > percent
	}'
}

# above LIMIT GOT
above() {
	awk -v limit="$1" -v got="$2" 'BEGIN {
		printf "%s is not above %s\n", got, limit
		exit limit == "" || got == "" || got + 0 <= limit + 0
	}'
}

# calc EXPRESSION
calc() {
	awk "BEGIN { print $1 }"
}

# Each line (-n), or the whole of the files, is one JSON value: strings become S, other scalars V,
# and then brackets are taken away from the inside.
are_json() {
	local lines=(-z)

	[ "$1" != -n ] || { lines=(); shift; }
	sed "${lines[@]}" -E '
	s/"([^"\\[:cntrl:]]|\\(["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/S/g
	s/(^|[][{},:[:space:]])-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/\1V/g
	s/\b(true|false|null)\b/V/g
	s/[[:space:]]//g
	:again
	s/\{(S:[SV](,S:[SV])*)?\}|\[([SV](,[SV])*)?\]/V/
	t again' "$@" | tr '\0' '\n' | awk '$0 != "V" { print; bad = 1 } END { exit bad || !NR }'
}

columns_are_those_of_the_contract() {
	local first

	read -r first <"$out/summary.csv"
	[[ $first == "$columns",* ]] || { echo "$first"; return 1; }
}

has_one_row_for_each_transport() {
	awk -F, 'NR > 1 { print $2 }' "$out/summary.csv" | sort |
		diff - <(printf '%s\n' longpoll polling sse websocket)
}

# The folder of this result is taken.
says_how_again() {
	grep -q '^[^ ]*bench run first-look --quick' "$out/report.md" &&
		! grep -q -- '--out' "$out/report.md"
}

plots_are_drawn() {
	local name

	for name; do
		grep -q '</svg>' "$out/plots/$name.svg" || return
		(($(wc -c <"$out/plots/$name.svg") > 2000)) || return
		[[ $(head -c 4 "$out/plots/$name.png" | tail -c 3) == PNG ]] || return
		(($(wc -c <"$out/plots/$name.png") > 4000)) || return
		grep -q "(plots/$name.svg)" "$out/report.md" || return
	done
}

latencies_are_hdr_percentiles() {
	local file

	for file in "$out"/latency/{polling,longpoll,sse,websocket}-epoll.hgrm; do
		grep -q '^ *Value  *Percentile  *TotalCount' "$file" || return
		grep -q '^#\[Max ' "$file" || return
	done
}

table_is_printed() {
	local transport

	for transport in polling longpoll sse websocket; do
		grep -q "^$transport " "$tmp/stdout" || return
	done
}

# has_both_halves ROW
has_both_halves() {
	test -n "$(value "$1" server_bytes_first_half)" &&
		test -n "$(value "$1" server_bytes_second_half)"
}

has_no_price() {
	! grep 'x epoll' "$tmp/stdout"
}

report_again_makes_the_same_summary() {
	cp "$out/summary.csv" "$tmp/summary.csv"
	"$tmp/build/bench" report "$out" >/dev/null && cmp "$out/summary.csv" "$tmp/summary.csv"
}

# is_counted_like_wire ROW COLUMN: there is a value where frames are counted, and else none.
is_counted_like_wire() {
	if [ "$(value "$1" wire_counts)" = counted ]; then
		test -n "$(value "$1" "$2")"
	else
		is "$1" "$2" ''
	fi
}

test_first_look() {
	local transport interval

	run_bench first-look --quick
	check 'first-look exits with 0' exits 0
	check 'the columns of summary.csv are those of the contract' columns_are_those_of_the_contract
	check 'summary.csv has one row for each transport' has_one_row_for_each_transport
	for transport in polling longpoll sse websocket; do
		check "$transport reaches everybody" is "$transport" reach 1
		check "$transport delivers nothing twice" is "$transport" duplicates 0
		check "$transport keeps the order" is "$transport" reordered 0
		check "the server's CPU time is measured on $transport" \
			test -n "$(value "$transport" server_cpu_us_per_message)"
		check "the server's memory is measured on $transport" \
			test -n "$(value "$transport" server_bytes_per_connection)"
		check "the server's memory is measured in two halves on $transport" \
			has_both_halves "$transport"
		check "the kernel's memory is measured on $transport, where only the server's is seen" \
			is_counted_like_wire "$transport" kernel_bytes_per_connection
		check "no message comes sooner than the link lets it on $transport" \
			above "$(value "$transport" link_delay_ms)" \
			"$(value "$transport" latency_mean_ms)"
	done
	for transport in longpoll sse websocket; do
		check "theory has a value for $transport" \
			test -n "$(value "$transport" model_mean_ms)"
	done
	check 'the poll interval of a stream is empty' is sse poll_interval_ms ''
	interval=$(value polling poll_interval_ms)
	check 'theory says half the interval, and the way' is polling model_mean_ms \
		"$(calc "$interval / 2 + $(value polling link_delay_ms)")"
	check 'and that is the mean of polling' \
		within 15 "$(value polling latency_mean_ms)" "$(value polling model_mean_ms)"
	# In so short a time few messages come, and not quite as many as on average.
	check 'a poll finds as many messages as come in an interval' \
		within 30 "$(value polling messages_per_response)" \
		"$(calc "$(value polling rate_hz) * $interval / 1000")"
	check 'a stream brings one message an event' is sse messages_per_response 1
	check 'environment.json is JSON' are_json "$out/environment.json"
	check 'every line of runs.jsonl is JSON' are_json -n "$out/runs.jsonl"
	check 'the experiment is kept as it was run' \
		cmp "$root/bench/experiments/first-look.ini" "$out/experiment.ini"
	check 'latencies are written as HdrHistogram does' latencies_are_hdr_percentiles
	if command -v gnuplot >/dev/null; then
		check 'plots are drawn, and shown in report.md' plots_are_drawn bytes cpu latency
	else
		skip 'plots are drawn, and shown in report.md' 'gnuplot is not here'
	fi
	check 'report.md says how to do it again, into another folder' says_how_again
	check 'the table is printed' table_is_printed
	check 'where epoll is alone there is nothing to compare' has_no_price
	check 'the last line names the folder' test "$(tail -1 "$tmp/stdout")" = "result: $out"
	check 'report makes the same summary again' report_again_makes_the_same_summary
}

# What theory says of polling, where one message comes in an interval on average. An interval of
# 20 ms leaves half a millisecond of waking up on a busy machine within 5 % of the mean; 500
# messages of a fixed seed are always the same, so that luck has no part in it.
test_closed_forms() {
	cat >"$tmp/forms.ini" <<-END
	[experiment]
	name = forms
	blocks = 1
	seed = 1
	[run]
	cells = polling/mhd
	subscribers = 4
	rate_hz = 50
	arrivals = poisson
	poll_interval_ms = 20
	warmup_s = 0.2
	main_s = 10
	END
	run_bench "$tmp/forms.ini"
	check 'an experiment can be a file' exits 0
	check 'e^-1 of the polls find nothing' \
		within 10 "$(value polling empty_share)" "$(calc 'exp(-1)')"
	check 'and that is what the model says' \
		within 0.01 "$(value polling model_empty_share)" "$(calc 'exp(-1)')"
	check 'the mean is half the interval' within 15 "$(value polling latency_mean_ms)" 10
	check 'a poll brings one message on average' \
		within 10 "$(value polling messages_per_response)" 1
}

# The runs in order, as "BLOCK ORDER SEED CELL".
runs() {
	sed -E 's/.*"block":([0-9]+),"order":([0-9]+),"seed":([0-9]+),/\1 \2 \3 /
	s/"parameters":\{"transport":"([a-z]+)","stack":"([a-z]+)".*/\1\/\2/' "$out/runs.jsonl"
}

blocks_are_complete() {
	runs | awk '
	{ expected = int((NR - 1) / 3) + 1 " " (NR - 1) % 3 + 1 }
	$1 " " $2 != expected { print "run " NR " is " $0; bad = 1 }
	seen[$1, $4]++ { print $4 " is twice in block " $1; bad = 1 }
	END { exit bad || NR != 6 }'
}

cells_of_a_block_share_a_schedule() {
	runs | awk '
	$1 in seed && seed[$1] != $3 { bad = 1 }
	{ seed[$1] = $3 }
	END { exit bad || seed[1] == seed[2] }'
}

test_blocks() {
	cat >"$tmp/blocks.ini" <<-END
	[experiment]
	name = blocks
	[run]
	cells = polling/mhd, sse/mhd, websocket/lws
	subscribers = 2
	rate_hz = 40
	arrivals = even
	poll_interval_ms = 20
	warmup_s = 0
	main_s = 0.2
	END
	(cd "$tmp" && build/bench run blocks.ini --repeat 2) >"$tmp/stdout" 2>"$tmp/stderr"
	out=$(sed -n '$s/^result: //p' "$tmp/stdout")
	check 'without --out the result is in results/NAME-UTC' \
		test "${out%-*}" = "$tmp/results/blocks"
	check 'every cell is run once in each block' blocks_are_complete
	check 'the cells of a block share a schedule, the blocks do not' \
		cells_of_a_block_share_a_schedule
}

# run_short KEY=VALUE|OPTION...: an experiment of 15 messages with these keys, often again since it is soon
# done. It begins and ends between two messages: one at the very boundary could be counted here as
# bytes, there as a message.
run_short() {
	local attempts=8 setting settings=()

	for setting; do
		case $setting in
		--*) settings+=("$setting") ;;
		*) settings+=(--set "$setting") ;;
		esac
	done
	cat >"$tmp/short.ini" <<-END
	[experiment]
	name = short
	blocks = 1
	[run]
	subscribers = 20
	rate_hz = 50
	arrivals = even
	poll_interval_ms = 20
	warmup_s = 0.11
	main_s = 0.3
	END
	run_bench "$tmp/short.ini" "${settings[@]}"
}

on_epoll='cells=polling/epoll, longpoll/epoll, sse/epoll, websocket/epoll'

no_link() {
	"$tmp/build/bench" probe | grep -q '^packet *no'
}

# No message can be there sooner than its packet; how much later it is depends on the machine.
test_link() {
	local transport

	if no_link; then
		skip 'a link delays what crosses it' 'there is no private network here'
		return
	fi
	run_short 'cells=longpoll/epoll, sse/epoll, websocket/epoll' link_delay_ms=20 warmup_s=0.5
	check 'runs across a link are valid' exits 0
	for transport in longpoll sse websocket; do
		check "$transport reaches everybody across a link" is $transport reach 1
		check "a link delays $transport" above 20 "$(value $transport latency_mean_ms)"
		check "the link is named with $transport" is $transport link_delay_ms 20
		check "frames are counted on the link of $transport" is $transport wire_counts counted
		check "the link tells data from acknowledgements on $transport" \
			above 0 "$(value $transport data_packets_per_message)"
	done
	for transport in sse websocket; do
		check "theory knows of the delay of $transport" is $transport model_mean_ms 20
	done
	run_short cells=sse/epoll link_loss=0.02 link_delay_ms=1
	check 'what a link loses TCP sends again' is sse reach 1
	check 'and the link sees it again' above 0 "$(value sse retransmissions_per_message)"
	run_short 'cells=sse/epoll' --lab=packet link_delay_ms=2
	check 'a link needs no TUN device' is sse lab_mode packet
	check 'and reaches everybody then' is sse reach 1
	run_short 'cells=sse/epoll' link_profile=lte
	check 'a link has a name' is sse link_profile lte
	check 'and its delay then' is sse link_delay_ms 35
	check 'a link without a network is refused' \
		refuses_link "$tmp/build/bench" run "$tmp/short.ini" --set cells=sse/epoll \
		--set link_delay_ms=1 --lab loopback
}

refuses_link() {
	local got

	got=$("$@" 2>&1)
	[[ $? == 2 && $got == *'--lab loopback: no link there'* ]] || { echo "$got"; return 1; }
}

# Which bytes cross the wire depends on the seed, and hardly on the machine: of 120 messages an
# acknowledgement that falls on the other side of the end is less than the half percent.
test_same_bytes_again() {
	local transport first

	if no_link; then
		skip 'the same seed gives the same bytes' 'there is no private network here'
		return
	fi
	run_short 'cells=sse/epoll, websocket/epoll' arrivals=poisson rate_hz=20 main_s=6
	cp "$out/summary.csv" "$tmp/first.csv"
	run_short 'cells=sse/epoll, websocket/epoll' arrivals=poisson rate_hz=20 main_s=6
	for transport in sse websocket; do
		first=$(awk -F, -v transport=$transport '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == "wire_bytes_per_message") column = i }
		$2 == transport { print $column }' "$tmp/first.csv")
		check "the same seed gives the same bytes a message on $transport" \
			within 0.5 "$(value $transport wire_bytes_per_message)" "$first"
	done
}

# The beginning of a capture with nanoseconds, and more than that.
is_capture() {
	[ "$(od -An -tx4 -N4 "$1" | tr -d ' ')" = a1b23c4d ] && (($(wc -c <"$1") > 1000))
}

refuses_capture() {
	local got

	got=$("$tmp/build/bench" run "$tmp/short.ini" --pcap "$tmp/no.pcap" --out "$tmp/no" \
		--set 'cells=sse/epoll, websocket/epoll' 2>&1)
	[[ $? == 2 && $got == *'--pcap: for one run, and these are 2'* ]] || { echo "$got"; return 1; }
}

test_capture() {
	if no_link; then
		skip 'what crosses the network is captured' 'there is no private network here'
		return
	fi
	run_bench "$tmp/short.ini" --set cells=sse/epoll --set link_delay_ms=1 \
		--pcap "$tmp/run.pcap"
	check 'what crosses the network is captured' is_capture "$tmp/run.pcap"
	check 'the run says that it was' grep -q '"captured":true' "$out/runs.jsonl"
	check 'a capture is of one run' refuses_capture
}

# What a link does to a game is so far from its limits that a busy machine does not matter: polling
# every 50 ms is 35 ms late before it begins to wait, and has to ask with a POST.
test_advice() {
	if no_link; then
		skip 'a workload is judged' 'there is no private network here'
		return
	fi
	"$tmp/build/bench" advise game --quick >"$tmp/stdout" 2>"$tmp/stderr"
	status=$?
	check 'a workload is judged' says '^game: Four players'
	check 'by what it requires' says 'It requires that 99 % of the messages are delivered within 100 ms'
	check 'every transport is' test "$(grep -cE '^  (yes|no)  ' "$tmp/stdout")" = 4
	check 'the result is kept as any other' test -f "$tmp"/results/game-*/summary.csv
}

says() {
	grep -q -- "$1" "$tmp/stdout" || { cat "$tmp/stdout" "$tmp/stderr"; return 1; }
}

test_sweep() {
	if ! command -v gnuplot >/dev/null; then
		skip 'what is varied is drawn' 'gnuplot is not here'
		return
	fi
	run_short 'cells=sse/epoll, websocket/epoll' 'rate_hz=20, 50'
	check 'what is varied is drawn' plots_are_drawn sweep sweep-bytes
}

# Nobody publishes: what a connection costs that does nothing.
test_idle() {
	run_short 'cells=polling/epoll, websocket/epoll' rate_hz=0
	check 'a run in which nobody publishes is valid' exits 0
	check 'polls cost bytes when there is nothing' above 0 \
		"$(value polling wire_bytes_per_idle_minute)"
	check 'a silent WebSocket costs fewer' above "$(value websocket wire_bytes_per_idle_minute)" \
		"$(value polling wire_bytes_per_idle_minute)"
	check 'there is no latency' is websocket latency_p50_ms ''
}

# What is quoted of polling's headers, 871 bytes to 2, is so; on the wire it is another ratio.
test_kaazing() {
	local attempts=8

	# Rarely enough that every packet is acknowledged by one of its own.
	run_short 'cells=longpoll/epoll, websocket/epoll' headers=kaazing format=lean \
		payload_bytes=20 rate_hz=10 warmup_s=1.05 main_s=1
	check 'the heads of an exchange have 871 bytes, as quoted' \
		is longpoll framing_bytes_per_message 871
	check 'a WebSocket frame has 2' is websocket framing_bytes_per_message 2
	if [ "$(value longpoll wire_counts)" = counted ]; then
		check 'on the wire a message takes 7 times as much' within 3 \
			"$(calc "$(value longpoll wire_bytes_per_message) / \
			$(value websocket wire_bytes_per_message)")" 7.07
	else
		skip 'on the wire a message takes 7 times as much' 'frames are not counted here'
	fi
}

test_loopback() {
	local attempts=8

	run_bench "$tmp/short.ini" --set cells=sse/epoll --lab loopback
	check 'loopback is there for who asks for it' is sse lab_mode loopback
	check 'and its bytes are said to be modelled' is sse wire_counts modelled
}

# A message is one record, which TLS 1.3 makes longer by its header, its type and its
# authentication (RFC 8446 §5.2). Nothing goes up.
test_tls() {
	local cell

	run_short 'cells=sse/mhd, websocket/lws, websocket/epoll' 'tls=no, yes'
	check 'runs with TLS are valid' exits 0
	for cell in sse/mhd websocket/lws websocket/epoll; do
		check "$cell reaches everybody through TLS" is $cell/yes reach 1
		check "the handshake of $cell is timed" \
			above 0 "$(value $cell/yes handshake_ms_p50)"
		check "$cell has no handshake to time without TLS" is $cell/no handshake_ms_p50 ''
		check "TLS costs $cell the bytes of a record a message" \
			within 5 "$(value $cell/yes tls_bytes_per_message)" "$(calc '5 + 1 + 16')"
		check "TLS costs $cell nothing where there is none" \
			is $cell/no tls_bytes_per_message ''
		check "TLS takes $cell more bytes to connect" \
			above "$(value $cell/no connect_bytes_per_connection)" \
			"$(value $cell/yes connect_bytes_per_connection)"
	done
}

test_way_up() {
	local transport

	run_short "$on_epoll" rate_hz=0 rate_up_hz=50
	check 'runs in which only clients publish are valid' exits 0
	for transport in polling longpoll sse websocket; do
		check "what clients publish reaches everybody on $transport" \
			is "$transport" reach 1
		check "what clients publish comes once on $transport" is "$transport" duplicates 0
		check "the way up and down again is timed on $transport" \
			above 0 "$(value "$transport" round_trip_p50_ms)"
		check "where the server publishes nothing $transport has no latency" \
			is "$transport" latency_p50_ms ''
	done
}

test_cuts() {
	local transport

	run_short "$on_epoll" cuts=2 main_s=0.6
	check 'runs whose connections are cut are valid' exits 0
	for transport in polling longpoll sse websocket; do
		check "a cut loses nothing on $transport" is "$transport" reach 1
		check "a cut repeats nothing on $transport" is "$transport" duplicates 0
		check "every cut is followed by a new connection of each on $transport" \
			is "$transport" reconnects $((2 * 20))
	done
}

test_slow_readers() {
	local cell cells='sse/epoll sse/mhd sse/lws websocket/epoll websocket/mhd websocket/lws'

	run_short "cells=${cells// /, }" slow_readers=5 payload_bytes=16384 main_s=2
	check 'runs with slow readers are valid' exits 0
	for cell in $cells; do
		check "slow readers take nothing from the others on $cell" is "$cell" reach 1
		check "slow readers are cut off on $cell" is "$cell" slow_disconnected 5
		check "the others are not on $cell" is "$cell" reconnects 0
	done
}

test_browser_limit() {
	run_short "$on_epoll" subscribers=8 connections_max=6
	check 'runs in which a browser keeps some out are valid' exits 0
	check 'of eight streams a browser opens six' is sse reach 0.75
	check 'polls in line reach everybody' is polling reach 1
	check 'long-polls in line reach everybody' is longpoll reach 1
	check 'a browser does not count WebSockets' is websocket reach 1
}

floor_is_set_off() {
	awk '
	/^floor / { rows++; if (before != "") bad = 1 }
	{ before = $0 }
	END { exit bad || rows == 0 }' "$tmp/stdout"
}

# price TRANSPORT STACK: what the table has in its column "x epoll".
price() {
	awk -v transport="$1" -v stack="$2" '
	NR == 1 && (at = index($0, "x epoll")) { end = at + length("x epoll") - 1 }
	$1 == transport && $2 == stack && end {
		count = split(substr($0, 1, end), cells, " ")
		print cells[count]
		exit
	}' "$tmp/stdout"
}

test_floor() {
	local cell

	run_short 'cells=floor/epoll, websocket/lws, websocket/epoll'
	check 'runs of the floor are valid' exits 0
	check 'the floor reaches everybody' is floor reach 1
	check 'the floor delivers nothing twice' is floor duplicates 0
	check "the floor's row is set off" floor_is_set_off
	check 'epoll costs as much as itself' test "$(price websocket epoll)" = 1
	check 'another stack is compared with it' above 0 "$(price websocket lws)"
	check 'the floor is compared with nothing' test "$(price floor epoll)" = -
	for cell in floor/epoll websocket/lws websocket/epoll; do
		check "memory is measured in two halves on $cell" has_both_halves $cell
	done
}

test_first_look
test_closed_forms
test_blocks
test_link
test_same_bytes_again
test_capture
test_kaazing
test_sweep
test_advice
test_idle
test_loopback
test_tls
test_way_up
test_cuts
test_slow_readers
test_browser_limit
test_floor
done_testing

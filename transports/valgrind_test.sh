#!/bin/bash
# Every stack serves all that it can to well-behaved and to rude clients, under valgrind.
# shellcheck disable=SC2034,SC2154 # tap.sh uses and sets some
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=/dev/null
. "$root/scripts/tap.sh"

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

command -v valgrind >/dev/null || skip_all 'valgrind is not here'
! grep -q __asan_init "$BUILD/serve" || skip_all 'this build has a sanitizer of its own'

# What a library still has a pointer to at the end is its own affair.
wrapper=(valgrind --quiet --leak-check=full --error-exitcode=99 "--log-file=$tmp/valgrind.log")
wrapper+=('--errors-for-leak-kinds=definite,indirect,possible')

# answers STATUS PATH OPTION...: with that status, 000 for one that goes on until we leave.
answers() {
	local expected=$1 path=$2 got
	shift 2
	got=$(curl -s -m 10 -o /dev/null -w '%{http_code}' "$@" "$url$path")
	[ "$got" = "$expected" ] && return
	echo "status $got"
	return 1
}

sends_events() {
	[[ $(curl -sN -m 10 "$url/sse?since=0" | head -2) == id:\ 1$'\n'data:\ * ]]
}

# libwebsockets closes such a connection without an answer.
refuses_head() {
	local field

	field=$(printf 'X: %9000d' 0)
	answers 431 /stats -H "$field" || answers 000 /stats -H "$field"
}

use_polling() {
	check "polling/$1 answers" answers 200 '/polling?since=0'
	check "polling/$1 refuses a cursor that is no number" answers 400 '/polling?since=x'
}

has_subscriber() {
	curl -s -m 10 "$url/stats" | grep -q '"subscribers":[1-9]'
}

answers_with_news() {
	answers 200 '/longpoll?topic=news&since=0' &
	await has_subscriber && answers 200 '/publish?topic=news' -d fresh && wait $!
}

use_longpoll() {
	check "longpoll/$1 answers at once" answers 200 '/longpoll?since=0&batch=1'
	check "longpoll/$1 answers with news" answers_with_news
	check "longpoll/$1 lets go after its time" answers 204 '/longpoll?topic=silent&since=0'
	curl -s -m 30 "$url/longpoll?topic=waiting&since=0" >/dev/null & # until the server ends
}

use_sse() {
	check "sse/$1 sends events" sends_events
	curl -sN -m 30 "$url/sse" >/dev/null &
}

# open_websocket: sets socket, a descriptor behind the handshake.
open_websocket() {
	local line

	exec {socket}<>"/dev/tcp/127.0.0.1/${url##*:}"
	printf '%s\r\n' 'GET /websocket?since=0 HTTP/1.1' 'Host: 127.0.0.1' 'Connection: Upgrade' \
		'Upgrade: websocket' 'Sec-WebSocket-Version: 13' \
		'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' '' >&"$socket"
	accepted=false
	while read -rt 10 -u "$socket" line && [ "$line" != $'\r' ]; do
		[[ ${line,,} != 'sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo='$'\r' ]] || accepted=true
	done
}

# A message of the default 64 bytes behind a header of two.
receives_a_message() {
	timeout 10 head -c 66 <&"$socket" | grep -aq '"id":'
}

ends() {
	timeout 10 cat <&"$socket" >/dev/null
}

use_websocket() {
	open_websocket
	check "websocket/$1 shakes hands" $accepted
	check "websocket/$1 sends messages" receives_a_message
	printf '\x81\x85\0\0\0\0hello' >&"$socket" # text, masked with zeros
	printf '\x88\x82\0\0\0\0\x03\xe8' >&"$socket"
	check "websocket/$1 ends a connection that is closed" ends
	exec {socket}>&-
	open_websocket
	printf '\x83\x80\0\0\0\0' >&"$socket" # a reserved opcode
	check "websocket/$1 ends a connection that breaks the rules" ends
	exec {socket}>&-
	open_websocket # and stays until the server ends
}

is_clean() {
	[ "$status" = 0 ] && [ ! -s "$tmp/valgrind.log" ] && return
	echo "exit status $status"
	cat "$tmp/valgrind.log" "$tmp/server.err"
	return 1
}

use() {
	local stack=$1 transport

	start_server --stack="$stack" --rate=20 --hold=2000 --heartbeat=200 --max-message=1000
	check "$stack takes a message" answers 200 /publish -d hello
	check "$stack refuses one that is too large" answers 413 /publish -d "$(printf %2000d 0)"
	check "$stack refuses one that is not UTF-8" answers 400 /publish -d $'\xff'
	check "$stack tells its counters" answers 200 /stats
	check "$stack tells them to Prometheus" answers 200 /metrics
	check "$stack knows no other path" answers 404 /none
	check "$stack refuses a head that is too large" refuses_head
	for transport in polling longpoll sse websocket; do
		! serves "$transport" "$stack" || "use_$transport" "$stack"
	done
	stop_server
	check "$stack ends in order, without a leak" is_clean
}

for stack in $(stacks); do
	use "$stack"
done
done_testing

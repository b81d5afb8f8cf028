#!/bin/bash
# Clients that others have written use every stack: curl, and where they are installed
# python3-websockets, and ws and eventsource of npm (make finds those in build/interop, where
# `npm install --prefix build/interop ws eventsource` puts them).
# shellcheck disable=SC2034,SC2154 # tap.sh uses and sets some
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=/dev/null
. "$root/scripts/tap.sh"

clients=$root/transports/interop
python=/usr/bin/python3 # Debian's, which has Debian's packages

has_node_package() {
	command -v node >/dev/null && node -e "require('$1')" 2>/dev/null
}

# gets STATUS PATTERN PATH OPTION...: an answer with that status, and a body that matches.
gets() {
	local expected=$1 pattern=$2 path=$3 got
	shift 3
	got=$(curl -s -m 10 -w '%{http_code}' "$@" "$url$path")
	[[ ${got: -3} == "$expected" && ${got%???} =~ $pattern ]] && return
	echo "$got"
	return 1
}

message() {
	printf '^\{"id": +%d,"t": +[0-9]+,"data":"%s"\}\n$' "$1" "$2"
}

has() {
	[[ -f $1 && $(<"$1") == *"$2"* ]] && return
	cat "$1"
	return 1
}

subscribers_are() {
	curl -s "$url/stats" | grep -q "\"subscribers\":$1[,}]"
}

# publish TOPIC TEXT
publish() {
	curl -s -m 10 -d "$2" "$url/publish?topic=$1" >/dev/null
}

use_site() {
	check "$1: curl publishes" gets 200 '^\{"id":1\}' /publish -d hello
	check "$1: curl reads the counters" gets 200 '"published":1[,}]' /stats
	check "$1: curl reads the metrics" gets 200 'pushlab_published_total 1' /metrics
}

use_polling() {
	check "polling/$1: curl gets the log" gets 200 "$(message 1 hello)" '/polling?since=0'
	check "polling/$1: curl learns that nothing is new" gets 204 '^$' '/polling?since=1'
}

use_longpoll() {
	check "longpoll/$1: curl gets the log" gets 200 "$(message 1 hello)" '/longpoll?since=0'
	check "longpoll/$1: curl learns that nothing came" gets 204 '^$' '/longpoll?topic=silent&since=0'
	curl -s -m 10 "$url/longpoll?topic=news&since=0" >"$tmp/news" &
	await subscribers_are 1
	publish news fresh
	wait $!
	check "longpoll/$1: curl gets news" has "$tmp/news" '"data":"fresh"}'
}

use_sse() {
	local curl

	curl -sN -m 20 "$url/sse?since=0" >"$tmp/events" &
	curl=$!
	check "sse/$1: curl gets the log" await has "$tmp/events" $'id: 1\ndata: {"id":'
	publish events fresh
	kill $curl
	curl -sN -m 20 -H 'Last-Event-ID: 0' "$url/sse?topic=events" >"$tmp/events" &
	curl=$!
	check "sse/$1: curl resumes" await has "$tmp/events" '"data":"fresh"}'
	publish events more
	check "sse/$1: curl gets news" await has "$tmp/events" $'id: 2\ndata: {"id":'
	kill $curl
	use_eventsource "$1"
}

resumes() {
	local got

	got=$(timeout 30 node "$clients/eventsource_client.cjs" "${url#http://}" 2>&1)
	[[ $got =~ ^'1 {"id":'.*'"hello"}'$'\n''2 {"id":'.*'"while away"}'$ ]] && return
	echo "$got"
	return 1
}

use_eventsource() {
	local what="sse/$1: eventsource resumes where its connection was cut"

	if has_node_package eventsource; then
		check "$what" resumes
	else
		skip "$what" 'the npm package eventsource is not here'
	fi
}

# converses TEXT COMMAND...: the client got message 1, and then TEXT, which it had published.
converses() {
	local text=$1 got
	shift
	got=$(timeout 30 "$@" 2>&1)
	[[ $got =~ ^'{"id":         1,'.*'"hello"}'$'\n''{"id":'.*"\"$text\"}"$'\n''closed 1000'$ ]] &&
		return
	echo "$got"
	return 1
}

use_websocket() {
	local socket=ws${url#http}/websocket

	publish python hello
	publish node hello
	if $python -c 'import websockets' 2>/dev/null; then
		check "websocket/$1: python's websockets converses" \
			converses 'from python' $python "$clients/websockets_client.py" \
			"$socket?topic=python&since=0"
	else
		skip "websocket/$1: python's websockets converses" 'python3-websockets is not here'
	fi
	if has_node_package ws; then
		check "websocket/$1: node's ws converses" converses 'from node' \
			node "$clients/ws_client.cjs" "$socket?topic=node&since=0"
	else
		skip "websocket/$1: node's ws converses" 'the npm package ws is not here'
	fi
}

use() {
	local stack=$1 transport

	start_server --stack="$stack" --transport=all --rate=0 --hold=500
	use_site "$stack"
	for transport in polling longpoll sse websocket; do
		! serves "$transport" "$stack" || "use_$transport" "$stack"
	done
	stop_server
	check "$stack: the server ends in order" test "$status" = 0
}

for stack in $(stacks); do
	use "$stack"
done
done_testing

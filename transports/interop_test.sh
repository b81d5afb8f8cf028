#!/bin/bash
# Clients that others have written use every stack, without and with TLS: curl, and where they are
# installed python3-websockets, ws and eventsource of npm, and Chromium (make finds npm's in
# build/interop, where `npm install --prefix build/interop ws eventsource` puts them).
# shellcheck disable=SC2034,SC2154 # tap.sh uses and sets some
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=/dev/null
. "$root/scripts/tap.sh"

clients=$root/transports/interop
python=/usr/bin/python3 # Debian's, which has Debian's packages
certs=$BUILD/certs
token=open-sesame
origin=https://pages.example

# Whom curl, python and node trust; nobody is to go through a proxy.
export CURL_CA_BUNDLE=$certs/ca.pem SSL_CERT_FILE=$certs/ca.pem NODE_EXTRA_CA_CERTS=$certs/ca.pem
export no_proxy=127.0.0.1

has_node_package() {
	command -v node >/dev/null && node -e "require('$1')" 2>/dev/null
}

# fetch OPTION... PATH: prints what comes and its status.
fetch() {
	local path=${!#}

	curl -s -m 20 -w '%{http_code}' "${@:1:$#-1}" "$url$path"
}

# gets STATUS PATTERN PATH OPTION...: an answer with that status, and a body that matches.
gets() {
	local expected=$1 pattern=$2 path=$3 got
	shift 3
	got=$(fetch "$@" "$path")
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
	curl -s -m 20 "$url/stats" | grep -q "\"subscribers\":$1[,}]"
}

# publish TOPIC TEXT
publish() {
	curl -s -m 20 -d "$2" "$url/publish?topic=$1" >/dev/null
}

# relays WHO COMMAND...: its lines `ok WHAT` and `not ok WHAT: WHY` are ours.
relays() {
	local who=$1 line
	shift
	timeout -k 5 100 "$@" >"$tmp/client" 2>&1
	status=$?
	while read -r line; do
		case $line in
		'ok '*) check "$who ${line#ok }" true ;;
		'not ok '*) check "$who ${line#not ok }" false ;;
		esac
	done <"$tmp/client"
	check "$who ends in order" ended "$status"
}

ended() {
	[ "$1" = 0 ] && return
	echo "exit status $1"
	grep -v -e '^ok ' -e '^not ok ' "$tmp/client"
	return 1
}

distrusts() {
	curl -s -m 20 --cacert "$certs/other-ca.pem" "$url/stats"
	[ $? = 60 ]
}

# A HEAD has what GET has, without the content.
heads() {
	local got

	got=$(curl -sI -m 20 -w '%{http_code} %{size_download}' "$url$1")
	[[ ${got##*$'\n'} == "$2 0" && ${got,,} == *$'\ncache-control: no-store'* ]] && return
	echo "$got"
	return 1
}

keeps_connection() {
	local got

	got=$(curl -s -m 20 -w '%{http_version} %{num_connects},' -o "$tmp/body" "$url/stats" \
		-o "$tmp/body" "$url/metrics" -o "$tmp/body" "$url/none")
	[ "$got" = '1.1 1,1.1 0,1.1 0,' ] && return
	echo "$got"
	return 1
}

# waits_to_send BYTES TIMES STATUS: curl asks first, is told that often to go on, and then answered.
waits_to_send() {
	local got

	head -c "$1" /dev/zero | tr '\0' m >"$tmp/large"
	got=$(curl -sv -m 20 --expect100-timeout 20 -H 'Expect: 100-continue' -w '%{http_code}' \
		--data-binary "@$tmp/large" "$url/publish?topic=large" 2>&1)
	[[ ${got: -3} == "$3" && $(grep -c '^< HTTP/1.1 100 ' <<<"$got") == "$2" ]] && return
	tail -c 2000 <<<"$got"
	return 1
}

# libwebsockets 4.1 reads no chunked requests.
publish_in_chunks() {
	local -a send=('/publish?topic=chunks' -d hello -H 'Transfer-Encoding: chunked')

	if [[ $1 == lws* ]]; then
		check "$1: curl is told to send a length instead of chunks" gets 411 \
			'needs a Content-Length' "${send[@]}"
	else
		check "$1: curl publishes in chunks" gets 200 '^\{"id":1\}' "${send[@]}"
	fi
}

use_site() {
	check "$1: curl publishes" gets 200 '^\{"id":1\}' /publish -d hello
	check "$1: curl reads the counters" gets 200 '"published":1[,}]' /stats
	check "$1: curl reads the metrics" gets 200 'pushlab_published_total 1' /metrics
	check "$1: curl asks for the head of the counters" heads /stats 200
	check "$1: curl waits to be told to go on with a large message" waits_to_send 1000000 1 200
	check "$1: curl is told not to go on with one that is too large" \
		waits_to_send 1100000 0 413
	publish_in_chunks "$1"
	check "$1: curl keeps its connection, and HTTP/1.1" keeps_connection
	check "$1: curl speaks HTTP/1.0" gets 200 "$(message 1 hello)" '/polling?since=0' -0
	[[ $url == http:* ]] || check "$1: curl does not trust another authority's server" distrusts
}

use_polling() {
	check "polling/$1: curl gets the log" gets 200 "$(message 1 hello)" '/polling?since=0'
	check "polling/$1: curl learns that nothing is new" gets 204 '^$' '/polling?since=1'
	check "polling/$1: curl asks for the head of the log" heads '/polling?since=0' 200
}

use_longpoll() {
	check "longpoll/$1: curl gets the log" gets 200 "$(message 1 hello)" '/longpoll?since=0'
	check "longpoll/$1: curl asks for the head of what is to come" heads '/longpoll?since=1' 204
	curl -s -m 20 "$url/longpoll?topic=news&since=0" >"$tmp/news" &
	check "longpoll/$1: curl is held" await subscribers_are 1
	publish news fresh
	wait $!
	check "longpoll/$1: curl gets news" has "$tmp/news" '"data":"fresh"}'
}

use_sse() {
	local curl

	curl -sN -m 30 "$url/sse?since=0" >"$tmp/events" &
	curl=$!
	check "sse/$1: curl gets the log" await has "$tmp/events" $'id: 1\ndata: {"id":'
	publish events fresh
	kill $curl
	curl -sN -m 30 -H 'Last-Event-ID: 0' "$url/sse?topic=events" >"$tmp/events" &
	curl=$!
	check "sse/$1: curl resumes" await has "$tmp/events" '"data":"fresh"}'
	publish events more
	check "sse/$1: curl gets news" await has "$tmp/events" $'id: 2\ndata: {"id":'
	kill $curl
	curl -sN0 -m 30 "$url/sse?topic=events&since=0" >"$tmp/events" &
	curl=$!
	check "sse/$1: curl gets events in HTTP/1.0" await has "$tmp/events" $'id: 2\ndata: {"id":'
	kill $curl
	check "sse/$1: curl asks for the head of the stream" heads /sse 200
	if has_node_package eventsource; then
		relays "sse/$1: eventsource" node "$clients/eventsource_client.cjs" "$url"
	else
		skip "sse/$1: eventsource" 'the npm package eventsource is not here'
	fi
}

use_websocket() {
	publish python 'by curl'
	publish ws 'by curl'
	if $python -c 'import websockets' 2>/dev/null; then
		relays "websocket/$1: python's websockets" $python "$clients/websockets_client.py" \
			"ws${url#http}" "ws${door#http}" "$token"
	else
		skip "websocket/$1: python's websockets" 'python3-websockets is not here'
	fi
	if has_node_package ws; then
		relays "websocket/$1: node's ws" node "$clients/ws_client.cjs" \
			"ws${url#http}" "ws${door#http}" "$token" "$origin"
	else
		skip "websocket/$1: node's ws" 'the npm package ws is not here'
	fi
}

# Those who come in must show the token; pages must be of the origin.
use_door() {
	local url=$door bearer="Authorization: Bearer $token"

	check "$1: curl is refused without the token" gets 401 . /stats
	check "$1: curl is refused with another one" gets 401 . /stats -H 'Authorization: Bearer x'
	check "$1: curl is refused as a page of another origin" gets 403 . /stats -H "$bearer" \
		-H 'Origin: https://evil.example'
	check "$1: curl publishes with the token" gets 200 '^\{"id":1\}' /publish -d hello \
		-H "$bearer"
	check "$1: curl publishes as a page of the origin" gets 200 '^\{"id":2\}' /publish -d hello \
		-H "$bearer" -H "Origin: $origin"
	! serves longpoll "$2" || check "longpoll/$1: curl learns that nothing came" gets 204 '^$' \
		'/longpoll?since=2' -H "$bearer"
}

# Starts a server for all and one with a door, and leaves them to the browser.
use() {
	local where="$1 $2" transport
	local -a options=("--stack=$1" --transport=all --rate=0)

	[ "$2" = http ] || options+=("--tls-certificate=$certs/server.pem" "--tls-key=$certs/server.key")
	start_server "${options[@]}"
	servers+=("$server")
	local main=$url
	start_server "${options[@]}" --hold=250 --token="$token" --origin="$origin" --origin="$main"
	servers+=("$server")
	door=$url
	url=$main
	pages+=("$1=$url=$door")
	use_site "$where"
	use_door "$where" "$1"
	for transport in polling longpoll sse websocket; do
		! serves "$transport" "$1" || "use_$transport" "$where"
	done
}

why_no_browser() {
	if ! command -v chromium >/dev/null; then
		echo 'chromium is not here'
	elif ! has_node_package ws; then
		echo 'the npm package ws is not here'
	fi
}

use_browser() {
	local why

	why=$(why_no_browser)
	[ -z "$why" ] || { skip chromium "$why"; return; }
	mkdir "$tmp/chromium"
	relays chromium node "$clients/chromium.cjs" "$tmp/chromium" "$certs/server.pem" "$token" \
		"${pages[@]}"
}

servers=()
pages=()
for stack in $(stacks); do
	use "$stack" http
	use "$stack" https
done
use_browser
for server in "${servers[@]}"; do
	stop_server
	check 'a server ends in order' test "$status" = 0
done
done_testing

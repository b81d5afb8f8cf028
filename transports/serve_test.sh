#!/bin/bash
# What serve says of its options for the door and for TLS.
# shellcheck disable=SC2154 # tap.sh sets some
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=/dev/null
. "$root/scripts/tap.sh"

serve=$BUILD/serve
certs=$BUILD/certs

# refuses TEXT OPTION...: exit status 2 and one line, with that in it.
refuses() {
	local text=$1 got status
	shift
	got=$(timeout 10 "$serve" --port=0 "$@" 2>&1 >"$tmp/out")
	status=$?
	[[ $status == 2 && $got == "serve: "*"$text"* && $got != *$'\n'* ]] && return
	echo "exit status $status"
	echo "$got"
	return 1
}

# answers STATUS OPTION... PATH
answers() {
	local expected=$1 got
	shift
	got=$(curl -s -m 10 -o /dev/null -w '%{http_code}' "${@:1:$#-1}" "$url${*: -1}")
	[ "$got" = "$expected" ] && return
	echo "$got"
	return 1
}

refused() {
	check "serve ${*:2} is refused" refuses "$@"
}

printf 'no PEM\n' >"$tmp/text.pem"
refused "--tls-certificate and --tls-key: one needs the other" --tls-certificate="$certs/server.pem"
refused "--tls-certificate and --tls-key: one needs the other" --tls-key="$certs/server.key"
refused "$tmp/none.pem" --tls-certificate="$tmp/none.pem" --tls-key="$certs/server.key"
refused "$tmp/text.pem" --tls-certificate="$tmp/text.pem" --tls-key="$certs/server.key"
refused "$certs/wrong-host.key" --tls-certificate="$certs/server.pem" \
	--tls-key="$certs/wrong-host.key"
refused '--token-in-url: there is no --token' --token-in-url
refused "--token: '' is not made of" --token=
refused "--token: 'two words' is not made of" --token='two words'
refused "--publish-rate: '-1' is not a number from 0" --publish-rate=-1
refused "--publish-burst: '0' is not a number from 1" --publish-burst=0
refused "--max-queue: 'all' is not a number from 1" --max-queue=all
refused "--request-timeout: '0' is not a number from 1" --request-timeout=0
refused "--idle-timeout: '0' is not a number from 1" --idle-timeout=0
origins=()
for i in {1..17}; do
	origins+=(--origin="https://$i.example")
done
refused '--origin: at most 16 of them' "${origins[@]}"

start_server --token=secret --token-in-url
check 'a token in URLs is warned of' grep -q 'serve: --token-in-url: whoever reads' "$tmp/server.err"
check 'and counts' answers 200 '/stats?token=secret'
check 'a wrong one does not' answers 401 '/stats?token=guess'
stop_server

for stack in $(stacks); do
	start_server --stack="$stack" --tls
	check "$stack says https:// with --tls" test "${url%%:*}" = https
	check "$stack is trusted by who trusts the authority" \
		answers 200 --cacert "$certs/ca.pem" /stats
	check "$stack is not trusted by others" answers 000 --cacert "$certs/other-ca.pem" /stats
	stop_server
	check "$stack ends in order" test "$status" = 0
done

done_testing

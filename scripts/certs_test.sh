#!/bin/bash
# What scripts/certs makes is what its --help says.
# shellcheck disable=SC2154,SC2317 # variables of tap.sh; functions are called by name
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/tap.sh"

certs=$tmp/certs

make_certs() {
	"$here/certs" "$certs"
}

# is_for KIND NAME CERTIFICATE: verified by ca.pem as a server of that name (hostname, ip).
is_for() {
	openssl verify -CAfile "$certs/ca.pem" -purpose sslserver "-verify_$1" "$2" "$certs/$3.pem"
}

# is_refused WHY CERTIFICATE [AUTHORITY]
is_refused() {
	local said

	said=$(openssl verify -CAfile "$certs/${3:-ca}.pem" -verify_hostname localhost \
		"$certs/$2.pem" 2>&1) && return 1
	echo "$said"
	[[ $said == *"$1"* ]]
}

# has_key CERTIFICATE
has_key() {
	cmp <(openssl x509 -in "$certs/$1.pem" -noout -pubkey) <(openssl pkey -in "$certs/$1.key" -pubout)
}

lasts_nine_years() {
	openssl x509 -in "$certs/$1.pem" -noout -checkend $((9 * 365 * 86400))
}

inode() {
	stat -c %i "$certs/$1"
}

# is_kept FILE INODE
is_kept() {
	[ "$(inode "$1")" = "$2" ]
}

is_made_anew() {
	make_certs && ! is_kept "$@"
}

only_certs_are_here() {
	[ "$(cd "$tmp" && echo *)" = certs ]
}

has_files() {
	[ "$(cd "$certs" && echo *)" = "$*" ]
}

in_parallel() {
	local pids=() status=0

	rm -rf "$certs"
	for _ in 1 2 3 4; do
		make_certs &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || status=1
	done
	return $status
}

complains() {
	local said

	said=$("$here/certs" "$@" 2>&1)
	[[ $? -eq 2 && $said == 'certs: '*usage:* ]]
}

check 'they are made' make_certs
check 'all of them, and no more' has_files ca.pem expired.key expired.pem other-ca.pem \
	server.key server.pem wrong-host.key wrong-host.pem
check 'nothing else is left' only_certs_are_here
check 'the server is localhost' is_for hostname localhost server
for address in 127.0.0.1 127.0.0.2 ::1; do
	check "the server is $address" is_for ip "$address" server
done
check 'the server is nobody else' is_refused 'hostname mismatch' wrong-host
check 'the expired one has expired' is_refused 'certificate has expired' expired
check 'the other authority has issued nothing' is_refused 'issuer certificate' server other-ca
for name in server wrong-host expired; do
	check "the key of $name is its own" has_key "$name"
done
for name in ca server wrong-host other-ca; do
	check "$name lasts" lasts_nine_years "$name"
done

before=$(inode server.pem)
check 'a second call succeeds' make_certs
check 'and leaves them as they are' is_kept server.pem "$before"
rm "$certs/server.key"
check 'where one is missing, all are made anew' is_made_anew server.pem "$before"
before=$(inode server.pem)
cp "$certs/expired.pem" "$certs/ca.pem"
check 'where one has expired, all are made anew' is_made_anew server.pem "$before"
check 'which fit' is_for hostname localhost server

check 'calls in parallel succeed' in_parallel
check 'and make one set' is_for hostname localhost server
check 'and leave nothing else' only_certs_are_here

check 'an unknown option is an error' complains --wrong
check 'two folders are an error' complains "$certs" "$certs"
check '--help is short' "$here/certs" --help
done_testing

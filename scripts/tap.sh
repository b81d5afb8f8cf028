#!/bin/bash
# Tests that are scripts source this: results in TAP, pauses without sleep, children. Such a test
# ends with done_testing; whatever it started and left running is ended then.
# shellcheck disable=SC2034 # some variables are for those scripts

BUILD=$(cd "${BUILD:-build}" && pwd) || exit 1
tmp=$(mktemp -d)
trap 'end_children; rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

results=0
failures=0
wrapper=() # what start_server puts before the server's own command line

# From here nothing is ever read: reading with a timeout is a pause.
exec {silence}<> <(:)

# check WHAT COMMAND...: passes where COMMAND succeeds; else what it printed is shown.
check() {
	local what=$1 got
	shift
	((++results))
	if got=$("$@" 2>&1); then
		echo "ok $results - $what"
		return
	fi
	((++failures))
	echo "not ok $results - $what"
	printf '%.200s\n%s\n' "$*" "$got" | sed 's/^/#   /'
}

# skip WHAT WHY
skip() {
	echo "ok $((++results)) - $1 # SKIP $2"
}

note() {
	echo "# $1"
}

done_testing() {
	echo "1..$results"
	exit $((failures > 0))
}

# await COMMAND...: until it succeeds, for 20 s at most; then what it printed last is shown.
await() {
	local deadline=$((SECONDS + 20)) got

	until got=$("$@" 2>&1); do
		((SECONDS < deadline)) || { echo "$got"; return 1; }
		read -rt 0.02 -u "$silence"
	done
	return 0
}

# child PARENT NAME: prints the id of that process.
child() {
	local folder name parent

	for folder in /proc/[0-9]*; do
		{ read -r _ name _ parent _ <"$folder/stat"; } 2>/dev/null || continue
		[[ $name == "($2)" && $parent == "$1" ]] || continue
		echo "${folder#/proc/}"
		return
	done
	return 1
}

end_children() {
	local pids

	pids=$(jobs -p)
	# shellcheck disable=SC2086 # words
	[ -z "$pids" ] || kill $pids 2>/dev/null
	wait
}

# start_server OPTION...: sets server, the process, and url; what it complains of is in
# $tmp/server.err.
start_server() {
	local line

	rm -f "$tmp/ready"
	mkfifo "$tmp/ready"
	"${wrapper[@]}" "$BUILD/serve" --port=0 "$@" >"$tmp/ready" 2>"$tmp/server.err" &
	server=$!
	read -rt 30 line <"$tmp/ready"
	url=$(grep -oE 'https?://[^ ]*' <<<"$line")
}

# Ends it in good order and sets status.
stop_server() {
	kill -TERM "$server"
	wait "$server"
	status=$?
}

# The stacks that serve anything.
stacks() {
	"$BUILD/serve" --list | awk '!/hole:/ { print $2 }' | sort -u
}

# serves TRANSPORT STACK: whether that cell exists.
serves() {
	"$BUILD/serve" --list | awk -v transport="$1" -v stack="$2" '
	$1 == transport && $2 == stack && !/hole:/ { found = 1 }
	END { exit !found }'
}

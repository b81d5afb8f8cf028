# How many times what WebSocket takes, by what is counted: headers alone, with the message, on the wire
load system(sprintf('dirname "%s"', ARG0)).'/style.gp'

# Where headers are what is varied: what is made of them is the question.
array framing[200]; array wire[200]; array own[200]; array headers[200]
kinds = ' '
row = 0
stats summary using (row = row + 1, headers[row] = strcol('headers'), \
	own[row] = column('payload_bytes'), framing[row] = column('framing_bytes_per_message'), \
	wire[row] = column('wire_bytes_per_message'), \
	kinds = strstrt(kinds, ' '.headers[row].' ') ? kinds : kinds.headers[row].' ', 1) nooutput
if (words(kinds) < 2 || dumb) exit status 0

# The row of WebSocket with the same headers on the same stack.
array to[200]; array shown[200]; array place[200]
count = 0
do for [i = 1:rows] {
	to[i] = 0
	place[i] = 0
	do for [j = 1:rows] {
		if (transports[j] eq 'websocket' && stacks[j] eq stacks[i] && headers[j] eq headers[i]) { to[i] = j }
	}
	if (to[i] > 0 && transports[i] ne 'websocket' && wire[i] > 0 && framing[to[i]] > 0) {
		count = count + 1
		shown[count] = i
		place[i] = count
	}
}
if (count == 0) exit status 0

height = 230 + 34 * count
eval open_terminal(height)
eval question('How many times what WebSocket takes? That depends on what is counted.', height)
eval place_caption(height)
set output output

array counted = ['headers alone', 'headers and message', 'on the wire, with packets and ACKs']
array points = [5, 7, 9]
ratio(i, kind) = kind == 1 ? framing[i] / framing[to[i]] : \
	kind == 2 ? (framing[i] + own[i]) / (framing[to[i]] + own[to[i]]) : wire[i] / wire[to[i]]
set logscale x
set xrange [0.8:1200]
set yrange [count + 0.6:0.4]
set ytics () scale 0
do for [n = 1:count] {
	i = shown[n]
	set ytics add (labels[i] n)
	set arrow from first ratio(i, 3), first n to first ratio(i, 1), first n nohead \
		linecolor rgb tint(colour_of(transports[i]), 0.5) linewidth 2
	do for [kind = 1:3] {
		set label 10 * n + kind sprintf(ratio(i, kind) < 100 ? '%.3g' : '%.1f', ratio(i, kind)) at first ratio(i, kind), first n \
			center offset 0, 0.9 font small textcolor rgb '#222222'
	}
}
set xlabel 'times the bytes of WebSocket (1: as many)'
set grid xtics linestyle 100
do for [kind = 1:3] {
	set label kind counted[kind] at screen 0.02 + (kind == 1 ? 0 : kind == 2 ? 0.14 : 0.33), screen 1 - 60.5 / height \
		left offset 0.8, 0 point pointtype points[kind] pointsize 1.2 linecolor rgb '#555555'
}
unset key
set tmargin at screen 1 - 90.0 / height
set bmargin at screen 110.0 / height
set rmargin 4
is_shown(i) = place[int(i)] > 0
plot for [kind = 1:3] summary using \
	(is_shown($0 + 1) ? ratio(int($0) + 1, kind) : NaN):(place[int($0) + 1]):(colour_of(strcol('transport'))) \
	with points pointtype points[kind] pointsize 1.4 linecolor rgb variable

# Mean delivery latency against what was varied: points measured, lines as the closed form predicts
load system(sprintf('dirname "%s"', ARG0)).'/style.gp'

# sweep-bytes.gp sets these before it loads this one.
if (!exists("measured")) {
	measured = 'latency_mean_ms'
	predicted = 'model_mean_ms'
	asked = 'How does the mean latency follow?'
	value_title = 'mean delivery latency, ms'
}

# What was varied, if it is one thing; poll_interval_ms is polling's alone.
candidates = 'link_delay_ms rate_hz payload_bytes subscribers poll_interval_ms'
titles = "'one-way delay of the link, ms' 'messages a second' 'bytes a message' subscribers 'poll interval, ms'"
varied = ''
do for [i = 1:words(candidates)] {
	low = 1e300
	high = -1e300
	take(value) = (value == value ? (low = value < low ? value : low, \
		high = value > high ? value : high) : 0, 1)
	stats summary using (take(column(word(candidates, i)))) nooutput
	if (high > low) {
		varied = varied eq '' ? word(candidates, i) : 'several'
		title = word(titles, i)
		decades = low > 0 && high / low >= 20
	}
}
if (varied eq '' || varied eq 'several') exit status 0
stats summary using (count_known(measured)) nooutput
if (known == 0) exit status 0

# The cells, each once.
array cells[20]
cell_count = 0
seen = ' '
is_new(cell) = strstrt(seen, ' '.cell.' ') == 0
do for [i = 1:rows] {
	cell = transports[i].'/'.stacks[i]
	if (is_new(cell) && cell_count < 20) {
		cell_count = cell_count + 1
		cells[cell_count] = cell
		seen = seen.cell.' '
	}
}
transport_in(cell) = cell[1:strstrt(cell, '/') - 1]
# SSE and WebSocket often lie in one place: a ring around a point.
ring(cell) = transport_in(cell) eq 'sse'
of(cell, value) = strcol('transport').'/'.strcol('stack') eq cell ? value : NaN

height = 480
eval open_terminal(height)
eval question(asked, height)
eval place_caption(height)
set output output

set xlabel title
set ylabel value_title
if (decades) set logscale x
set logscale y
set offsets graph 0.03, graph 0.03
set format y '%g'
set grid xtics ytics linestyle 100
set key outside right center Left reverse samplen 3 spacing 1.2
set tmargin at screen 1 - 56.0 / height
set bmargin at screen 110.0 / height
set datafile missing NaN

# Rows of other cells lie between those of one, so that its line has to be told to go on.
plot for [i = 1:cell_count] summary \
	using (of(cells[i], column(varied))):(of(cells[i], column(predicted))) \
	with lines dashtype (2, 3) linewidth 1.5 linecolor rgb colour_of(transport_in(cells[i])) \
	notitle, \
	for [i = 1:cell_count] summary \
	using (of(cells[i], column(varied))):(of(cells[i], column(measured))) \
	with points pointtype ring(cells[i]) ? 6 : 7 pointsize ring(cells[i]) ? 2 : 1 \
	linewidth 1.5 linecolor rgb colour_of(transport_in(cells[i])) \
	title cells[i], \
	NaN with lines dashtype (2, 3) linewidth 1.5 linecolor rgb '#555555' title 'closed form'

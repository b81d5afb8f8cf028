# Mean delivery latency against what was varied: points measured, with their intervals; lines by the closed form
load system(sprintf('dirname "%s"', ARG0)).'/style.gp'

# sweep-bytes.gp sets these before it loads this one.
if (!exists("measured")) {
	measured = 'latency_mean_ms'
	predicted = 'model_mean_ms'
	lowest = 'latency_mean_low_ms'
	highest = 'latency_mean_high_ms'
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
stack_in(cell) = cell[strstrt(cell, '/') + 1:*]
point(cell) = (stack_in(cell) eq 'epoll' ? 7 : stack_in(cell) eq 'lws' ? 5 : 9) - ring(cell)
of(cell, value) = strcol('transport').'/'.strcol('stack') eq cell ? value : NaN
# How many rows of a cell have that, on an axis without 0; a line without any would be warned of.
count_of(value) = (known = value > 0 ? known + 1 : known, 1)
array forms[20]; array spans[20]
all_forms = 0
do for [i = 1:cell_count] {
	known = 0
	stats summary using (count_of(of(cells[i], column(predicted)))) nooutput
	forms[i] = known
	all_forms = all_forms + known
	known = 0
	if (lowest ne '') { stats summary using (count_of(of(cells[i], column(lowest)))) nooutput }
	spans[i] = known
}

if (dumb) {
	# The cells of one transport beyond the first: its letter with a number.
	number(cell) = (n = 0, sum [j = 1:cell] (transport_in(cells[j]) eq transport_in(cells[cell])))
	mark(cell) = letter_of(transport_in(cells[cell])).(number(cell) > 1 ? sprintf('%d', number(cell)) : '')
	height = 25 + key_lines(cell_count + 1)
	eval open_terminal(height)
	eval question(asked, height)
	set output output
	set label 97 value_title at character 0, character height - 2
	set xlabel title
	range_of(name) = sprintf("low = 1e300; high = 0; stats summary using (take(column('%s'))) nooutput", name)
	if (decades) {
		eval range_of(varied)
		eval log_axis('x', low, high)
	}
	eval range_of(measured)
	eval log_axis('y', low, high)
	set autoscale xfix
	set autoscale yfix
	set offsets graph 0.03, graph 0.03, graph 0.05, graph 0.05
	# Side by side where they are in one place.
	beside(cell) = strstrt('LSW', letter_of(transport_in(cells[cell]))) - 2
	set tmargin 3
	set key below Left reverse samplen 0
	set datafile missing NaN
	curve = "summary using (of(cells[%d], column(varied))):(of(cells[%d], column(predicted))) with lines linetype 1 linecolor rgb colour_of(transport_in(cells[%d])) notitle, "
	curves = ''
	do for [i = 1:cell_count] {
		if (forms[i] > 0) { curves = curves.sprintf(curve, i, i, i) }
	}
	points = "for [i = 1:cell_count] summary using (of(cells[i], column(varied))):(of(cells[i], column(measured))):(mark(i)) with labels offset beside(i), 0 textcolor rgb colour_of(transport_in(cells[i])) notitle, for [i = 1:cell_count] NaN with points pointtype ' ' title mark(i).' '.cells[i]"
	form = all_forms == 0 ? '' : ", NaN with points pointtype '*' title 'closed form'"
	eval 'plot '.curves.points.form
	exit status 0
}

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
curve = "summary using (of(cells[%d], column(varied))):(of(cells[%d], column(predicted))) with lines dashtype (2, 3) linewidth 1.5 linecolor rgb colour_of(transport_in(cells[%d])) notitle, "
span = "summary using (of(cells[%d], column(varied))):(of(cells[%d], column(measured))):(of(cells[%d], column(lowest))):(of(cells[%d], column(highest))) with yerrorbars linetype 1 pointtype -1 linewidth 1.2 linecolor rgb colour_of(transport_in(cells[%d])) notitle, "
curves = ''
do for [i = 1:cell_count] {
	if (forms[i] > 0) { curves = curves.sprintf(curve, i, i, i) }
	if (spans[i] > 0) { curves = curves.sprintf(span, i, i, i, i, i) }
}
points = "for [i = 1:cell_count] summary using (of(cells[i], column(varied))):(of(cells[i], column(measured))) with points pointtype point(cells[i]) pointsize ring(cells[i]) ? 2 : 1 linewidth 1.5 linecolor rgb colour_of(transport_in(cells[i])) title cells[i]"
form = all_forms == 0 ? '' : \
	", NaN with lines dashtype (2, 3) linewidth 1.5 linecolor rgb '#555555' title 'closed form'"
eval 'plot '.curves.points.form

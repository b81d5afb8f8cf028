# Latency by percentile on logarithmic axes, one line for each cell
load system(sprintf('dirname "%s"', ARG0)).'/style.gp'

# The rows that have any latency: where clients alone publish it is that of round trips.
array shown[200]
row = 0
known = 0
server_publishes = 0
is_known(value) = value == value
show(latency) = (row = row + 1, known = latency ? known + 1 : known, \
	known > 0 && latency ? (shown[known] = row) : 0, 1)
stats summary using (server_publishes = server_publishes || column('rate_hz') > 0, \
	show(is_known(column('latency_max_ms')) || is_known(column('round_trip_max_ms')))) nooutput
if (known == 0) exit status 0

if (dumb) {
	# Rows of one transport share its letter, and have their number in every eighth point.
	array number[rows]
	array of_transport[rows]
	do for [i = 1:rows] {
		number[i] = 0
		of_transport[i] = 0
		do for [j = 1:rows] {
			number[i] = number[i] + (j <= i && transports[j] eq transports[i])
			of_transport[i] = of_transport[i] + (transports[j] eq transports[i])
		}
	}
	digit(n) = n < 10 ? sprintf('%d', n) : n < 36 ? sprintf('%c', 87 + n) : '+'
	numbered(i) = of_transport[i] > 1
	name(i) = (numbered(i) ? digit(number[i]).' ' : '').labels[i]
	height = 24 + key_lines(known)
	eval open_terminal(height)
	eval question(server_publishes ? 'How long until a subscriber has the message?' : \
		'How long until a client has back what it published?', height)
	set output output
	set xlabel 'deliveries that are no slower, %'
	set label 97 server_publishes ? 'delivery latency, ms' : 'there and back, ms' \
		at character 0, character height - 2
	set logscale x
	set xrange [1:*]
	set xtics ('0' 1, '50' 2, '90' 10, '99' 100, '99.9' 1e3, '99.99' 1e4, '99.999' 1e5, '99.9999' 1e6)
	set tmargin 3
	set offsets 0, 0, graph 0.03, graph 0.05
	set autoscale yfix
	set key below Left reverse samplen 0
	set datafile separator whitespace
	low = 1e300
	high = 0
	do for [i = 1:known] {
		stats dir.'/'.files[shown[i]] using 1 nooutput
		low = STATS_min < low ? STATS_min : low
		high = STATS_max > high ? STATS_max : high
	}
	eval log_axis('y', low, high)
	# Curves often lie in one place: in turn each is drawn once more, so that none is hidden.
	phase(i) = 2 * (strstrt('PLSWF', letter_of(transports[i])) - 1) % 8
	plot for [i = 1:known] dir.'/'.files[shown[i]] \
		using (strcol(4) eq 'inf' ? NaN : column(4)):1 with points \
		pointtype letter_of(transports[shown[i]]) linecolor rgb row_colour(shown[i]) \
		title name(shown[i]), \
		for [i = 1:known] dir.'/'.files[shown[i]] every 8::phase(shown[i]) \
		using (strcol(4) eq 'inf' ? NaN : column(4)):1 with points \
		pointtype letter_of(transports[shown[i]]) linecolor rgb row_colour(shown[i]) notitle, \
		for [i = 1:known] dir.'/'.files[shown[i]] every 8::phase(shown[i]) + 1 \
		using (strcol(4) eq 'inf' || !numbered(shown[i]) ? NaN : column(4)):1 with points \
		pointtype digit(number[shown[i]]) linecolor rgb row_colour(shown[i]) notitle
	exit status 0
}

height = 480 > 180 + 24 * rows ? 480 : 180 + 24 * rows
eval open_terminal(height)
eval question(server_publishes ? 'How long until a subscriber has the message?' : \
	'How long until a client has back what it published?', height)
eval place_caption(height)
set output output

set xlabel 'deliveries that are no slower, %'
set ylabel server_publishes ? 'delivery latency, ms' : 'there and back, ms'
set logscale xy
set xrange [1:*]
set xtics ('0' 1, '50' 2, '90' 10, '99' 100, '99.9' 1e3, '99.99' 1e4, '99.999' 1e5, '99.9999' 1e6)
set format y '%g'
set grid xtics ytics linestyle 100
set key outside right center Left reverse samplen 4 spacing 1.2
set tmargin at screen 1 - 56.0 / height
set bmargin at screen 110.0 / height
set datafile separator whitespace

# The last row of a .hgrm, the maximum, has an infinite x.
plot for [i = 1:known] dir.'/'.files[shown[i]] \
	using (strcol(4) eq 'inf' ? NaN : column(4)):1 with lines \
	linetype dash_of(stacks[shown[i]]) linecolor rgb row_colour(shown[i]) linewidth 2 \
	title labels[shown[i]]

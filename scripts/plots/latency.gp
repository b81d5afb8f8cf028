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

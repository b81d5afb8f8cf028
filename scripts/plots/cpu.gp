# Server CPU time for each delivered message, one bar for each cell with the interval over the blocks
load system(sprintf('dirname "%s"', ARG0)).'/style.gp'

stats summary using (count_known('server_cpu_us_per_message')) nooutput
if (known == 0) exit status 0
# One run alone has no interval.
known = 0
stats summary using (count_known('server_cpu_us_high')) nooutput

if (dumb) {
	array cpu[rows]; array low[rows]; array high[rows]
	i = 0
	top = 0
	stats summary using (i = i + 1, cpu[i] = column('server_cpu_us_per_message'), \
		low[i] = column('server_cpu_us_low'), high[i] = column('server_cpu_us_high'), \
		top = cpu[i] > top ? cpu[i] : top, 1) nooutput
	figures(i) = sprintf(high[i] == high[i] ? '%.3g [%.3g %.3g]' : '%.3g', cpu[i], low[i], high[i])
	top = top > 0 ? top : 1
	room = 0
	do for [i = 1:rows] { room = strlen(figures(i)) > room ? strlen(figures(i)) : room }
	bar(i) = many(letter_of(transports[i]), int(cpu[i] / top * bars_width(room) + 0.5))
	eval open_terminal(bars_height)
	eval question('What does a delivery cost the server?', bars_height)
	eval open_bars(top, room + 2)
	set xlabel 'server CPU time, µs per delivered message'.(known > 0 ? ' [interval over the blocks]' : '')
	set output output
	do for [i = 1:rows] {
		set ytics add (labels[i] i)
		if (cpu[i] == cpu[i]) {
			set label i bar(i).' '.figures(i) at first 0, first i left offset 1, 0 \
				textcolor rgb colour_of(transports[i])
		}
	}
	plot NaN
	exit status 0
}

height = 170 + 28 * rows
eval open_terminal(height)
eval question('What does a delivery cost the server?', height)
eval place_caption(height)
set output output

set xlabel 'server CPU time, µs per delivered message: median (line: interval over the blocks)'
set xrange [0:*]
set yrange [rows + 0.6:0.4]
set ytics () scale 0
do for [i = 1:rows] { set ytics add (labels[i] i) }
set grid xtics linestyle 100
set tmargin at screen 1 - 56.0 / height
set bmargin at screen 110.0 / height
set rmargin 9
unset key

end_of(value, high) = high == high ? high : value

bars = "summary using (column('server_cpu_us_per_message')):0:(0):(column('server_cpu_us_per_message')):($0 + 0.65):($0 + 1.35):(colour_of(strcol('transport'))) \
	with boxxyerror linecolor rgb variable"
intervals = "summary using (column('server_cpu_us_per_message')):($0 + 1):(column('server_cpu_us_low')):(column('server_cpu_us_high')) \
	with xerrorbars linetype 1 pointtype -1 linecolor rgb '#222222' linewidth 1.2"
numbers = "summary using (end_of(column('server_cpu_us_per_message'), column('server_cpu_us_high'))):($0 + 1):(sprintf('%.3g', column('server_cpu_us_per_message'))) \
	with labels left offset 0.8, 0 textcolor rgb '#222222'"
eval 'plot '.bars.', '.(known > 0 ? intervals.', ' : '').numbers

# Bytes on the wire and packets for each message received, one bar for each cell
load system(sprintf('dirname "%s"', ARG0)).'/style.gp'

stats summary using (count_known('wire_bytes_per_message')) nooutput
if (known == 0) exit status 0
counts = ''
stats summary using (counts = strcol('wire_counts'), 1) nooutput

if (dumb) {
	array own[rows]; array framing[rows]; array wire[rows]; array packets[rows]
	i = 0
	top = 0
	stats summary using (i = i + 1, own[i] = column('payload_bytes'), \
		framing[i] = column('framing_bytes_per_message'), \
		wire[i] = column('wire_bytes_per_message'), packets[i] = column('packets_per_message'), \
		top = wire[i] > top ? wire[i] : top, 1) nooutput
	figures(i) = sprintf('%.0f [%.2f]', wire[i], packets[i])
	top = top > 0 ? top : 1
	room = 0
	do for [i = 1:rows] { room = strlen(figures(i)) > room ? strlen(figures(i)) : room }
	# Each part ends where its sum does, so that rounding does not add up.
	cells(bytes) = int((bytes > top ? top : bytes) / top * bars_width(room) + 0.5)
	bar(i) = many('#', cells(own[i])).many('=', cells(own[i] + framing[i]) - cells(own[i])) \
		.many('-', cells(wire[i]) - cells(own[i] + framing[i]))
	eval open_terminal(bars_height + 1)
	eval question('How much crosses the wire for a message?', bars_height + 1)
	set label 97 '# payload  = framing  - packet headers and ACKs' at character 0, character bars_height - 1
	eval open_bars(top, room + 2)
	set tmargin 3
	set xlabel 'bytes per message received, both ways'.(counts eq 'modelled' ? ' (modelled)' : '').' [packets]'
	set output output
	do for [i = 1:rows] {
		set ytics add (labels[i] i)
		if (wire[i] == wire[i]) {
			set label i bar(i).' '.figures(i) at first 0, first i left offset 1, 0
		}
	}
	plot NaN
	exit status 0
}

height = 200 + 28 * rows
eval open_terminal(height)
eval question('How much crosses the wire for a message?', height)
eval place_caption(height)
set output output

# Of what was not measured nothing is drawn.
payload(i) = column('wire_bytes_per_message') == column('wire_bytes_per_message') ? \
	column('payload_bytes') : NaN
framed(i) = payload(0) + column('framing_bytes_per_message')

# The legend: which shade is what, whatever the colour.
array shares = ['payload', 'framing', 'packet headers and ACKs']
array shades = [0, 0.45, 0.75]
do for [i = 1:3] {
	left = 0.012 + (i - 1) * 0.11
	set object i rectangle from screen left, screen 1 - 67.0 / height \
		to screen left + 0.016, screen 1 - 54.0 / height \
		fillcolor rgb tint(0x555555, shades[i]) fillstyle solid noborder
	set label i shares[i] at screen left + 0.022, screen 1 - 60.5 / height left
}

set multiplot
set xrange [0:*]
set yrange [rows + 0.6:0.4]
set ytics () scale 0
do for [i = 1:rows] { set ytics add (labels[i] i) }
set grid xtics linestyle 100
set tmargin at screen 1 - 84.0 / height
set bmargin at screen 110.0 / height

set xlabel 'bytes per message received, both ways'.(counts eq 'modelled' ? ' (modelled)' : '')
set rmargin at screen 0.68
unset key
plot summary using (0):0:(0):(payload(0)):($0 + 0.65):($0 + 1.35):(colour_of(strcol('transport'))) \
	with boxxyerror linecolor rgb variable, \
	'' using (0):0:(payload(0)):(framed(0)):($0 + 0.65):($0 + 1.35):(tint(colour_of(strcol('transport')), 0.45)) \
	with boxxyerror linecolor rgb variable, \
	'' using (0):0:(framed(0)):(column('wire_bytes_per_message')):($0 + 0.65):($0 + 1.35):(tint(colour_of(strcol('transport')), 0.75)) \
	with boxxyerror linecolor rgb variable, \
	'' using (column('wire_bytes_per_message')):($0 + 1):(sprintf('%.0f', column('wire_bytes_per_message'))) \
	with labels left offset 0.8, 0 textcolor rgb '#222222'

unset label
unset object
unset ytics
set xlabel 'packets per message received'
set lmargin at screen 0.76
set rmargin at screen 0.94
plot summary using (0):0:(0):(column('packets_per_message')):($0 + 0.65):($0 + 1.35):(colour_of(strcol('transport'))) \
	with boxxyerror linecolor rgb variable, \
	'' using (column('packets_per_message')):($0 + 1):(sprintf('%.2f', column('packets_per_message'))) \
	with labels left offset 0.8, 0 textcolor rgb '#222222'
unset multiplot

# What all plots share: terminal, fonts, colours, caption. Loaded by the others, which are called as
#   gnuplot -e "dir='RESULT'; caption='…'; output='x.svg'; terminal='svg'" scripts/plots/NAME.gp
# terminal: svg, png, or dumb, which is text of so many columns; colours are those of gnuplot's dumb.

if (!exists("dir")) dir = '.'
if (!exists("caption")) caption = ''
if (!exists("terminal")) terminal = 'svg'
if (!exists("columns")) columns = 79
if (!exists("colours")) colours = 'mono'

set encoding utf8
set datafile separator comma
set datafile columnheaders
summary = dir.'/summary.csv'

# One line of summary.csv is one row here: labels[i], transports[i] …
array labels[200]; array transports[200]; array stacks[200]; array files[200]
rows = 0
stats summary using (rows = rows < 200 ? rows + 1 : rows, labels[rows] = strcol('label'), \
	transports[rows] = strcol('transport'), stacks[rows] = strcol('stack'), \
	files[rows] = strcol('latency_file'), 1) nooutput

# How many rows have a value in that column: a plot without any is not drawn.
known = 0
count_known(name) = (known = column(name) == column(name) ? known + 1 : known, 1)

# Okabe and Ito: told apart by colour-blind readers too. A transport has its colour everywhere.
colour_of(transport) = \
	transport eq 'polling' ? 0xE69F00 : transport eq 'longpoll' ? 0x56B4E9 : \
	transport eq 'sse' ? 0x009E73 : transport eq 'websocket' ? 0xD55E00 : 0x555555
# The same with that share of white in it.
channel(colour, shift, white) = \
	int(((colour / shift) & 255) * (1 - white) + 255 * white) * shift
tint(colour, white) = channel(colour, 65536, white) + channel(colour, 256, white) + \
	channel(colour, 1, white)
# A stack has its dashes; several rows of one cell get paler one by one.
dash_of(stack) = stack eq 'epoll' ? 1 : stack eq 'lws' ? 2 : 3
set linetype 2 dashtype (9, 4)
set linetype 3 dashtype (2, 3)
row_colour(i) = tint(colour_of(transports[i]), last[i] > 0 ? 0.7 * nth[i] / last[i] : 0)
array nth[200]; array last[200]
is_same(i, j) = transports[i] eq transports[j] && stacks[i] eq stacks[j]
do for [i = 1:rows] {
	nth[i] = i > 1 ? sum [j = 1:i - 1] is_same(i, j) : 0
	last[i] = (sum [j = 1:rows] is_same(i, j)) - 1
	last[i] = last[i] < 2 ? 2 : last[i]
}

# As text a transport has its letter.
dumb = terminal eq 'dumb'
letter_of(transport) = transport eq 'polling' ? 'P' : transport eq 'longpoll' ? 'L' : \
	transport eq 'sse' ? 'S' : transport eq 'websocket' ? 'W' : 'F'

# height: in units of the SVG, which is 900 wide. The PNG has twice as many pixels; of text it is in
# lines.
open_terminal(height) = dumb ? \
	sprintf("set terminal dumb nofeed noenhanced size %d,%d %s", columns, height, colours) : \
	terminal eq 'png' ? \
	sprintf("set terminal pngcairo noenhanced size 1800,%d font 'DejaVu Sans,20' linewidth 2 background 'white'", 2 * height) : \
	sprintf("set terminal svg noenhanced size 900,%d font 'DejaVu Sans,13' background 'white'", height)
large = terminal eq 'png' ? ',26' : ',17'
small = terminal eq 'png' ? ',15' : ',10'

set style line 100 linecolor rgb '#dddddd' linewidth 1 dashtype solid
if (dumb) {
	set border 3
	set tics nomirror out scale 0.5
} else {
	set border 3 linecolor rgb '#777777'
	set tics nomirror out textcolor rgb '#222222'
}
set style fill solid noborder

# The question above; machine, lab and parameters below.
question(text, height) = dumb ? \
	sprintf("set label 98 '%s' at character 0, character %d left", text, height - 1) : \
	sprintf("set label 98 '%s' at screen 0.012, screen %f left font large textcolor rgb '#111111'", \
	text, 1 - 24.0 / height)
split = strstrt(caption, ' · ')
if (split > 0) caption = caption[1:split - 1]."\n".caption[split + 3:*]
place_caption(height) = sprintf("set label 99 caption at screen 0.012, screen %f left font small textcolor rgb '#555555'", \
	32.0 / height)

# As text an axis is logarithmic where that leaves some tics, the fewer the wider its range is.
is_wide(low, high) = high > 3 * low
steps(low, high) = high < 20 * low ? '1 2 3 5 7' : high < 1000 * low ? '1 2 5' : '1'
log_axis(axis, low, high) = !is_wide(low, high) ? '' : \
	sprintf("set logscale %s; ", axis).sprintf("do for [e = -6:9] { do for [m in '%s'] { ", steps(low, high)). \
	"set ".axis."tics add (sprintf('%g', m * 10.0**e) m * 10.0**e) } }"
label_width = 0
do for [i = 1:rows] { label_width = strlen(labels[i]) > label_width ? strlen(labels[i]) : label_width }
# Narrower than that a plot cannot be read.
if (columns < label_width + 40) { columns = label_width + 40 }
# How many lines a key with so many entries has.
key_lines(count) = int(ceil(count * 1.0 / (columns > 2 * (label_width + 8) ? columns / (label_width + 8) : 1)))

# Bars of text: row i is one line, its label on the left, its figures on the right in so much room.
bars_height = rows + 7
bars_width(room) = columns - label_width - room - 4
power(value) = 10.0**floor(log10(value))
tick(value) = power(value) * (value < 2 * power(value) ? 1 : value < 5 * power(value) ? 2 : 5)
open_bars(high, room) = sprintf("set xrange [0:%g]; set yrange [%d:0]; set xtics %g; ", \
	high, rows + 1, tick(high / 2.0)).sprintf("set lmargin %d; set rmargin %d; ", label_width + 2, room). \
	"set tmargin 2; set bmargin 3; set format x '%g'; unset key; set ytics () scale 0"
times16(text) = text.text.text.text.text.text.text.text.text.text.text.text.text.text.text.text
# So many of one character, up to 4096.
many(character, count) = count < 1 ? '' : (times16(times16(times16(character))))[1:int(count)]

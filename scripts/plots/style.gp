# What all plots share: terminal, fonts, colours, caption. Loaded by the others, which are called as
#   gnuplot -e "dir='RESULT'; caption='…'; output='x.svg'; terminal='svg'" scripts/plots/NAME.gp

if (!exists("dir")) dir = '.'
if (!exists("caption")) caption = ''
if (!exists("terminal")) terminal = 'svg'

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
row_colour(i) = tint(colour_of(transports[i]), 0.3 * (nth[i] > 2 ? 2 : nth[i]))
array nth[200]
do for [i = 1:rows] {
	nth[i] = i > 1 && transports[i] eq transports[i - 1] && stacks[i] eq stacks[i - 1] ? \
		nth[i - 1] + 1 : 0
}

# height: in units of the SVG, which is 900 wide. The PNG has twice as many pixels.
open_terminal(height) = terminal eq 'png' ? \
	sprintf("set terminal pngcairo noenhanced size 1800,%d font 'DejaVu Sans,20' linewidth 2 background 'white'", 2 * height) : \
	sprintf("set terminal svg noenhanced size 900,%d font 'DejaVu Sans,13' background 'white'", height)
large = terminal eq 'png' ? ',26' : ',17'
small = terminal eq 'png' ? ',15' : ',10'

set style line 100 linecolor rgb '#dddddd' linewidth 1 dashtype solid
set border 3 linecolor rgb '#777777'
set tics nomirror out textcolor rgb '#222222'
set style fill solid noborder

# The question above; machine, lab and parameters below.
question(text, height) = sprintf("set label 98 '%s' at screen 0.012, screen %f left font large textcolor rgb '#111111'", \
	text, 1 - 24.0 / height)
split = strstrt(caption, ' · ')
if (split > 0) caption = caption[1:split - 1]."\n".caption[split + 3:*]
place_caption(height) = sprintf("set label 99 caption at screen 0.012, screen %f left font small textcolor rgb '#555555'", \
	32.0 / height)

# Bytes on the wire for each message against what was varied: points measured, lines by the closed form
measured = 'wire_bytes_per_message'
predicted = 'model_wire_bytes_per_message'
lowest = '' # bytes hardly differ from block to block
asked = 'What does a message cost on the wire?'
value_title = 'wire bytes per message, both ways'
load system(sprintf('dirname "%s"', ARG0)).'/sweep.gp'

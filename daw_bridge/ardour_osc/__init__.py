"""Ardour as one who tells the time: what its OSC says of its song, made into words to the clock."""

"""Sound: output, mixer, decks, loop reading, offline output. The room with sounddevice in it."""

"""Sound: output, mixer, decks, loop reading, offline output. The room with sounddevice in it.

Blocks flow ``loop_reader -> deck -> mixer -> an output's callback``; everything is addressed by
the stream's own sample index, and orders reach the callback through a ``mailbox``.
"""

"""MIDI: the room with mido in it."""

"""The words of captions: what musicians call each part, sound, style and genre."""

from __future__ import annotations

PART_WORDS = {
    "drums": ("drums", "drum loop", "beat", "drum beat", "groove", "drum pattern",
        "percussion loop"),
    "bass": ("bass", "bass line", "bassline", "bass loop", "bass riff"),
    "chords": ("chords", "chord progression", "chord loop", "chord riff"),
    "pad": ("pad", "pads", "pad loop", "atmosphere", "soundscape"),
    "arp": ("arp", "arpeggio", "arp loop", "arpeggiated sequence", "arpeggiator"),
    "melody": ("melody", "lead", "lead line", "melodic loop", "motif", "lead melody"),
}  # fmt: skip

SOUND_WORDS = {
    "808": ("808",), "909": ("909",), "acoustic": ("acoustic", "live", "natural"),
    "lo-fi": ("lo-fi", "lofi", "sampled"), "industrial": ("industrial", "mechanical"),
    "saw": ("saw", "sawtooth", "analog", "synth"), "square": ("square wave", "square", "synth",
        "pulse"),
    "acid": ("acid", "303", "squelchy acid"), "reese": ("reese", "detuned", "growling"),
    "wobble": ("wobble", "wobbling"), "sub": ("sub", "deep sub", "sine"), "fm": ("FM",
        "digital FM"),
    "picked": ("picked", "electric", "fingered", "bass guitar style"),
    "rhodes": ("electric piano", "Rhodes", "e-piano", "EP"), "piano": ("piano", "acoustic piano"),
    "organ": ("organ", "hammond organ", "drawbar organ"), "guitar": ("guitar", "plucked guitar",
        "nylon guitar"),
    "pluck": ("pluck", "plucked synth", "plucky"), "stab": ("synth", "stab", "synth stab", "saw"),
    "brass": ("synth brass", "brass"), "bell": ("bell", "bells", "glassy bell", "FM bell"),
    "marimba": ("marimba", "mallet", "wooden mallet"), "flute": ("flute", "breathy flute",
        "woodwind"),
    "warm": ("analog", "synth"), "strings": ("string", "strings", "ensemble string"),
    "dark": ("hollow", "drone", "low"), "glass": ("glass", "glassy", "crystal"),
    "vocal": ("choir", "vocal", "voice-like"),
}  # fmt: skip

STYLE_WORDS = {
    "house": ("house", "four on the floor", "four-on-the-floor house"), "techno": ("techno",),
    "disco": ("disco",), "rock": ("rock", "straight rock"), "boom bap": ("boom bap", "hip hop",
        "old school hip hop"),
    "trap": ("trap", "trap hat roll"), "breakbeat": ("breakbeat", "break", "breaks"),
    "jungle": ("jungle", "amen style", "jungle break"), "drum and bass": ("drum and bass", "dnb",
        "drum & bass"),
    "dubstep": ("dubstep", "half-time", "halftime dubstep"), "reggaeton": ("reggaeton", "dembow"),
    "bossa nova": ("bossa nova", "bossa"), "latin": ("latin", "salsa style"), "funk": ("funk",
        "funky"),
    "lo-fi": ("lo-fi hip hop", "lofi", "laid back lo-fi"), "electro": ("electro", "808 electro"),
    "afrobeat": ("afrobeat", "afro"), "reggae": ("reggae", "one drop"), "shuffle": ("shuffle",
        "blues shuffle"),
    "swing": ("swing", "jazz", "jazz swing"), "garage": ("uk garage", "2-step", "garage"),
    "industrial": ("industrial",), "waltz": ("waltz", "3/4"), "jazz waltz": ("jazz waltz",),
    "six-eight": ("6/8", "six eight"), "six-eight afro": ("6/8 afro", "african 6/8"),
}  # fmt: skip

RHYTHM_WORDS = {
    "offbeat": ("offbeat",), "octaves": ("octave", "bouncing octave"), "driving": ("driving",
        "steady eighth note"),
    "sixteenths": ("rolling", "sixteenth note"), "funky": ("funky", "syncopated"),
        "walking": ("walking",),
    "sustained": ("sustained", "long note"), "syncopated": ("syncopated",), "stabs": ("stabbing",
        "short"),
    "held": ("sustained", "slow changing"), "strum": ("strummed", "rhythmic"),
        "quarters": ("quarter note",),
    "eighths": ("pulsing", "eighth note"), "moving": ("evolving", "moving"),
        "swelling": ("swelling", "slow"),
    "still": ("static", "soft"),
}  # fmt: skip

SFX_WORDS = {
    "riser": ("riser", "build up riser", "noise riser", "uplifter"), "downlifter": ("downlifter",
        "falling sweep", "downsweep"),
    "rain": ("rain", "rain sound", "falling rain", "rainfall"), "wind": ("wind", "howling wind",
        "blowing wind"),
    "vinyl crackle": ("vinyl crackle", "record crackle", "vinyl noise"), "laser": ("laser",
        "laser zap", "laser shots"),
    "siren": ("siren", "police siren", "wailing siren"), "impact": ("impact", "cinematic impact",
        "deep boom", "hit"),
    "robot blips": ("robot blips", "computer blips", "robot sounds", "glitch bleeps"),
    "water drops": ("water drops", "dripping water", "water droplets"),
        "ocean waves": ("ocean waves", "sea waves", "surf"),
    "bird chirps": ("bird chirps", "birds singing", "birdsong"), "heartbeat": ("heartbeat",
        "heart beating"),
    "alarm": ("alarm", "alarm beeps", "warning beeps"), "radio static": ("radio static",
        "static noise", "radio noise"),
    "whoosh": ("whoosh", "swoosh", "whoosh transition"),
}  # fmt: skip

GENRE_WORDS = {
    "lo-fi hip hop": ("lo-fi hip hop", "lofi", "chillhop"), "drum and bass": ("drum and bass",
        "dnb", "liquid dnb"),
    "garage": ("uk garage", "garage"), "hip hop": ("hip hop", "boom bap"), "six-eight": ("6/8",),
    "synthwave": ("synthwave", "80s", "retro"), "chiptune": ("chiptune", "8-bit", "video game"),
    "ambient": ("ambient", "chillout"), "jazz": ("jazz", "jazzy"), "funk": ("funk", "funky"),
}  # fmt: skip

HEARD_WORDS: dict[str, tuple[str, ...]] = {
    "house": ("open hats", "claps"), "disco": ("open hats",), "trap": ("hat rolls", "claps"),
    "latin": ("cowbell", "congas"), "six-eight afro": ("bells", "congas"),
    "swing": ("a ride cymbal",), "jazz waltz": ("a ride cymbal",),
    "bossa nova": ("shaker", "rim clicks"), "reggae": ("rim clicks",),
    "funk": ("ghost notes",), "breakbeat": ("ghost notes",),
}  # fmt: skip
"""Pieces heard in a drum style, for captions such as ``house drums with open hats``."""

"""Prompts for families of sounds, kept out of training like those of ``held_out``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HeldOutFamilyPrompt:
    """A prompt, the family it asks for, and for drums the BPM to ask with it."""

    text: str
    family: str
    bpm: float | None = None


_DRUMS: dict[str, dict[str, float]] = {
    "four on the floor": {
        "four on the floor kick drum and open hats for a house set": 124.0,
        "give me a hard techno beat": 133.0,
        "disco drums with handclaps": 118.0,
        "pounding techno kick with offbeat hats": 130.0,
        "a house beat to dance to, claps on two and four": 122.0,
    },
    "breaks and hip hop": {
        "a dusty breakbeat for rapping over": 92.0,
        "fast drum and bass break, bright cymbals": 172.0,
        "chopped jungle drums at full speed": 168.0,
        "just a boom bap kick, snare and hats": 88.0,
        "old tape lo-fi drums for studying": 78.0,
    },
    "trap drums": {
        "slow trap drums where the hats roll": 140.0,
        "half-time dubstep drums, huge snare": 141.5,
        "trap beat with an 808 kit under a rapper": 146.0,
        "heavy halftime drums with room between the hits": 138.0,
        "808 trap drums, snappy claps, hat rolls everywhere": 152.0,
    },
    "swing drums": {
        "swinging jazz drummer on the ride cymbal": 150.0,
        "a blues shuffle on an acoustic kit": 108.0,
        "jazz swing drums, ride and hi-hat only": 132.0,
        "shuffle groove, bar band drummer": 120.0,
        "jazz drums that swing hard": 160.0,
    },
    "latin drums": {
        "bossa nova brushes and rim clicks": 128.0,
        "afrobeat kit with congas and shaker": 109.0,
        "latin percussion with cowbell and congas": 104.0,
        "salsa style drum groove for dancing": 100.0,
        "a bossa groove with shaker, acoustic": 136.0,
    },
}
_PROMPTS: dict[str, tuple[str, ...]] = {
    "acid bass": (
        "squelchy acid bass, like an old 303",
        "acid bassline, resonant and nasty",
        "a 303 line squelching away",
        "hypnotic acid bass for a warehouse",
        "bubbling acid bass riff, accents everywhere",
    ),
    "sub bass": (
        "a deep sub bass alone",
        "808 bass notes for trap, long and distorted",
        "sine sub bass, almost nothing above it",
        "long deep sub notes",
        "a low 808 bass under everything",
    ),
    "growling bass": (
        "growling reese bass for a jungle tune",
        "wobble bass for dubstep heads",
        "detuned reese bass, dark and wide",
        "bass that wobbles on every beat",
        "angry growling bass",
    ),
    "bass guitar": (
        "walking bass like a jazz trio",
        "funky bass guitar lick",
        "a round picked bass playing reggae",
        "fingered electric bass guitar groove",
        "bass guitar part for a rock band",
    ),
    "electric piano": (
        "jazzy electric piano chords for a rainy evening",
        "slow Rhodes chords with a worn sound",
        "soft electric piano harmony, changing every bar",
        "rhodes chords for a lo-fi tune, mellow",
        "warm rhodes comping",
    ),
    "piano or guitar": (
        "house piano chords, stabbing",
        "sad piano chord progression in a minor key",
        "a grand piano playing held chords",
        "strummed guitar chords like a pop song",
        "folk melody on a guitar",
    ),
    "organ": (
        "organ chords on the offbeat, reggae skank",
        "gospel organ chords, warm",
        "drawbar organ chords held long",
        "organ stabs for a garage track",
        "church like organ harmony",
    ),
    "synth stabs": (
        "short synth stabs for techno people",
        "brassy synth chords from the eighties",
        "rave stabs, detuned saws",
        "techno chord stab with echo",
        "punchy synth chord stabs, syncopated",
    ),
    "pad": (
        "warm pad that slowly evolves",
        "dark ambient drone pad",
        "string pad for a film scene",
        "lush analog pad under a synthwave tune",
        "slow swelling strings, sustained",
    ),
    "choir": (
        "a choir pad, far away",
        "airy vocal pad for meditation",
        "voices singing ah, a soft choir",
        "vocal pad, choir like, slowly moving",
        "human choir chords, sustained",
    ),
    "glass pad": (
        "glassy pad, cold and clear",
        "crystal pad shimmering",
        "a pad like glass, bright and slow",
        "icy glass pad atmosphere",
        "glassy soundscape, very bright",
    ),
    "bell": (
        "bell melody like a music box",
        "sparkling bell arpeggio going upwards",
        "little bell motif with rests",
        "gentle bell arp with echo",
        "glockenspiel style bell line",
    ),
    "marimba": (
        "marimba arpeggio pattern, playful",
        "marimba tune, happy",
        "wooden mallets, a marimba figure",
        "marimba melody with short notes",
        "soft mallet marimba ostinato",
    ),
    "synth arp": (
        "fast sixteenth note arp for trance",
        "retro synth arpeggio like an 80s film",
        "square wave arpeggio from a video game console",
        "plucked arpeggio that bounces",
        "distorted saw arp, aggressive",
    ),
    "flute": (
        "a simple flute melody",
        "breathy flute lead over nothing",
        "jazz flute phrase",
        "lonely flute, long tones",
        "whistled sort of woodwind motif, a flute",
    ),
    "synth lead": (
        "screaming saw lead solo",
        "square lead tune for a chiptune game",
        "trance lead melody, bright and wide",
        "memorable synth lead hook",
        "dark lead line, distorted synth",
    ),
    "rain": (
        "rain falling on a roof",
        "steady rain outside the window",
        "a heavy rain shower",
        "light rain, nothing else",
        "raindrops and rain noise",
    ),
    "wind": (
        "howling wind at night",
        "wind blowing over a field",
        "a storm wind, gusts",
        "cold wind through a gap",
        "slow gusting wind sound",
    ),
    "riser": (
        "a riser before the drop",
        "uplifter sweep building tension",
        "noise riser over the whole phrase",
        "build up riser into a drop",
        "tension riser for a transition",
    ),
    "impact": (
        "deep cinematic impact boom",
        "a huge cinematic hit with a tail",
        "boom, deep impact, trailer style",
        "low impact on the one",
        "massive boom hit",
    ),
    "birds": (
        "birds chirping in a forest",
        "a few birds singing in the morning",
        "birdsong, early morning",
        "garden birds, short chirps",
        "bird calls in a park",
    ),
    "ocean": (
        "ocean waves on a beach",
        "sea waves rolling in slowly",
        "surf on a shore at night",
        "calm ocean waves, white noise like",
        "waves breaking on sand",
    ),
}

HELD_OUT_FAMILIES: tuple[HeldOutFamilyPrompt, ...] = (
    *(
        HeldOutFamilyPrompt(text, family, bpm)
        for family, prompts in _DRUMS.items()
        for text, bpm in prompts.items()
    ),
    *(HeldOutFamilyPrompt(text, family) for family, texts in _PROMPTS.items() for text in texts),
)
"""5 prompts of each family; some of them are those of ``held_out`` too."""

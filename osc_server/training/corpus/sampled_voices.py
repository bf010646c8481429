"""Instruments and kits of the soundfont FluidR3 GM: where they lie, how they play, their words.

Programs are General MIDI's, counted from 0; bank 8 holds its variations. What is said of tuning and
silences was measured on that soundfont.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SampledVoice:
    """A pitched instrument.

    Attributes:
        program: in its bank.
        words: what musicians call it.
        bank: of the soundfont.
        octaves: how much higher than written it plays, outside bass lines.
        highest: its highest key; what is written above it is played octaves lower.
        flat: cents that its samples lie below concert pitch, where it is played.
        onset: share of its early peak at which a note is heard to begin.
        rings: it cannot be damped by letting go of a key.
        spread: seconds from one string of a chord to the next.
        drive: least and most ``PartSpec.drive`` that leave its words true.
        most_length: most ``PartSpec.length`` that does.
    """

    program: int
    words: tuple[str, ...]
    bank: int = 0
    octaves: int = 0
    highest: int = 108
    flat: float = 0.0
    onset: float = 0.35
    rings: bool = False
    spread: float = 0.0
    drive: tuple[float, float] = (0.0, 1.0)
    most_length: float = 1.0


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


def _voice(program: int, words: str) -> SampledVoice:
    return SampledVoice(program, _words(words))


def _moved(program: int, words: str, octaves: int) -> SampledVoice:
    return SampledVoice(program, _words(words), octaves=octaves)


def _ringing(program: int, words: str, octaves: int = 0) -> SampledVoice:
    return SampledVoice(program, _words(words), octaves=octaves, rings=True)


def _strummed(program: int, words: str, bank: int = 0) -> SampledVoice:
    return SampledVoice(program, _words(words), bank, spread=0.012)


_CLEAN, _DRIVEN, _FUZZ = (0.0, 0.6), (0.3, 0.75), (0.5, 1.0)

SAMPLED_VOICES: dict[str, SampledVoice] = {
    "grand-piano": _voice(0, "piano, grand piano, acoustic piano, concert piano"),
    "electric-grand": _voice(2, "electric grand piano, electric grand"),
    "honky-tonk": _voice(3, "honky-tonk piano, honky tonk piano, saloon piano"),
    "tine-piano": _voice(4, "electric piano, e-piano, EP, vintage electric piano, tine piano"),
    "dx-piano": _voice(5, "DX piano, 80s electric piano, digital electric piano, DX7 piano"),
    "harpsichord": _voice(6, "harpsichord, baroque harpsichord"),
    "clavinet": _voice(7, "clavinet, clav"),
    "celesta": _ringing(8, "celesta, celeste", 1),
    "glockenspiel": _ringing(9, "glockenspiel, glock", 1),
    "music-box": SampledVoice(
        10, _words("music box, toy music box"), octaves=1, rings=True, onset=0.7
    ),
    "vibraphone": _ringing(11, "vibraphone, vibes, mellow vibes"),
    "rosewood-marimba": _ringing(12, "marimba, mallet marimba, rosewood marimba"),
    "xylophone": _ringing(13, "xylophone", 1),
    "tubular-bells": _ringing(14, "tubular bells, chimes, church bells"),
    "dulcimer": _ringing(15, "hammered dulcimer, dulcimer"),
    "drawbar-organ": _voice(16, "drawbar organ, hammond organ, hammond"),
    "percussive-organ": _voice(17, "percussive organ, jazz organ, hammond"),
    "rock-organ": _voice(18, "rock organ, leslie organ, hammond organ"),
    "church-organ": _voice(19, "church organ, pipe organ, cathedral organ"),
    "reed-organ": _voice(20, "reed organ, harmonium, pump organ"),
    "accordion": _voice(21, "accordion, squeezebox, musette accordion"),
    "harmonica": _voice(22, "harmonica, blues harp, mouth harp"),
    "bandoneon": _voice(23, "bandoneon, tango accordion"),
    "nylon-guitar": _strummed(24, "nylon guitar, classical guitar, acoustic guitar, nylon string"),
    "steel-guitar": _strummed(25, "steel string guitar, acoustic guitar, folk guitar"),
    "jazz-guitar": _strummed(26, "jazz guitar, hollow body guitar, archtop guitar"),
    "clean-guitar": SampledVoice(
        27, _words("clean guitar, electric guitar, clean electric guitar"), spread=0.01,
        drive=_CLEAN,
    ),
    "muted-guitar": SampledVoice(
        28, _words("muted guitar, palm muted guitar, palm mute guitar"), most_length=0.6, highest=79
    ),
    "overdriven-guitar": SampledVoice(
        29, _words("overdriven guitar, crunch guitar, crunchy guitar"), drive=_DRIVEN
    ),
    "distortion-guitar": SampledVoice(
        30, _words("distorted guitar, distortion guitar, heavy guitar, metal guitar"), drive=_FUZZ
    ),
    "twelve-string": _strummed(25, "12-string guitar, twelve string guitar, 12 string", 8),
    "ukulele": _strummed(24, "ukulele, uke", 8),
    "mandolin": _strummed(25, "mandolin", 16),
    "slide-guitar": SampledVoice(26, _words("slide guitar, hawaiian guitar, lap steel"), 8),
    "upright-bass": _voice(32, "upright, double, acoustic, upright jazz, contrabass"),
    "finger-bass": _voice(33, "fingerstyle, finger, electric, fingered, electric finger"),
    "pick-bass": _voice(34, "picked, electric, pick, plectrum"),
    "fretless-bass": _voice(35, "fretless, fretless electric"),
    "slap-bass": SampledVoice(36, _words("slap, slapped, slap and pop"), most_length=0.8),
    "synth-bass": _voice(38, "synth, analog synth, 80s synth"),
    "rubber-bass": _voice(39, "synth, rubbery synth, analog"),
    "tuba": _voice(58, "tuba, sousaphone"),
    "violin": _voice(40, "violin, solo violin, bowed violin"),
    "viola": _moved(41, "viola, solo viola", -1),
    "cello": _moved(42, "cello, solo cello, bowed cello", -1),
    "tremolo-strings": _voice(44, "tremolo strings, trembling strings"),
    "pizzicato": SampledVoice(
        45, _words("pizzicato strings, pizzicato, plucked strings"), most_length=0.7
    ),
    "harp": SampledVoice(46, _words("harp, concert harp"), rings=True, spread=0.02),
    "string-ensemble": _voice(48, "string ensemble, string section, orchestral strings, strings"),
    "slow-strings": _voice(49, "slow strings, legato strings, orchestral strings, strings"),
    "synth-strings": _voice(50, "synth strings, string machine"),
    "choir-aahs": SampledVoice(52, _words("choir, choir aahs, aah choir, vocal choir"), flat=20.0),
    "choir-oohs": _voice(53, "choir oohs, ooh voices, ooh choir, vocal"),
    "trumpet": _voice(56, "trumpet, solo trumpet"),
    "trombone": _moved(57, "trombone, solo trombone", -1),
    "muted-trumpet": _voice(59, "muted trumpet, harmon mute trumpet"),
    "french-horn": _moved(60, "french horn, french horns, horn", -1),
    "brass-section": _voice(61, "brass section, horn section, brass"),
    "soprano-sax": _voice(64, "soprano sax, soprano saxophone"),
    "alto-sax": SampledVoice(
        65, _words("alto sax, saxophone, alto saxophone, sax"), highest=81
    ),
    "tenor-sax": _moved(66, "tenor sax, saxophone, tenor saxophone, sax", -1),
    "oboe": _voice(68, "oboe, woodwind oboe"),
    "english-horn": SampledVoice(69, _words("english horn, cor anglais"), highest=81),
    "bassoon": _moved(70, "bassoon", -1),
    "clarinet": _voice(71, "clarinet, woodwind clarinet"),
    "piccolo": _moved(72, "piccolo, piccolo flute", 1),
    "concert-flute": _moved(73, "flute, concert flute, silver flute", 1),
    "recorder": SampledVoice(74, _words("recorder, wooden recorder"), octaves=1, highest=96),
    "pan-flute": _moved(75, "pan flute, pan pipes, panpipes", 1),
    "shakuhachi": _moved(77, "shakuhachi, bamboo flute", 1),
    "tin-whistle": _moved(78, "whistle, tin whistle", 1),
    "ocarina": _moved(79, "ocarina", 1),
    "fantasia": _voice(88, "fantasia, bell synth, digital"),
    "polysynth": _voice(90, "polysynth, 80s synth, synth"),
    "space-voice": _voice(91, "space voice, synth voice, ethereal voice"),
    "bowed-glass": _voice(92, "bowed glass, glass harmonica"),
    "halo": _voice(94, "halo, angelic synth"),
    "sweep": _voice(95, "sweep, sweeping synth, filter sweep"),
    "sitar": _ringing(104, "sitar, indian sitar"),
    "banjo": _strummed(105, "banjo, bluegrass banjo"),
    "shamisen": _voice(106, "shamisen"),
    "koto": _ringing(107, "koto, japanese koto"),
    "kalimba": _ringing(108, "kalimba, thumb piano, mbira"),
    "bagpipe": _voice(109, "bagpipe, bagpipes"),
    "fiddle": _voice(110, "fiddle, folk fiddle, folk violin"),
    "steel-drums": _ringing(114, "steel drums, steel pan, steelpan"),
}  # fmt: skip
"""By the names that specs use; none is that of a synthetic sound."""


POWERED = ("overdriven-guitar", "distortion-guitar")
"""What plays chords of roots and fifths alone."""
POWER_NOUNS = ("power chords", "power chord riff", "power chord progression", "chords", "riff")


@dataclass(frozen=True, slots=True)
class SampledKit:
    """A drum kit.

    Attributes:
        programs: of bank 128, one of which is drawn for a clip.
        words: what musicians call it.
        keys: pieces that lie on other keys than in General MIDI.
        least_space: least ``PartSpec.space`` that leaves its words true.
    """

    programs: tuple[int, ...]
    words: tuple[str, ...]
    keys: tuple[tuple[str, int], ...] = ()
    least_space: float = 0.0


KIT_BANK = 128
PIECE_KEYS = {
    "kick": 36, "snare": 38, "clap": 39, "rim": 37, "hat": 42, "open": 46, "ride": 51, "crash": 49,
    "low_tom": 43, "high_tom": 48, "shaker": 70, "cowbell": 56, "conga": 63, "tambourine": 54,
}  # fmt: skip
"""The keys of General MIDI's drums."""

_ORCHESTRA = (
    ("hat", 27), ("open", 29), ("ride", 59), ("crash", 57), ("low_tom", 41), ("high_tom", 47),
)  # fmt: skip

SAMPLED_KITS: dict[str, SampledKit] = {
    "studio-kit": SampledKit((0, 1, 2, 3, 4, 6, 7), _words("live, acoustic, studio, real")),
    "room-kit": SampledKit((1, 2, 4, 5, 7), _words("live room, room, roomy"), (), 0.5),
    "power-kit": SampledKit((16, 17, 18, 19), _words("power, big, stadium, arena")),
    "electronic-kit": SampledKit((24,), _words("electronic, 80s electronic, electronic kit")),
    "tr-kit": SampledKit((25,), _words("808, TR-808, drum machine")),
    "jazz-kit": SampledKit((32, 33, 34, 36), _words("jazz, jazz kit, small kit, acoustic")),
    "brush-kit": SampledKit((40, 41, 42), _words("brushed, brush, brushes")),
    "orchestra-kit": SampledKit((48,), _words("orchestral, orchestra, symphonic"), _ORCHESTRA),
}
"""By the names that specs use."""

SAMPLED_WORDS: dict[str, tuple[str, ...]] = {
    **{name: voice.words for name, voice in SAMPLED_VOICES.items()},
    **{name: kit.words for name, kit in SAMPLED_KITS.items()},
}
"""Words of all of them."""

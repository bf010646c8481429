"""What a surface can move, press and read: one row an address, all owned by the bridge."""

from __future__ import annotations

from osc_server.contract.faders import Fader
from osc_server.contract.musical_time import BPM_MAX, BPM_MIN
from osc_server.contract.parameters import Parameter

P = Parameter

DECK_STATES = ("empty", "rendering", "cued", "playing", "fading", "stopped")
FOLLOW_ACTIONS = ("none", "take", "vary", "grow", "next")
CLOCKS = ("internal", "link", "midi", "osc", "tap")
MAX_DECKS = 64
MAX_SCENES = 64
MAX_CAPTURE_BARS = 64

_OWN = "0 = the model's own"


def _lamp(doc: str) -> Parameter:
    return P("lamp", "switch", doc)


def _deck(name: str, doc: str, value: Parameter) -> Fader:
    return Fader(f"/magnet/deck/N/{name}", doc, value)


def _button(address: str, doc: str, lamp: str) -> Fader:
    return Fader(address, doc, _lamp(lamp), "button")


def _readout(address: str, doc: str, value: Parameter) -> Fader:
    return Fader(address, doc, value, "readout")


_SETTINGS = (
    _deck("prompt", "The words of the next take.", P("prompt", "text", "what you want to hear")),
    _deck(
        "prompts",
        "The list that the follow action `next` walks through.",
        P("prompts", "text", "prompts with ; between them"),
    ),
    _deck("bars", "Length of the next take.", P("bars", "number", "length", "bars", 0.0625, 256)),
    _deck("model", "Model of the next take.", P("model", "text", "empty = the one that is loaded")),
    _deck("preset", "Preset of the next take.", P("preset", "text", "empty = none")),
    _deck("key", "Key of the next take.", P("key", "key", "such as A minor; empty = none")),
    _deck(
        "seed",
        "Seed of the next take; each take after it counts on.",
        P("seed", "integer", "-1 = another each time", "", -1, 2**31 - 1),
    ),
    _deck(
        "temperature",
        "How bold the next take is.",
        P("temperature", "number", _OWN, "", 0, 10),
    ),
    _deck(
        "guidance",
        "How much the words pull at the next take.",
        P("guidance", "number", _OWN, "", 0, 30),
    ),
    _deck(
        "steps",
        "Forward passes of the next take: more are finer and slower.",
        P("steps", "integer", _OWN, "", 0, 1250),
    ),
    _deck(
        "amount",
        "How far `vary` goes: 0 nothing of the take is made anew, 1 all of it.",
        P("amount", "number", "share", "", 0, 1),
    ),
    _deck(
        "infill_from",
        "Where `infill` begins, in beats of the loop.",
        P("infill_from", "number", "from the loop's start", "quarter notes", 0, 1024),
    ),
    _deck(
        "infill_to",
        "Where `infill` ends.",
        P("infill_to", "number", "from the loop's start", "quarter notes", 0, 1024),
    ),
    _deck(
        "capture_bars",
        "How many of the last whole bars `capture` takes from the input.",
        P("capture_bars", "integer", "length", "bars", 1, MAX_CAPTURE_BARS),
    ),
    _deck(
        "follow",
        "What happens by itself every so many bars: another take, a variation, twice the bars "
        "(to 16), or the next of the prompts.",
        P("follow", "choice", "follow action", choices=FOLLOW_ACTIONS),
    ),
    _deck(
        "every", "How often the follow action comes.", P("every", "number", "bars", "bars", 0, 1024)
    ),
    _deck(
        "hold",
        "Whether a finished take waits for `launch`; else it begins on the next quantum.",
        P("hold", "switch", "1 = it waits"),
    ),
    _deck("level", "Level; heard at once.", P("level", "number", "-90 is silence", "dB", -90, 12)),
    _deck("mute", "Silence this deck; heard at once.", P("mute", "switch", "1 = silent")),
    _deck(
        "solo",
        "Hear only the decks whose solo is on; heard at once.",
        P("solo", "switch", "1 = alone"),
    ),
    _deck(
        "take",
        "Recall a take of this deck, counted from 1; it begins on the next quantum.",
        P("take", "integer", "0 = none yet", "", 0, 9999),
    ),
)

_BUTTONS = (
    _button("/magnet/deck/N/generate", "Make a take from the settings.", "it is being made"),
    _button("/magnet/deck/N/vary", "Make a variation of the take.", "it is being made"),
    _button(
        "/magnet/deck/N/infill",
        "Make the take anew between `infill_from` and `infill_to`.",
        "it is being made",
    ),
    _button(
        "/magnet/deck/N/continue",
        "Make what comes after the take: as long as `bars`, from the end of a round on.",
        "it is being made",
    ),
    _button(
        "/magnet/deck/N/loop",
        "Close the seam of the take: a beat on each side of it is made anew.",
        "it is being made",
    ),
    _button(
        "/magnet/deck/N/capture",
        "Take the last `capture_bars` bars of the input as a take; it comes in on the next beat, "
        "in its place.",
        "it is being taken",
    ),
    _button("/magnet/deck/N/launch", "Begin on the next quantum.", "it plays or is cued"),
    _button("/magnet/deck/N/stop", "Fall silent on the next quantum.", "it waits for the quantum"),
    _button("/magnet/deck/N/undo", "The take before.", "there is one"),
    _button("/magnet/deck/N/redo", "The take after.", "there is one"),
    _button(
        "/magnet/deck/N/keep",
        "Keep the take: history never forgets it, and follow actions stop until it is pressed "
        "again.",
        "it is kept",
    ),
    _button(
        "/magnet/scene/N/launch", "Begin a scene's takes, all on one sample.", "it was the last"
    ),
    _button("/magnet/scene/N/store", "Store what plays now as a scene.", "something is stored"),
    _button("/magnet/mix/stop", "Let all decks fall silent on the next quantum.", "nothing plays"),
    _button("/magnet/clock/play", "Your transport starts, now.", "who leads plays"),
    _button("/magnet/clock/stop", "Your transport stops, now.", "who leads has stopped"),
    _button("/magnet/clock/tap", "A tap of the tempo; from the third on it counts.", "a tap leads"),
    _button("/magnet/session/save", "Save the session now.", "it is saved"),
)

_READOUTS = (
    _readout(
        "/magnet/deck/N/state",
        "What the deck does.",
        P("state", "choice", "its state", choices=DECK_STATES),
    ),
    _readout(
        "/magnet/deck/N/next",
        "What comes next.",
        P("next", "choice", "the take to come", choices=("none", "rendering", "ready", "cued")),
    ),
    _readout(
        "/magnet/deck/N/progress",
        "How far the take is that is being made.",
        P("progress", "number", "share", "", 0, 1),
    ),
    _readout(
        "/magnet/deck/N/takes", "How many takes its history holds.", P("takes", "integer", "takes")
    ),
    _readout(
        "/magnet/deck/N/outputs",
        "Outputs of the sound device that it plays on.",
        P("outputs", "text", "counted from 1, such as 3,4"),
    ),
    _readout(
        "/magnet/input/level",
        "How loud the input is.",
        P(
            "level",
            "integer",
            "peak of the last tenth of a second; -90 = silence or no input",
            "dB",
        ),
    ),
    _readout(
        "/magnet/live/message",
        "The newest sentence for the musician.",
        P("message", "text", "empty = nothing to say"),
    ),
    _readout(
        "/magnet/clock/playing",
        "Whether who leads the clock plays; always where nobody else leads.",
        P("playing", "switch", "1 = it plays"),
    ),
    _readout("/magnet/clock/bar", "The bar that is heard.", P("bar", "integer", "from 1")),
    _readout(
        "/magnet/clock/leader",
        "Who leads the clock now.",
        P("leader", "choice", "a clock", choices=CLOCKS),
    ),
    _readout(
        "/magnet/clock/description",
        "The same in words: who leads, what is waited for, whether bars are known.",
        P("description", "text", "a sentence"),
    ),
)

_SET = (
    Fader(
        "/magnet/clock/bpm",
        "The tempo.",
        P("bpm", "number", "from the next bar on", "quarter notes a minute", BPM_MIN, BPM_MAX),
    ),
    Fader(
        "/magnet/clock/meter",
        "The time signature; a beat is a quarter note in all of them.",
        P("meter", "meter", "from the next bar line on"),
    ),
    Fader(
        "/magnet/clock/source",
        "Whom the clock follows: the first that is there of link, midi, osc and tap (`auto`), one "
        "of them, or nobody (`internal`). Who leads tells `/magnet/clock/leader`.",
        P("source", "word", "auto, link, midi, osc, tap or internal"),
    ),
    Fader(
        "/magnet/clock/offset",
        "How much later than who leads the decks sound; negative is earlier.",
        P("offset", "number", "makes up for what is late", "ms", -500, 500),
    ),
    Fader(
        "/magnet/clock/beat",
        "Of your transport: the beat that passes now, told each beat or oftener. It tells the beat "
        "that is heard.",
        P("beat", "number", "from the start of the song", "quarter notes"),
    ),
    Fader(
        "/magnet/clock/position",
        "Of your transport: the beat that it is put to. It tells where that was, or it stopped.",
        P("position", "number", "from the start of the song", "quarter notes"),
    ),
    Fader(
        "/magnet/clock/name",
        "Of your transport: what it is called. Of several that have a name, or send beats, one is "
        "followed at a time. It tells which.",
        P("name", "text", "empty = nobody who has a name"),
    ),
    Fader(
        "/magnet/clock/quantum",
        "The grid on which decks begin and stop.",
        P("quantum", "text", "`beat`, `bar`, or a number of bars such as `4 bars`"),
    ),
    Fader(
        "/magnet/mix/level",
        "Level of the whole; heard at once.",
        P("level", "number", "-90 is silence", "dB", -90, 12),
    ),
    Fader(
        "/magnet/midi/learn",
        "Give an address to the next control that is moved on any MIDI device; while it waits for "
        "that it tells which address.",
        P("learn", "text", "an address, then what a press sets it to, if it needs one; empty = no"),
    ),
    Fader(
        "/magnet/mix/record",
        "Record the mix and each deck to WAVs that begin on the same sample.",
        P("record", "switch", "1 = it records"),
    ),
)

FADERS = (*_SETTINGS, *_BUTTONS, *_SET, *_READOUTS)

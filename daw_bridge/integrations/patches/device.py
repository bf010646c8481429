"""The Max for Live device: its controls, and the cords from them to its script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from daw_bridge.integrations.patches.patcher import Box, Patcher, Rect
from osc_server.contract.addresses import fader_row
from osc_server.contract.clip_names import GENERATE
from osc_server.contract.parameters import Parameter

SCRIPT = "MagnetBridgeDevice.js"
LISTEN_PORT = 12110
"""Where MagnetBridge, the control surface, listens."""
BARS = ("0.25", "0.5", "1", "2", "4", "8", "16", "32")
WIDTH, HEIGHT = 428.0, 169.0
MAX_SEED = 2**24 - 1
"""Parameters of Live are 32-bit floats: every whole number up to here is one of them."""

_FLOAT, _ENUM = 0, 2
_INTEGER_STYLE, _FLOAT_STYLE = 0, 1
_AUTOMATED, _STORED = 0, 1
_TEXT = [0.85, 0.85, 0.85, 1.0]
VERBS = ("generate", "vary", "infill", "continue", "loop", "cancel")
"""What the buttons ask for, from above."""


@dataclass(frozen=True)
class Control:
    """A parameter that Live sees.

    Attributes:
        word: what the script is told with its value; of a button the verb.
        name: unique among the device's parameters.
        kind: of box.
        place: in the presentation.
        low: least value.
        high: greatest value.
        initial: at first.
        whole: whether it is shown as a whole number.
        choices: of a menu or a button.
        automated: whether Live can automate it; else it is only stored with the set.
    """

    word: str
    name: str
    kind: str
    place: Rect
    low: float = 0.0
    high: float = 1.0
    initial: float = 0.0
    whole: bool = False
    choices: tuple[str, ...] = ()
    automated: bool = True

    def attributes(self) -> dict[str, Any]:
        """What Max keeps of a parameter."""
        value: dict[str, Any] = {
            "parameter_longname": self.name,
            "parameter_shortname": self.name,
            "parameter_initial": [self.initial],
            "parameter_initial_enable": 1,
            "parameter_invisible": _AUTOMATED if self.automated else _STORED,
        }
        if self.choices:
            value |= {
                "parameter_type": _ENUM,
                "parameter_enum": list(self.choices),
                "parameter_mmax": len(self.choices) - 1,
            }
        else:
            value |= {
                "parameter_type": _FLOAT,
                "parameter_mmin": self.low,
                "parameter_mmax": self.high,
                "parameter_unitstyle": _INTEGER_STYLE if self.whole else _FLOAT_STYLE,
            }
        return {
            "parameter_enable": 1,
            "varname": self.name,
            "saved_attribute_attributes": {"valueof": value},
        }


def _named(name: str) -> Parameter:
    return next(parameter for parameter in GENERATE if parameter.name == name)


def _deck(name: str) -> Parameter:
    return fader_row(f"/magnet/deck/1/{name}")[0].value


def controls() -> tuple[Control, ...]:
    """All parameters, with their ranges from the contract's tables."""
    takes, seed, amount = _named("takes"), _deck("seed"), _deck("amount")
    temperature, guidance = _deck("temperature"), _deck("guidance")
    dials = (
        Control("temperature", "Temperature", "live.dial", (156, 62, 54, 48), temperature.low,
                temperature.high),
        Control("guidance", "Guidance", "live.dial", (214, 62, 52, 48), guidance.low,
                guidance.high),
        Control("amount", "Amount", "live.dial", (268, 62, 44, 48), amount.low, amount.high, 0.5),
    )  # fmt: skip
    boxes = (
        Control("bars", "Bars", "live.menu", (8, 80, 44, 18), choices=BARS, initial=4),
        Control("takes", "Takes", "live.numbox", (58, 80, 36, 18), takes.low, takes.high, 1, True),
        Control("seed", "Seed", "live.numbox", (100, 80, 54, 18), seed.low, MAX_SEED, -1, True),
        Control("port", "Port", "live.numbox", (372, 146, 48, 15), 1024, 65535, LISTEN_PORT, True,
                automated=False),
    )  # fmt: skip
    buttons = tuple(
        Control(verb, verb.title(), "live.text", (322, 8 + 23 * i, 98, 20), choices=("off", "on"))
        for i, verb in enumerate(VERBS)
    )
    return (*boxes, *dials, *buttons)


def build() -> Patcher:
    """The device."""
    patcher = Patcher(
        (100, 100, 900, 640), presentation=True, devicewidth=WIDTH, description="MAGNeT in Live"
    )
    add, connect = patcher.add, patcher.connect
    script = add(f"js {SCRIPT}", (400, 400), (1, 4))
    send = add(f"udpsend 127.0.0.1 {LISTEN_PORT}", (400, 500), (1, 0))
    receive = add("udpreceive 20000 @quiet 1", (20, 360), (1, 1))
    connect(script, 0, send)
    connect(script, 1, receive)
    connect(receive, 0, script)
    _pass_audio(patcher)
    prompt = _add_prompt(patcher, script)
    for i, control in enumerate(controls()):
        box = _add_control(patcher, control, 20 + 90.0 * (i % 9), 160.0 + 90 * (i // 9))
        if control.word in VERBS:
            _add_verb(patcher, box, control.word, script, prompt)
        else:
            words = add(f"prepend {control.word}", (box.rect[0], box.rect[1] + 40), (1, 1))
            connect(box, 1 if control.kind == "live.menu" else 0, words)
            connect(words, 0, send if control.word == "port" else script)
    _add_feedback(patcher, script)
    _add_start(patcher, script)
    _add_labels(patcher)
    patcher.set_parameters([*((c.name, c.automated) for c in controls()), ("Prompt", False)])
    return patcher


def _pass_audio(patcher: Patcher) -> None:
    """The track's own sound goes through untouched."""
    source = patcher.add("plugin~", (700, 20), (2, 2))
    sink = patcher.add("plugout~", (700, 60), (2, 2))
    patcher.connect(source, 0, sink, 0)
    patcher.connect(source, 1, sink, 1)


def _add_prompt(patcher: Patcher, script: Box) -> Box:
    """Text is no parameter that can be automated; it is stored with the set."""
    value = {
        "parameter_longname": "Prompt",
        "parameter_shortname": "Prompt",
        "parameter_type": 3,
        "parameter_invisible": _STORED,
    }
    prompt = patcher.add(
        "textedit",
        (20, 20, 300, 40),
        (1, 4),
        (8, 8, 304, 40),
        keymode=1,
        lines=2,
        parameter_enable=1,
        varname="Prompt",
        saved_attribute_attributes={"valueof": value},
    )
    only = patcher.add("route text", (20, 80), (2, 2))
    words = patcher.add("prepend prompt", (20, 110), (1, 1))
    patcher.connect(prompt, 0, only)
    patcher.connect(only, 0, words)
    patcher.connect(words, 0, script)
    return prompt


def _add_control(patcher: Patcher, control: Control, left: float, top: float) -> Box:
    extra = control.attributes()
    if control.kind == "live.text":
        extra |= {"mode": 0, "text": control.name, "texton": control.name}
    outlets = {"live.menu": 3}.get(control.kind, 2)
    return patcher.add(control.kind, (left, top, 60, 30), (1, outlets), control.place, **extra)


def _add_verb(patcher: Patcher, button: Box, verb: str, script: Box, prompt: Box) -> None:
    """The words in the box are taken as they stand, whether Enter was pressed or not."""
    both = patcher.add("trigger b b", (button.rect[0], button.rect[1] + 36), (1, 2))
    word = patcher.add(f"message {verb}", (button.rect[0], button.rect[1] + 62), (2, 1))
    patcher.connect(button, 0, both)
    patcher.connect(both, 1, prompt)
    patcher.connect(both, 0, word)
    patcher.connect(word, 0, script)


def _add_feedback(patcher: Patcher, script: Box) -> None:
    progress = patcher.add(
        "slider",
        (560, 500, 140, 20),
        (1, 1),
        (8, 118, 304, 12),
        floatoutput=1,
        size=1.0,
        orientation=1,
        ignoreclick=1,
    )
    state = patcher.add(
        "comment ready",
        (560, 540, 300, 20),
        (1, 0),
        (8, 134, 306, 32),
        linecount=2,
        fontsize=10.0,
        textcolor=_TEXT,
    )
    patcher.connect(script, 2, progress)
    patcher.connect(script, 3, state)


def _add_start(patcher: Patcher, script: Box) -> None:
    """Once Live has set the device up: the sample rate, the prompt that was stored, the port."""
    device = patcher.add("live.thisdevice", (400, 20), (1, 3))
    both = patcher.add("trigger b b", (400, 50), (1, 2))
    begin = patcher.add("message begin", (400, 110), (2, 1))
    dsp = patcher.add("dspstate~", (520, 80), (1, 4))
    rate = patcher.add("prepend rate", (520, 110), (1, 1))
    patcher.connect(device, 0, both)
    patcher.connect(both, 1, dsp)
    patcher.connect(both, 0, begin)
    patcher.connect(dsp, 1, rate)
    patcher.connect(rate, 0, script)
    patcher.connect(begin, 0, script)


def _add_labels(patcher: Patcher) -> None:
    places = (("Bars", 8, 62), ("Takes", 58, 62), ("Seed", 100, 62), ("Port", 340, 145))
    for i, (text, left, top) in enumerate(places):
        patcher.add(
            f"comment {text}",
            (20 + 90.0 * i, 600, 60, 18),
            (1, 0),
            (left, top, 30 if text == "Port" else 42, 16),
            fontsize=9.5,
            textcolor=_TEXT,
        )

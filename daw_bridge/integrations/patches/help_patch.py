"""The help patch of ``magnet~``: an instrument to play, and what each message does."""

from __future__ import annotations

from daw_bridge.integrations.patches.patcher import Patcher

_ASK = "#0-ask"
"""What carries settings to the object without a cord across the patch."""
_STEPS = (
    ("1  Start magnet-server (or magnet-bridge live) in a terminal", 56),
    ("2  Start the transport and set its tempo: loops play in time", 92),
    ("3  Type what you want to hear and press Enter", 130),
    ("4  Ask for it, and play it: a newer clip takes over where", 246),
    ("    the loop begins again", 264),
)
_SETTINGS = (
    ("flonum", "bars", "how long"),
    ("flonum", "bpm", "how fast; 0 = as the transport"),
    ("number", "seed", "-1 = another each time"),
    ("flonum", "amount", "how far vary goes, 0 to 1"),
)
_BUTTONS = (
    *("generate", "start", "stop", "cancel", "takes 4", "take 2"),
    *("vary 0.4", "infill 4 8", "continue", "loop"),
)
_MIDDLE = 430.0


def build() -> Patcher:
    """The help patch."""
    patcher = Patcher((120, 120, 900, 560))
    add, connect = patcher.add, patcher.connect
    title = "comment magnet~: loops from words, in time with the transport"
    add(title, (20, 14, 560, 28), (1, 0), fontsize=18.0)
    add("comment 5  Turn the audio on", (480, 440, 150, 20), (1, 0))
    for text, top in _STEPS:
        add(f"comment {text}", (20, float(top), 400, 20), (1, 0))
    player = add("magnet~ 12100", (_MIDDLE, 340, 300, 22), (1, 5))
    _add_transport(patcher)
    _add_prompt(patcher)
    for i, word in enumerate(_BUTTONS):
        place = (_MIDDLE + 74 * (i % 6), 250.0 + 28 * (i // 6), 66, 22)
        connect(add(f"message {word}", place, (2, 1)), 0, player)
    connect(add(f"receive {_ASK}", (770, 300, 110, 22), (0, 1)), 0, player)
    _add_settings(patcher)
    speaker = add("ezdac~", (_MIDDLE, 430, 40, 40), (2, 0))
    progress = add("slider", (574, 384, 150, 16), (1, 1), floatoutput=1, size=1.0, orientation=1)
    state = add("comment what the server says", (640, 440, 240, 40), (1, 0), linecount=2)
    connect(player, 0, speaker, 0)
    connect(player, 1, speaker, 1)
    connect(player, 2, progress)
    connect(player, 3, state)
    connect(player, 4, add("print magnet~", (740, 384, 110, 22), (1, 0)))
    return patcher


def _add_transport(patcher: Patcher) -> None:
    switch = patcher.add("toggle", (_MIDDLE, 56, 22, 22), (1, 1))
    tempo = patcher.add("flonum", (500, 56, 60, 22), (1, 2))
    words = patcher.add("message tempo $1", (500, 84, 80, 22), (2, 1))
    transport = patcher.add("transport", (_MIDDLE, 112, 150, 22), (2, 9))
    patcher.connect(switch, 0, transport)
    patcher.connect(tempo, 0, words)
    patcher.connect(words, 0, transport)


def _add_prompt(patcher: Patcher) -> None:
    box = patcher.add("textedit", (_MIDDLE, 146, 420, 24), (1, 4), keymode=1)
    only = patcher.add("route text", (_MIDDLE, 178, 80, 22), (2, 2))
    words = patcher.add("prepend prompt", (_MIDDLE, 206, 110, 22), (1, 1))
    ask = patcher.add(f"send {_ASK}", (560, 206, 94, 22), (1, 0))
    patcher.connect(box, 0, only)
    patcher.connect(only, 0, words)
    patcher.connect(words, 0, ask)


def _add_settings(patcher: Patcher) -> None:
    """What holds for every request from now on."""
    add, connect = patcher.add, patcher.connect
    ask = add(f"send {_ASK}", (90, 458, 94, 22), (1, 0))
    for i, (kind, word, meaning) in enumerate(_SETTINGS):
        top = 296.0 + 28 * i
        box = add(kind, (20, top, 60, 22), (1, 2))
        words = add(f"prepend {word}", (90, top, 112, 22), (1, 1))
        add(f"comment {meaning}", (210, top, 210, 20), (1, 0))
        connect(box, 0, words)
        connect(words, 0, ask)
    more = add("message more temperature 2 loudness -18", (90, 424, 250, 22), (2, 1))
    add("comment further names of every request", (200, 458, 230, 20), (1, 0))
    connect(more, 0, ask)

"""``magnet~`` for Max: an abstraction with two buffers and phasors that the transport drives."""

from __future__ import annotations

from daw_bridge.integrations.patches.patcher import Box, Patcher
from osc_server.contract.addresses import DEFAULT_PORT

SCRIPT = "magnet-player.js"


def build() -> Patcher:
    """The abstraction: left, right, progress, state, everything."""
    patcher = Patcher((80, 80, 980, 720))
    add, connect = patcher.add, patcher.connect
    script = add(f"js {SCRIPT}", (360, 300), (1, 7))
    send = add(f"udpsend 127.0.0.1 {DEFAULT_PORT}", (20, 360), (1, 0))
    receive = add("udpreceive 20000 @quiet 1", (200, 20), (1, 1))
    connect(script, 0, send)
    connect(script, 1, receive)
    connect(receive, 0, script)
    host = add("transport", (560, 60), (2, 9))
    _add_inlet(patcher, script, host)
    _add_start(patcher, script, send)
    for outlet, word in ((4, "tempo"), (5, "meter")):
        words = add(f"prepend {word}", (560 + 110.0 * (outlet - 4), 100), (1, 1))
        connect(host, outlet, words)
        connect(words, 0, script)
    _add_decks(patcher, script)
    for outlet, left in ((2, 640.0), (3, 700.0), (6, 760.0)):
        connect(script, outlet, add("outlet", (left, 640, 30, 30), (1, 0)))
    return patcher


def _add_inlet(patcher: Patcher, script: Box, host: Box) -> None:
    """What is asked goes by the transport first, so that the script knows the tempo of now."""
    inlet = patcher.add("inlet", (360, 20, 30, 30), (0, 1))
    ways = patcher.add("route generate bang", (360, 60), (3, 3))
    both = patcher.add("trigger b b", (360, 100), (1, 2))
    generate = patcher.add("message generate", (360, 140), (2, 1))
    patcher.connect(inlet, 0, ways)
    patcher.connect(ways, 0, both)
    patcher.connect(ways, 1, both)
    patcher.connect(ways, 2, script)
    patcher.connect(both, 1, host)
    patcher.connect(both, 0, generate)
    patcher.connect(generate, 0, script)


def _add_start(patcher: Patcher, script: Box, send: Box) -> None:
    """The port of the server, which may be the abstraction's argument; the driver's rate."""
    args = patcher.add(f"patcherargs {DEFAULT_PORT}", (20, 60), (1, 2))
    both = patcher.add("trigger b i", (20, 100), (1, 2))
    port = patcher.add("prepend port", (110, 140), (1, 1))
    begin = patcher.add("message begin", (20, 180), (2, 1))
    patcher.connect(args, 0, both)
    patcher.connect(both, 1, port)
    patcher.connect(port, 0, send)
    patcher.connect(both, 0, begin)
    patcher.connect(begin, 0, script)
    load = patcher.add("loadbang", (780, 20), (1, 1))
    dsp = patcher.add("dspstate~", (780, 60), (1, 4))
    rate = patcher.add("prepend rate", (800, 100), (1, 1))
    patcher.connect(load, 0, dsp)
    patcher.connect(dsp, 1, rate)
    patcher.connect(rate, 0, script)


def _add_decks(patcher: Patcher, script: Box) -> None:
    add, connect = patcher.add, patcher.connect
    buffers = add("route 0 1", (360, 360), (3, 3))
    decks = add("route 0 1", (500, 360), (3, 3))
    connect(script, 4, buffers)
    connect(script, 5, decks)
    mixed = add("+~", (360, 600), (2, 1))
    for which in (0, 1):
        _add_deck(patcher, script, (buffers, decks, mixed), which)
    connect(mixed, 0, add("outlet", (360, 640, 30, 30), (1, 0)))
    connect(mixed, 0, add("outlet", (420, 640, 30, 30), (1, 0)))


def _add_deck(patcher: Patcher, script: Box, around: tuple[Box, Box, Box], which: int) -> None:
    """One buffer, read by a phasor that is locked to the transport.

    The phasor goes from 0 to 1 in the beats of the loop, so the clip is in place whatever its
    sample rate and the driver's are; where the tempo changes it follows by its pitch.
    """
    add, connect = patcher.add, patcher.connect
    buffers, decks, mixed = around
    left = 240.0 + 360 * which
    name = f"#0-magnet-{'ab'[which]}"
    store = add(f"buffer~ {name}", (left, 400), (1, 2))
    loaded = add(f"message loaded {which}", (left + 140, 430), (2, 1))
    connect(buffers, which, store)
    connect(store, 1, loaded)
    connect(loaded, 0, script)
    words = add("route time fade", (left + 240, 400), (3, 3))
    connect(decks, which, words)
    phase = add("phasor~ 1920 ticks @lock 1", (left, 470), (2, 1))
    read = add(f"wave~ {name}", (left, 510), (3, 1))
    fade = add("line~", (left + 240, 510), (2, 2))
    level = add("*~", (left, 550), (2, 1))
    connect(words, 0, phase)
    connect(words, 1, fade)
    connect(phase, 0, read)
    connect(read, 0, level)
    connect(fade, 0, level, 1)
    connect(level, 0, mixed, which)
    half = add(">~ 0.5", (left + 140, 550), (2, 1))
    edge = add("edge~", (left + 140, 580), (1, 2))
    wrapped = add(f"message wrapped {which}", (left + 140, 610), (2, 1))
    connect(phase, 0, half)
    connect(half, 0, edge)
    connect(edge, 1, wrapped)
    connect(wrapped, 0, script)

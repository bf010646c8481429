"""Ardour leads the clock by its OSC: our clicks against its clicks, in frames."""

from __future__ import annotations

import sys
from contextlib import contextmanager

import numpy as np
import pytest

from tests.daw_bridge.ardours import STEADY, make_session, running_ardour
from tests.daw_bridge.integrations.test_ardour_clock import CLICK, measured, places
from tests.daw_bridge.test_live_clock import RATE_HZ, live, undisturbed
from tests.tools import require_package, require_portaudio, running_jack

pytestmark = [
    pytest.mark.ardour,
    pytest.mark.jack,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="JACK with its dummy driver"),
]

BLOCK = 1024
LEADS = r"osc \(Ardour: song\) leads the clock"
OFF_MS = 10


@pytest.fixture(scope="module")
def jack_server(tmp_path_factory):
    """A JACK server that waits for whoever is late: what counts is what lies on which frame."""
    require_portaudio()
    require_package("jack", package="JACK-Client")
    with running_jack(tmp_path_factory.mktemp("jack"), patient=True, block=BLOCK) as server:
        yield server


@contextmanager
def clicking_ardour(jack_server, folder, bridge):
    """Ardour with its click, which the ear hears; both play to the card."""
    with running_ardour(jack_server, folder, "song") as ardour:
        ardour.send("/toggle_click")
        bridge.ear.connect(CLICK, "other")
        for output in (CLICK, "ardour:Master/audio_out 1"):
            jack_server.run("jack_connect", output, "system:playback_1")
        ardour.listen(2)  # until each has been told the other's latency, and who listens
        yield ardour


@contextmanager
def followed(jack_server, folder, bpm):
    make_session(folder, "song", RATE_HZ, STEADY.format(bpm=bpm))
    with live(jack_server, folder, "--ardour-osc", "localhost", block=BLOCK) as bridge:
        bridge.ear.wait_for_connection("PortAudio:out_0", "system:playback_1")
        yield bridge


def roll(bridge, ardour):
    """Play from the beginning, where it stands, until the line through its places is long."""
    ardour.stand()
    said = len(bridge.program.text)
    ardour.send("/transport_play")
    bridge.program.expect(LEADS, after=said)
    bridge.ear.listen(6)


@pytest.mark.parametrize("bpm", [131.25, 97.3])
def test_a_loop_lies_on_the_clicks_of_ardour(jack_server, tmp_path, bpm):
    with (
        followed(jack_server, tmp_path, bpm) as bridge,
        clicking_ardour(jack_server, tmp_path, bridge) as ardour,
    ):

        def measure():
            roll(bridge, ardour)
            return bridge.ask("bpm"), measured(bridge, 6), bridge.ask("bpm"), places(bridge, ardour)

        told, off, told_later, (theirs, ours) = undisturbed(jack_server, bridge.ear, measure)
    print(told, told_later, off, off.max())
    assert told == told_later == pytest.approx(bpm)
    assert len(off) >= 8
    assert off.max() < OFF_MS
    assert ours == theirs

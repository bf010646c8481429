"""Ardour leads the clock by its OSC: our clicks against its clicks, in frames."""

from __future__ import annotations

import sys
from contextlib import contextmanager

import numpy as np
import pytest

from tests.daw_bridge.ardours import STEADY, make_session, running_ardour
from tests.daw_bridge.integrations.test_ardour_clock import CLICK, measured, moved_about, places
from tests.daw_bridge.test_live_clock import RATE_HZ, live, undisturbed
from tests.tools import require_package, require_portaudio, running_jack

pytestmark = [
    pytest.mark.ardour,
    pytest.mark.jack,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="JACK with its dummy driver"),
]

BLOCK = 1024
SEVEN_EIGHTS = """
local tempos = Temporal.TempoMap.fetch_writable ()
local function at (quarter) return Temporal.timepos_t.from_ticks (1920 * quarter) end
tempos:set_meter (Temporal.Meter (7, 8), at (0))
tempos:set_tempo (Temporal.Tempo (97.3, 97.3, 4), at (0))
tempos:set_tempo (Temporal.Tempo (280, 280, 8), at (14))
Temporal.TempoMap.update (tempos)
"""
WHO = r"osc \(Ardour: song\)"
OFF_MS = 10
"""Less than half a block, so that a half that is taken off the wrong way would be seen."""


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
    said = len(bridge.program.text)
    with running_ardour(jack_server, folder, "song") as ardour:
        ardour.send("/toggle_click")
        bridge.ear.connect(CLICK, "other")
        for output in (CLICK, "ardour:Master/audio_out 1"):
            jack_server.run("jack_connect", output, "system:playback_1")
        bridge.program.expect("Ardour answers", after=said)
        ardour.listen(1)  # until each has been told the other's latency
        yield ardour


@contextmanager
def waiting_for_ardour(jack_server, folder, tempos):
    """A live set that follows an Ardour as soon as there is one, and a session for that."""
    make_session(folder, "song", RATE_HZ, tempos)
    with live(jack_server, folder, "--ardour-osc", "localhost", block=BLOCK) as bridge:
        bridge.ear.wait_for_connection("PortAudio:out_0", "system:playback_1")
        yield bridge


def roll(bridge, ardour):
    """Play from the beginning, where it stands."""
    ardour.stand()
    said = len(bridge.program.text)
    ardour.send("/transport_play")
    ardour.expect("/transport_play", 1.0)
    bridge.program.expect(f"{WHO} leads the clock", after=said)
    bridge.ear.listen(3)


def test_a_loop_lies_on_the_clicks_of_ardour_and_waits_for_it_when_it_vanishes(
    jack_server, tmp_path
):
    bpm = 131.25
    with waiting_for_ardour(jack_server, tmp_path, STEADY.format(bpm=bpm)) as bridge:

        def measure():
            roll(bridge, ardour)
            return measured(bridge, 6), bridge.ask("bpm"), places(bridge, ardour)

        found = []
        for _ in range(2):  # it may go and come back
            with clicking_ardour(jack_server, tmp_path, bridge) as ardour:
                found.append(undisturbed(jack_server, bridge.ear, measure))
                said = len(bridge.program.text)
                ardour.program.kill()
                bridge.program.expect("is silent: the clock goes on alone", after=said)
                bridge.program.expect("Ardour does not answer any more", after=said)
                alone = np.diff(bridge.clicks(bridge.ear.listen(4)))
    for off, told, (theirs, ours) in found:
        assert len(off) >= 8
        assert off.max() < OFF_MS
        assert told == pytest.approx(bpm, abs=0.01)
        assert ours == theirs
    assert len(alone) >= 7
    assert alone == pytest.approx(RATE_HZ * 60 / bpm, abs=RATE_HZ * OFF_MS / 1000)


def test_ardour_stops_goes_on_and_jumps_and_the_loop_with_it(jack_server, tmp_path):
    with (
        waiting_for_ardour(jack_server, tmp_path, STEADY.format(bpm=125)) as bridge,
        clicking_ardour(jack_server, tmp_path, bridge) as ardour,
    ):

        def measure():
            roll(bridge, ardour)
            return moved_about(bridge, ardour, WHO, settle_seconds=2)

        silence, found = undisturbed(jack_server, bridge.ear, measure)
    assert not silence.any()
    for off, (theirs, ours) in found:
        assert len(off) >= 6
        assert off.max() < OFF_MS
        assert ours == theirs


def test_ardours_meter_and_a_new_tempo_are_heard_from_its_bars(jack_server, tmp_path):
    with (
        waiting_for_ardour(jack_server, tmp_path, SEVEN_EIGHTS) as bridge,
        clicking_ardour(jack_server, tmp_path, bridge) as ardour,
    ):
        roll(bridge, ardour)
        until(bridge, ardour, bar=3)
        slow = bridge.ask("meter"), bridge.ask("bpm"), bridge.ask("bar")
        until(bridge, ardour, bar=8)
        fast = bridge.ask("meter"), bridge.ask("bpm"), bridge.ask("bar")
    assert slow == ("7/8", pytest.approx(97.3, abs=0.05), 3)
    assert fast == ("7/8", pytest.approx(140, abs=0.05), 8)


def until(bridge, ardour, bar):
    """Wait until Ardour is in the middle of a bar."""
    while ardour.place[:2] != (bar, 4):
        ardour.expect("/position/bbt")
        assert ardour.place[0] <= bar

"""Ardour leads the clock: its own MIDI clock, and our clicks against its clicks, in frames."""

from __future__ import annotations

import sys
from contextlib import contextmanager

import numpy as np
import pytest

from tests.daw_bridge.ardours import STEADY, make_session, running_ardour
from tests.daw_bridge.jack_ear import onsets
from tests.daw_bridge.test_live_clock import BLOCK, RATE_HZ, live, undisturbed
from tests.tools import require_package, require_portaudio, running_jack

pytestmark = [
    pytest.mark.ardour,
    pytest.mark.jack,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="JACK with its dummy driver"),
]

CLOCK_OUT = "ardour:MIDI Clock out"
CLICK = "ardour:Click/audio_out 1"


@pytest.fixture(scope="module")
def jack_server(tmp_path_factory):
    """A JACK server that waits for whoever is late: what counts is what lies on which frame."""
    require_portaudio()
    require_package("jack", package="JACK-Client")
    with running_jack(tmp_path_factory.mktemp("jack"), patient=True, block=BLOCK) as server:
        yield server


@contextmanager
def led_by_ardour(jack_server, folder, bpm, *flags, jitter_seconds=0.0):
    """A live set and Ardour, which sends MIDI clock; the ear hears the clicks of both.

    Both play to the card, as on a musician's computer: Ardour then writes its sound ahead.
    """
    make_session(folder, "song", RATE_HZ, STEADY.format(bpm=bpm))
    with (
        live(jack_server, folder, *flags, jitter_seconds=jitter_seconds) as bridge,
        running_ardour(jack_server, folder, "song", send_midi_clock="1") as ardour,
    ):
        ardour.send("/toggle_click")
        bridge.ear.connect(CLOCK_OUT, "midi")
        bridge.ear.connect(CLICK, "other")
        for output in (CLICK, "ardour:Master/audio_out 1"):
            jack_server.run("jack_connect", output, "system:playback_1")
        bridge.ear.wait_for_connection("PortAudio:out_0", "system:playback_1")
        bridge.ear.wait_for_connection(flags[1], "magnet-bridge")
        ardour.listen(1)  # until each has been told the other's latency
        yield bridge, ardour


def clicks_of_ardour(ear, begins):
    """The frames of Ardour's beats, as it sounds them."""
    sound = ear.other[begins:]
    return begins + onsets(sound, 0.2 * np.abs(sound).max())


def off_ms(clicks, beats):
    """How far each click is from where it should be between two beats, or the nearest beat."""
    return np.abs(clicks[:, None] - beats[None, :]).min(axis=1) / RATE_HZ * 1000


def measured(bridge, seconds):
    """For so long, once it sounds: how far each of our clicks is from the nearest of Ardour's."""
    before = bridge.ear.frame
    bridge.ear.until(lambda: bridge.ear.other[before:].any())  # a busy machine jumps slowly
    begins = bridge.ear.listen(seconds)
    ours, theirs = bridge.clicks(begins), clicks_of_ardour(bridge.ear, begins)
    inside = (ours > theirs[0] - 1000) & (ours < theirs[-1] + 1000)
    return off_ms(ours[inside], theirs)


def places(bridge, ardour):
    """The beat of the song that Ardour says it is on, and the one that the bridge says."""
    while True:  # in the middle of a beat, so that it is the same one for both
        ardour.expect("/position/bbt")
        bar, beat, tick = ardour.place
        if 400 < tick < 900:
            return 4 * (bar - 1) + beat - 1, bridge.ask("beat")


def moved_about(bridge, ardour, who, *, settle_seconds):
    """Stop Ardour, which ``who`` tells of, let it go on, and put it elsewhere twice.

    Our sound while it stood; then, after each move, how far our clicks are off and the places.
    """
    ear, said = bridge.ear, len(bridge.program.text)
    ardour.send("/transport_stop")
    bridge.program.expect(f"{who} has stopped", after=said)
    ear.listen(0.3)
    begins = ear.listen(2)
    silence, found = ear.sound[begins:], []
    ardour.send("/transport_play")
    bridge.program.expect(f"{who} leads the clock", after=said)
    # 30 s is in the middle of a beat.
    for move in (None, ("/locate", 30 * RATE_HZ, 1), ("/goto_start", 1)):
        if move is not None:
            ardour.send(*move)
        ear.listen(settle_seconds)
        found.append((measured(bridge, 4), places(bridge, ardour)))
    return silence, found


def roll(bridge, ardour):
    """Play from the beginning, where it stands."""
    ardour.stand()
    said = len(bridge.program.text)
    ardour.send("/transport_play")
    ardour.expect("/transport_play", 1.0)
    bridge.program.expect("midi leads the clock", after=said)


@pytest.mark.parametrize(
    ("bpm", "jitter_seconds", "flags"),
    [
        (131.25, 0.0, ("--clock-in", CLOCK_OUT)),
        (125, 0.003, ("--clock-in", "ear:cable", "--clock-offset", "-10")),  # the cable's length
    ],
)
def test_a_loop_lies_on_the_clicks_of_ardour(jack_server, tmp_path, bpm, jitter_seconds, flags):
    with led_by_ardour(jack_server, tmp_path, bpm, *flags, jitter_seconds=jitter_seconds) as (
        bridge,
        ardour,
    ):

        def measure():
            roll(bridge, ardour)
            bridge.ear.listen(8 * 60 / bpm)  # two bars
            return bridge.ask("bpm"), measured(bridge, 5), bridge.ask("bpm"), places(bridge, ardour)

        told, off, told_later, (theirs, ours) = undisturbed(jack_server, bridge.ear, measure)
    assert abs(told - bpm) < 0.1
    assert abs(told_later - bpm) < 0.1
    assert len(off) >= 8
    assert off.max() < 5
    assert ours == theirs


def test_ardour_stops_goes_on_and_jumps_and_the_loop_with_it(jack_server, tmp_path):
    with led_by_ardour(jack_server, tmp_path, 125, "--clock-in", CLOCK_OUT) as (bridge, ardour):

        def measure():
            roll(bridge, ardour)
            bridge.ear.listen(3)
            return moved_about(bridge, ardour, "midi", settle_seconds=1)

        silence, found = undisturbed(jack_server, bridge.ear, measure)
    assert not silence.any()
    for off, (theirs, ours) in found:
        assert len(off) >= 6
        assert off.max() < 5
        assert ours == theirs

"""Several decks in one mixer: their own outputs, and scenes that begin on one sample."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from daw_bridge.audio.deck import Cue, Deck
from daw_bridge.audio.mixer import Mixer, Scene
from daw_bridge.audio.offline_output import OfflineOutput
from daw_bridge.clock.internal_clock import InternalClock
from osc_server.contract.musical_time import Meter
from tests.daw_bridge.audio.sounds import RATE_HZ, constant, ramp

BAR = Fraction(4)
FADE = 240


class Rig:
    """Decks on routes, pulled by hand."""

    def __init__(self, *routes, n_channels=None, block_size=1024):
        n_channels = n_channels or 1 + max(max(route) for route in routes)
        self.output = OfflineOutput(RATE_HZ, n_channels, block_size)
        self.clock = InternalClock(RATE_HZ, 120, Meter(), self.output.heard_sample)
        self.decks = [Deck(self.clock, RATE_HZ, block_size, len(route)) for route in routes]
        self.mixer = Mixer(self.decks, RATE_HZ, block_size, n_channels, routes=routes)
        self.output.start(self.mixer)

    def scene(self, *loops, beat, quantum=BAR):
        cues = [Cue(loop, Fraction(beat), Fraction(quantum)) for loop in loops]
        self.mixer.launch(Scene(tuple(zip(self.decks, cues, strict=True))))


def test_each_deck_sounds_on_its_own_outputs_and_nowhere_else():
    rig = Rig((0, 1), (2, 3), (4,))
    for deck, value, width in zip(rig.decks, (0.1, 0.2, 0.3), (2, 2, 1), strict=True):
        deck.cue(Cue(constant(value, n_channels=width), Fraction(0), BAR))
    heard = rig.output.render(5000)
    expected = np.array([0.1, 0.1, 0.2, 0.2, 0.3], np.float32)
    assert (heard == expected).all()


def test_decks_on_the_same_outputs_are_added_up():
    rig = Rig((0, 1), (1, 0))
    for deck in rig.decks:
        deck.cue(Cue(constant(0.25), Fraction(0), BAR))
    assert (rig.output.render(5000) == np.float32(0.5)).all()


def test_a_scene_begins_on_one_sample_on_every_deck():
    rig = Rig(*[(2 * k, 2 * k + 1) for k in range(8)])
    rig.decks[0].cue(Cue(constant(0.0), Fraction(0), BAR))  # one plays, the others are silent
    rig.output.render(100_000)
    loops = [ramp(beats=8) for _ in rig.decks]
    rig.scene(*loops, beat=8)
    heard = rig.output.render(192_000)
    bar = 192_000 - 100_000
    for column in range(0, 16, 2):
        assert np.array_equal(heard[bar:, column], loops[0].samples[:100_000, 0])


def test_a_scene_that_is_late_for_one_deck_waits_with_all_of_them():
    rig = Rig((0, 1), (2, 3), block_size=100)
    rig.decks[0].cue(Cue(constant(0.0), Fraction(0), BAR))
    # 100 samples before the bar: too late for the fade of deck 1, in time for deck 2, in silence.
    rig.output.render(95_900)
    loop = ramp(beats=8)
    rig.scene(loop, loop, beat=4)
    heard = rig.output.render(100 + 96_000 + 5000)
    bar = 96_100
    assert not heard[: bar - FADE].any()
    assert np.array_equal(heard[bar:, 0], loop.samples[:5000, 0])
    assert np.array_equal(heard[bar:, 2], loop.samples[:5000, 0])


def test_a_tap_gets_each_deck_before_and_the_mix_after_the_level():
    class Ear:
        def __init__(self):
            self.heard = {}

        def take(self, source, block, start):
            self.heard[source] = (start, float(block[-1, 0]))

    rig, ear = Rig((0, 1), (0, 1)), Ear()
    for deck, value in zip(rig.decks, (0.125, 0.25), strict=True):
        deck.cue(Cue(constant(value), Fraction(0), BAR))
    rig.mixer.set_level(-90)
    rig.output.render(10 * 1024)
    rig.mixer.set_tap(ear)
    rig.output.render(1024)
    assert ear.heard == {0: (10_240, 0.125), 1: (10_240, 0.25), -1: (10_240, 0.0)}

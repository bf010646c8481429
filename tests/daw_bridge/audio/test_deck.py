"""The deck, heard through the offline output: periods, change-overs, crossfades, levels."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from daw_bridge.audio.deck import Cue, Deck
from daw_bridge.audio.level import db_to_gain
from daw_bridge.audio.offline_output import OfflineOutput
from daw_bridge.clock.internal_clock import InternalClock
from osc_server.contract.errors import BadRequest, Busy
from osc_server.contract.musical_time import Meter
from tests.daw_bridge.audio.sounds import RATE_HZ, constant, noise, ramp, rms, sine

BAR = Fraction(4)
FADE = 240  # 5 ms at 48 kHz


class Rig:
    """A deck on an internal clock, pulled by hand."""

    def __init__(self, bpm=120.0, block_size=1024, rate_hz=RATE_HZ):
        self.output = OfflineOutput(rate_hz, 2, block_size)
        self.clock = InternalClock(rate_hz, bpm, Meter(), self.output.heard_sample)
        self.deck = Deck(self.clock, rate_hz, block_size, 2)
        self.output.start(self.deck)

    def cue(self, loop, beat=0, quantum=BAR, **how):
        self.deck.cue(Cue(loop, Fraction(beat), Fraction(quantum), **how))

    def hear(self, n_samples):
        return self.output.render(n_samples)[:, 0]


def test_a_deck_without_a_loop_is_silent():
    assert not Rig().hear(5000).any()


@pytest.mark.parametrize("block_size", [64, 441, 1024, 4096])
def test_the_period_of_a_loop_is_exact_to_the_sample(block_size):
    rig = Rig(block_size=block_size)
    loop = ramp()
    rig.cue(loop)
    heard = rig.hear(10 * loop.n_samples)
    assert np.array_equal(heard, np.tile(loop.samples[:, 0], 10))


def test_a_round_begins_on_the_sample_nearest_to_its_beat_for_an_hour():
    rig = Rig(bpm=128.5, block_size=4096)
    loop = ramp(beats=16, bpm=128.5)
    rig.cue(loop)
    period = Fraction(16 * 60 * RATE_HZ) / Fraction(128.5)  # 358599.22 samples
    n_rounds = 482
    reader_starts = []
    out = np.zeros((4096, 2), np.float32)
    sample, end = 0, round(n_rounds * period)
    while sample < end:
        # Silent running: only the boundaries are looked at.
        rig.deck.process(out, sample)
        sample += 4096
        reader = rig.deck._reader
        if not reader_starts or reader_starts[-1] != reader.starts_at:
            reader_starts.append(reader.starts_at)
    expected = [round(k * period) for k in range(len(reader_starts))]
    assert len(reader_starts) >= n_rounds
    assert reader_starts == expected


def test_a_round_that_is_not_whole_samples_long_steps_without_a_click():
    rig = Rig(bpm=128.5)
    loop = sine(cycles=2000, beats=16, bpm=128.5)  # about 268 Hz
    rig.cue(loop)
    heard = rig.hear(12 * loop.n_samples)
    steepest = np.abs(np.diff(loop.samples[:, 0])).max()
    assert np.abs(np.diff(heard)).max() < steepest * 1.05


def test_two_decks_with_loops_of_unlike_length_stay_together():
    rig = Rig(bpm=127.3)
    short, long = Deck(rig.clock, RATE_HZ, 1024, 2), rig.deck
    short.cue(Cue(ramp(beats=4, bpm=127.3), Fraction(0), BAR))
    long.cue(Cue(ramp(beats=16, bpm=127.3), Fraction(0), BAR))
    out = np.zeros((1024, 2), np.float32)
    apart = []
    for block in range(20000):
        short.process(out, block * 1024)
        long.process(out, block * 1024)
        if short.origin_beat == long.origin_beat:
            apart.append(short._reader.starts_at - long._reader.starts_at)
    assert len(set(apart)) == 1
    assert apart[0] == 0


def test_the_new_loop_begins_on_the_exact_sample_of_its_bar():
    rig = Rig()
    first, second = constant(0.0), ramp(beats=8)
    rig.cue(first)
    rig.hear(100_000)
    rig.cue(second, beat=8)
    heard = rig.hear(200_000)
    bar = 192_000 - 100_000  # beat 8 at 120 BPM and 48 kHz
    assert np.array_equal(heard[bar : bar + 50_000], second.samples[:50_000, 0])
    assert not heard[: bar - FADE].any()


def test_a_late_cue_waits_for_the_next_bar():
    rig = Rig()
    rig.cue(constant(0.0))
    rig.hear(100_000)  # past beat 4
    second = ramp(beats=8)
    rig.cue(second, beat=4)
    heard = rig.hear(200_000)
    bar = 192_000 - 100_000
    assert np.array_equal(heard[bar : bar + 1000], second.samples[:1000, 0])


def test_a_cue_that_comes_within_the_crossfade_waits_for_the_next_bar():
    rig = Rig(block_size=1)
    rig.cue(constant(0.0))
    rig.hear(192_000 - FADE + 1)
    rig.cue(ramp(beats=8), beat=8)
    heard = rig.hear(96_000 + 1000)
    bar = 96_000 + FADE - 1  # beat 12
    assert not heard[: bar - FADE].any()
    assert np.array_equal(heard[bar:], ramp(beats=8).samples[: len(heard) - bar, 0])


def test_the_first_loop_starts_whole_on_sample_zero():
    rig = Rig()
    loop = noise(1)
    rig.cue(loop)
    assert np.array_equal(rig.hear(loop.n_samples), loop.samples[:, 0])


def test_from_silence_a_loop_without_room_for_its_fade_starts_on_its_downbeat():
    rig = Rig(block_size=100)
    rig.hear(95_900)  # 100 samples before the bar
    loop = noise(1)
    rig.cue(loop, beat=4)
    heard = rig.hear(1000)
    assert not heard[:100].any()
    assert np.array_equal(heard[100:], loop.samples[:900, 0])


def test_from_silence_a_loop_fades_in_its_own_tail_before_its_downbeat():
    rig = Rig()
    rig.hear(95_232)
    loop = noise(1)
    rig.cue(loop, beat=4)
    heard = rig.hear(2048)
    bar = 96_000 - 95_232
    assert not heard[: bar - FADE].any()
    assert heard[bar - FADE : bar].any()
    assert np.array_equal(heard[bar:], loop.samples[: 2048 - bar, 0])


def test_the_change_over_of_unlike_material_keeps_its_power():
    powers = []
    for seed in range(40):
        rig = Rig()
        rig.cue(noise(seed))
        rig.hear(10_000)
        rig.cue(noise(1000 + seed), beat=4)
        heard = rig.hear(96_000)
        bar = 96_000 - 10_000
        powers.append(rms(heard[bar - FADE : bar]) ** 2)
    assert np.sqrt(np.mean(powers)) == pytest.approx(0.2, rel=0.05)


def test_the_change_over_has_no_click():
    rig = Rig()
    low, high = sine(cycles=100), sine(cycles=160)
    rig.cue(low)
    rig.hear(10_000)
    rig.cue(high, beat=4)
    heard = rig.hear(120_000)
    fade_slope = 0.5 * np.pi / 2 / FADE * np.sqrt(2)
    steepest = np.abs(np.diff(high.samples[:, 0])).max() * np.sqrt(2) + fade_slope
    assert np.abs(np.diff(heard)).max() < steepest


def test_a_gapless_cue_switches_between_two_samples():
    rig = Rig()
    rig.cue(constant(0.25))
    rig.hear(10_000)
    rig.cue(constant(0.75), beat=4, gapless=True)
    heard = rig.hear(100_000)
    bar = 96_000 - 10_000
    assert (heard[:bar] == np.float32(0.25)).all()
    assert (heard[bar:] == np.float32(0.75)).all()


def test_a_cue_replaces_one_that_still_waits():
    rig = Rig()
    rig.cue(constant(0.1))
    rig.hear(10_000)
    rig.cue(constant(0.2), beat=4)
    rig.hear(10_000)
    rig.cue(constant(0.3), beat=4)
    assert rig.hear(100_000)[-1] == np.float32(0.3)


def test_a_cue_of_nothing_fades_to_silence_on_the_bar():
    rig = Rig()
    rig.cue(constant(0.5))
    rig.hear(10_000)
    rig.cue(None, beat=4)
    heard = rig.hear(100_000)
    bar = 96_000 - 10_000
    assert (heard[: bar - FADE] == np.float32(0.5)).all()
    assert not heard[bar:].any()


def test_the_change_over_falls_between_two_rounds_of_a_loop_that_needs_a_step():
    rig = Rig(bpm=128.5)
    rig.cue(ramp(beats=16, bpm=128.5))
    rig.hear(100_000)
    second = ramp(beats=4, bpm=128.5)
    rig.cue(second, beat=16)
    heard = rig.hear(400_000)
    bar = round(Fraction(16 * 60 * RATE_HZ) / Fraction(128.5)) - 100_000
    assert np.array_equal(heard[bar : bar + 1000], second.samples[:1000, 0])


def test_a_new_tempo_takes_over_with_its_loop():
    rig = Rig(bpm=120)
    rig.cue(ramp(beats=4, bpm=120))
    rig.hear(10_000)
    slow = ramp(beats=4, bpm=90)
    rig.cue(slow, beat=8, leads=True)
    heard = rig.hear(500_000)
    bar = 192_000 - 10_000
    assert np.array_equal(heard[bar : bar + 256_000], np.tile(slow.samples[:, 0], 2))


def test_a_tempo_whose_loop_is_replaced_before_its_bar_never_comes():
    rig = Rig(bpm=120)
    rig.cue(ramp(beats=4, bpm=120))
    rig.hear(10_000)
    rig.cue(ramp(beats=4, bpm=90), beat=8, leads=True)
    rig.hear(10_000)
    rig.cue(ramp(beats=4, bpm=120), beat=12, leads=True)
    rig.hear(400_000)
    assert rig.clock.sample_at(Fraction(16)) == 16 * 24_000


@pytest.mark.parametrize("quantum", [0, -4])
def test_a_quantum_of_nothing_is_refused(quantum):
    with pytest.raises(BadRequest, match="quantum"):
        Rig().cue(ramp(), quantum=quantum)


def test_the_deck_says_what_it_plays_and_what_waits():
    rig = Rig()
    first, second = constant(0.1), constant(0.2)
    rig.cue(first)
    rig.hear(10_000)
    rig.cue(second, beat=4)
    rig.hear(1024)
    assert (rig.deck.playing, rig.deck.cued) == (first, second)
    rig.hear(100_000)
    assert (rig.deck.playing, rig.deck.cued) == (second, None)


@pytest.mark.parametrize("level_db", [-6.0, -20.0, 3.0])
def test_a_level_in_db_is_reached_exactly(level_db):
    rig = Rig()
    rig.cue(constant(0.5))
    rig.deck.set_level(level_db)
    assert rig.hear(10_000)[-1] == pytest.approx(0.5 * db_to_gain(level_db), rel=1e-6)


def test_a_level_of_minus_90_db_is_silence():
    rig = Rig()
    rig.cue(constant(0.5))
    rig.deck.set_level(-90)
    assert rig.hear(10_000)[-1] == 0.0


@pytest.mark.parametrize("block_size", [64, 1024])
def test_a_level_glides_in_twenty_milliseconds_whatever_the_block_size(block_size):
    rig = Rig(block_size=block_size)
    rig.cue(constant(1.0))
    rig.hear(block_size)
    rig.deck.set_level(-90)
    heard = rig.hear(1024)
    assert np.allclose(heard[:960], 1 - np.arange(1, 961) / 960, atol=1e-5)
    assert not heard[960:].any()


def test_a_level_that_is_moved_in_mid_glide_goes_on_from_where_it_is():
    rig = Rig(block_size=480)
    rig.cue(constant(1.0))
    rig.hear(480)
    rig.deck.set_level(-90)
    rig.hear(480)
    rig.deck.set_level(0)
    heard = rig.hear(960)
    assert heard[0] == pytest.approx(0.5, abs=0.01)
    assert heard[-1] == 1.0


def test_a_flood_of_cues_is_refused_to_the_sender_and_not_to_the_callback():
    rig = Rig()
    loop = constant(0.1)
    for _ in range(64):
        rig.cue(loop)
    with pytest.raises(Busy, match="sound device"):
        rig.cue(loop)
    assert rig.hear(10_000)[-1] == np.float32(0.1)

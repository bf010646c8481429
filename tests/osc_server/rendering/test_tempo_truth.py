"""Takes come at the host's tempo, and the bar of a drum loop begins where the loop begins."""

from dataclasses import replace

import numpy as np
import pytest

from osc_server.contract.errors import Cancelled
from osc_server.contract.requests import GenerateClip, WeightedPrompt
from osc_server.rendering.downbeat import find_downbeat
from osc_server.rendering.finishing import Finished
from osc_server.rendering.onsets import first_beat_seconds
from osc_server.rendering.plan import BeatGrid
from osc_server.rendering.tempo import bpm_measured, measure_tempo
from osc_server.rendering.tempo_truth import set_in_time
from osc_server.rendering.tone_engine import ToneEngine
from tests.osc_server.rendering.studio import Studio, tune

RATE = 48000
ASKED = GenerateClip(1, prompt="drums", bars=2, bpm=120, seed=7)


class OwnTempo(ToneEngine):
    """A model that is only told the tempo in words, and plays as it likes: by its seeds."""

    def __init__(self, bpms, first_beat=0.0):
        super().__init__()
        self._info = replace(self._info, takes_tempo=False, companion="")
        self._bpms = list(bpms)
        self._first_beat = first_beat
        self.seeds = []

    def generate(self, plans, on_step, **hooks):
        told = []
        for plan in plans:
            bpm = self._bpms[min(len(self.seeds), len(self._bpms) - 1)]
            self.seeds.append(plan.seed)
            grid = BeatGrid(bpm / 60 / self._info.frame_rate, 4.0, -self._first_beat)
            told.append(replace(plan, beat_grid=grid))
        return super().generate(told, on_step, **hooks)


BREAKBEAT = "x.x.......xx....", "....x..o.o..x..o"


def drums(late_sixteenths=0, bars=BREAKBEAT):
    """Kick, snare and hats of two bars at 120 BPM, as a loop ``[n, 1]``."""
    rng = np.random.default_rng(3)
    n_bars, n = 2, 4 * RATE
    seconds = np.arange(round(0.15 * RATE)) / RATE
    noise = rng.standard_normal(len(seconds))
    kick = np.sin(2 * np.pi * 55 * seconds) * np.exp(-seconds / 0.05)
    snare = 0.5 * noise * np.exp(-seconds / 0.04)
    hat = 0.15 * np.diff(noise, prepend=0) * np.exp(-seconds / 0.01)
    rows = (kick, bars[0]), (snare, bars[1]), (hat, "x.x.x.x.x.x.x.x.")
    audio = np.zeros(n)
    for sound, bar in rows:
        for place, stroke in enumerate(bar * n_bars):
            begin = round((place + late_sixteenths) * n / (16 * n_bars))
            where = np.arange(begin, begin + len(sound)) % n
            np.add.at(audio, where, sound * {"x": 1.0, "o": 0.4, ".": 0.0}[stroke])
    return (0.5 * audio[:, None]).astype("f4")


def finished(audio):
    return Finished(audio, -14.0, -3.0)


@pytest.mark.parametrize("own_bpm", [112.0, 117.0, 123.0, 132.0])
def test_a_loop_at_another_tempo_is_stretched_to_the_host_and_stays_exactly_as_long(
    tmp_path, own_bpm
):
    studio = Studio(tmp_path, OwnTempo([own_bpm]))
    made = studio.make(ASKED)
    audio, rate_hz = studio.audio(made), made.measured.rate_hz
    assert len(audio) == made.measured.n_samples == 4 * rate_hz
    assert bpm_measured(audio, rate_hz, 120, loop=True) == pytest.approx(120, rel=0.002)
    assert made.measured.stretch == pytest.approx(own_bpm / 120, rel=0.005)
    assert not made.codes_match
    assert f"from {own_bpm:.0f}" in made.notes


def test_a_loop_that_is_late_is_turned_to_its_beat(tmp_path):
    studio = Studio(tmp_path, OwnTempo([120.0], first_beat=0.3))
    made = studio.make(ASKED)
    assert made.measured.turned_beats == pytest.approx(0.3, abs=0.02)
    audio, rate_hz = studio.audio(made), made.measured.rate_hz
    late = first_beat_seconds(audio, rate_hz, 120, loop=True)
    assert min(late, 0.5 - late) < 0.008


def test_what_cannot_be_conformed_is_drawn_again_from_other_seeds(tmp_path):
    engine = OwnTempo([150.0, 145.0, 118.0])
    made = Studio(tmp_path, engine).make(ASKED)
    assert len(set(engine.seeds)) == 3
    assert made.seed == engine.seeds[-1]
    assert made.measured.bpm_measured == pytest.approx(120, rel=0.005)


def test_after_two_more_seeds_it_is_delivered_as_it_came_and_says_so(tmp_path):
    engine = OwnTempo([150.0])
    made = Studio(tmp_path, engine).make(ASKED)
    assert len(engine.seeds) == 3
    assert made.seed == 7
    assert made.measured.stretch == 1.0
    assert "could not be brought to 120" in made.notes


def test_under_a_deadline_no_other_seed_is_tried(tmp_path):
    engine = OwnTempo([150.0])
    made = Studio(tmp_path, engine).make(ASKED, seconds_left=lambda: 60.0)
    assert engine.seeds == [7]
    assert "could not be brought" in made.notes


def test_after_a_preview_no_other_seed_is_tried(tmp_path):
    engine = OwnTempo([150.0])
    Studio(tmp_path, engine).make(ASKED, on_preview=lambda path, codebooks: None)
    assert engine.seeds == [7]


def test_trying_other_seeds_can_be_cancelled(tmp_path):
    engine = OwnTempo([150.0])

    def on_step(done, steps):
        if len(engine.seeds) > 1:
            raise Cancelled("stop")

    studio = Studio(tmp_path, engine)
    with pytest.raises(Cancelled):
        studio.make(ASKED, on_step=on_step)
    assert not list(studio.store.ids())


def test_conform_0_leaves_all_as_it_came(tmp_path):
    made = Studio(tmp_path, OwnTempo([110.0], first_beat=0.3)).make(replace(ASKED, conform=False))
    assert (made.measured.stretch, made.measured.turned_beats) == (1.0, 0.0)
    assert made.measured.bpm_measured == pytest.approx(110, rel=0.005)
    assert made.codes_match


def test_a_model_that_knows_the_tempo_is_left_bit_for_bit(tmp_path):
    studio = Studio(tmp_path)
    on, off = (studio.make(replace(ASKED, conform=conform)) for conform in (True, False))
    np.testing.assert_array_equal(studio.audio(on), studio.audio(off))
    assert on.codes_match


def test_what_has_no_beat_is_not_touched():
    noise = np.random.default_rng(2).standard_normal((RATE * 4, 1)).astype("f4") * 0.1
    timed = set_in_time(ASKED, finished(noise), knows_tempo=False)
    assert timed.finished.audio is noise
    assert timed.tempo.confidence == 0.0


def test_a_line_that_is_slow_is_made_faster_only_where_it_lasts_long_enough():
    line = replace(ASKED, loop=False)
    fast, slow = (tune(4.0, RATE, bpm).astype("f4") for bpm in (126, 114))
    conformed = set_in_time(line, finished(fast), knows_tempo=False)
    assert len(conformed.finished.audio) == len(fast)
    assert conformed.tempo.bpm == pytest.approx(120, rel=0.004)
    assert set_in_time(line, finished(slow), knows_tempo=False).off_bpm == pytest.approx(114, 0.01)


@pytest.mark.parametrize("late", [2, 4, 6, 8, 13])
def test_a_drum_loop_is_turned_so_that_its_bar_begins_it_and_no_sample_is_lost(late):
    audio = drums(late_sixteenths=late)
    timed = set_in_time(ASKED, finished(audio), knows_tempo=True)
    assert timed.turned_beats == late / 4
    np.testing.assert_array_equal(timed.finished.audio, np.roll(audio, -late * 6000, axis=0))
    assert find_downbeat(timed.finished.audio, RATE, 2).place == 0


def test_a_drum_loop_that_begins_with_its_bar_stays_as_it_is():
    audio = drums()
    assert set_in_time(ASKED, finished(audio), knows_tempo=True).finished.audio is audio


def test_a_bar_whose_halves_are_alike_claims_nothing():
    found = find_downbeat(drums(bars=("x.......x.......", "....x.......x...")), RATE, 2)
    assert found.place in (0, 8)
    assert found.margin < 0.01


def test_only_drums_are_turned():
    assert find_downbeat(drums(), RATE, 2).is_drums
    assert not find_downbeat(tune(4.0, RATE).astype("f4"), RATE, 2).is_drums


def test_bars_that_have_a_prompt_of_their_own_are_not_moved():
    parts = (WeightedPrompt("drums", 1.0, 0.0, 1.0), WeightedPrompt("break", 1.0, 1.0))
    words = replace(ASKED, prompt="", mix=parts)
    audio = drums(late_sixteenths=4)
    assert set_in_time(words, finished(audio), knows_tempo=True).turned_beats == 0.0


def test_confidence_is_high_for_a_beat_and_falls_with_noise():
    audio = drums()
    noisy = audio + 0.1 * np.random.default_rng(1).standard_normal(audio.shape).astype("f4")
    clean, rough = (measure_tempo(sound, RATE, 120, loop=True) for sound in (audio, noisy))
    assert 1 >= clean.confidence > rough.confidence > 0

"""Requests become plans: lengths in frames, words, decoding, the grid."""

from dataclasses import replace

import pytest

from osc_server.contract.errors import BadRequest
from osc_server.contract.musical_time import Meter
from osc_server.contract.requests import DecodingOptions, GenerateClip
from osc_server.rendering.planning import WRAP_FRAMES, longest_bars, plan_clip
from osc_server.rendering.tone_engine import ToneEngine

TAKES_TEMPO = replace(ToneEngine().info, name="small", window_frames=500)
READS_TEMPO = replace(TAKES_TEMPO, takes_tempo=False)


def planned(info=TAKES_TEMPO, **asked):
    return plan_clip(GenerateClip(1, **asked), info, seed=5)


def test_four_bars_at_120_are_8_seconds_400_frames_and_384000_samples():
    clip = planned(prompt="bass")
    assert (clip.seconds, clip.plan.n_frames, clip.n_samples, clip.bars) == (8.0, 400, 384000, 4)


@pytest.mark.parametrize("bpm", [83.7, 97.0, 128.5, 174.01])
def test_the_grid_of_a_loop_closes_on_its_frames_whatever_the_tempo(bpm):
    plan = planned(bpm=bpm, bars=2).plan
    assert plan.beat_grid.beats_per_frame * plan.n_frames == pytest.approx(8, abs=1e-12)
    assert plan.n_frames == round(8 * 60 / bpm * 50)


def test_the_grid_of_a_line_keeps_the_exact_tempo():
    plan = planned(bpm=97, bars=2, loop=False).plan
    assert plan.beat_grid.beats_per_frame == pytest.approx(97 / 60 / 50, abs=1e-15)


def test_a_line_gets_every_frame_that_it_touches():
    assert planned(seconds=2.0, loop=False).plan.n_frames == 100
    assert planned(seconds=2.001, loop=False).plan.n_frames == 101


def test_a_loop_is_wrapped_in_its_own_tail_and_head_and_a_line_is_not():
    assert planned(bars=4).plan.wrap_frames == WRAP_FRAMES
    assert planned(bars=4, loop=False).plan.wrap_frames == 0


def test_a_loop_near_the_window_is_wrapped_as_far_as_there_is_room():
    assert planned(seconds=9.8).plan.wrap_frames == 5


def test_a_loop_that_fills_the_window_has_no_room_to_be_wrapped():
    assert planned(seconds=10.0).plan.wrap_frames == 0


def test_a_clip_longer_than_the_window_is_refused_with_the_longest_bars_at_this_tempo():
    with pytest.raises(BadRequest, match=r"16 s is longer than the 10 s .* at most 5 bars at 120"):
        planned(bars=8)


def test_where_not_even_a_bar_fits_the_sentence_says_seconds():
    with pytest.raises(BadRequest, match="at most 10 s"):
        planned(bars=1, bpm=20)


def test_the_longest_bars_really_fit():
    for bpm in (60, 95.5, 128, 174):
        bars = longest_bars(bpm, Meter(7, 8), TAKES_TEMPO)
        planned(bars=bars, bpm=bpm, meter=Meter(7, 8))
        with pytest.raises(BadRequest):
            planned(bars=bars + 1, bpm=bpm, meter=Meter(7, 8))


def test_a_meter_of_seven_eighths_has_three_and_a_half_beats_a_bar():
    clip = planned(bars=2, meter=Meter(7, 8))
    assert clip.beats == 7
    assert clip.plan.beat_grid.beats_per_bar == 3.5


def test_only_a_model_without_a_tempo_input_reads_the_tempo_in_words():
    assert planned(prompt="pad", bpm=128.5).plan.prompt == "pad"
    told = planned(READS_TEMPO, prompt="pad", bpm=128.5).plan
    assert told.prompt == "pad, 128.5 bpm"
    assert told.beat_grid is None


def test_the_key_is_added_to_the_words():
    assert planned(prompt=" pad ", key="A minor").plan.prompt == "pad, A minor"


def test_decoding_is_the_models_own_but_for_what_is_asked():
    decoding = planned(decoding=DecodingOptions(temperature=1.5, greedy=True)).plan.decoding
    assert decoding == replace(TAKES_TEMPO.defaults, temperature=1.5, greedy=True)


def test_steps_for_another_number_of_codebooks_are_refused():
    with pytest.raises(BadRequest, match="steps must be 4"):
        planned(decoding=DecodingOptions(steps=(20, 10)))

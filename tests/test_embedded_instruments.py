"""Every instrument on the embedded model: what holds for any weights, never exact sounds."""

from pathlib import Path

import numpy as np
import pytest

from osc_server.contract.requests import (
    CloseLoop,
    Continue,
    DecodingOptions,
    GenerateClip,
    Infill,
    Vary,
    WeightedPrompt,
)
from osc_server.magnet.engine import load_engine
from osc_server.rendering.bands import band_levels_db
from osc_server.rendering.distance import spectral_distance_db
from tests.osc_server.rendering.studio import Studio

QUICK = DecodingOptions(steps=(6, 3, 2, 2))
BEAT_SECONDS = 60 / 126


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    engine = load_engine("embedded", models_folder=Path(), device="cpu")
    return Studio(tmp_path_factory.mktemp("embedded"), engine)


@pytest.fixture(scope="module")
def clip(studio):
    asked = GenerateClip(1, prompt="techno drums", bars=1, bpm=126, decoding=QUICK)
    return studio.make(asked)


def flux_near(audio, rate_hz, seconds):
    """The strongest rise within 15 ms of a place, in dB a band."""
    levels = band_levels_db(audio, rate_hz, frames_per_second=200, loop=False)
    flux = np.maximum(np.diff(levels, axis=0), 0).mean(axis=1)
    at = round(seconds * 200)
    return flux[max(0, at - 3) : at + 4].max(), flux


def test_a_continuation_is_in_time_and_its_join_like_any_beat(studio, clip):
    made = studio.make(GenerateClip(2, start=Continue(clip.id), bars=2, decoding=QUICK), seed=8)
    assert made.measured.n_samples == round(8 * BEAT_SECONDS * 48000)
    assert made.measured.lufs == pytest.approx(clip.measured.lufs, abs=1.5)
    whole = np.concatenate([studio.audio(clip), studio.audio(made)])
    there, flux = flux_near(whole, 48000, 4 * BEAT_SECONDS)
    assert there <= 1.2 * flux.max()
    jump = np.abs(whole[len(studio.audio(clip))] - whole[len(studio.audio(clip)) - 1]).item()
    assert jump < np.quantile(np.abs(np.diff(whole, axis=0)), 0.999)


def test_the_splices_of_an_infill_are_like_its_interior_and_the_rest_is_untouched(studio, clip):
    made = studio.make(GenerateClip(2, start=Infill(clip.id, 1.5, 2.75), decoding=QUICK), seed=8)
    before, after = studio.audio(clip), studio.audio(made)
    first, end = round(1.5 * BEAT_SECONDS * 48000), round(2.75 * BEAT_SECONDS * 48000)
    assert np.array_equal(before[:first], after[:first])
    assert np.array_equal(before[end:], after[end:])
    assert not np.array_equal(before[first:end], after[first:end])
    for beat in (1.5, 2.75):
        there, flux = flux_near(after, 48000, beat * BEAT_SECONDS)
        assert there <= 1.2 * flux.max()


def test_variations_go_further_with_the_amount(studio, clip):
    distances = []
    for amount in (0.0, 0.3, 0.9):
        asked = GenerateClip(2, start=Vary(clip.id, amount), decoding=QUICK)
        after = studio.audio(studio.make(asked, seed=8))
        distances.append(spectral_distance_db(studio.audio(clip), 48000, after, 48000))
    assert distances[0] < distances[1] < distances[2]


def test_given_audio_becomes_a_loop_at_the_hosts_tempo(studio, clip):
    asked = GenerateClip(2, start=CloseLoop(clip.id), bars=1, bpm=130, decoding=QUICK)
    made = studio.make(asked, seed=8)
    assert made.measured.n_samples == round(4 * 60 / 130 * 48000)
    assert made.measured.seam < 2
    assert made.measured.seam_perplexity > 0


def test_mixed_prompts_a_negative_one_and_takes_go_together(studio):
    mix = (WeightedPrompt("techno drums", 0.7), WeightedPrompt("warm pad", 0.3, 0.5))
    asked = GenerateClip(
        3, mix=mix, negative="bass", bars=1, bpm=126, takes=2, preview=True, decoding=QUICK
    )
    heard = []
    best, other = studio.makes(asked, on_preview=lambda path, codebooks: heard.append(codebooks))
    assert best.score >= other.score > 0
    assert best.seed != other.seed
    assert heard == [1]

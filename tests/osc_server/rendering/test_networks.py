"""Every instrument on random weights: in the official format, and with a companion."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from osc_server.contract.requests import (
    CloseLoop,
    Continue,
    DecodingOptions,
    GenerateClip,
    Hint,
    Infill,
    Vary,
    WeightedPrompt,
)
from osc_server.magnet.checkpoints import load_checkpoint
from osc_server.magnet.companion_choice import find_companion
from osc_server.magnet.engine import MagnetEngine, load_engine
from tests.osc_server.magnet.conftest import GOLDEN_FOLDER
from tests.osc_server.magnet.models import write_tiny_model
from tests.osc_server.rendering.studio import Studio, tune

QUICK = DecodingOptions(steps=(3, 1, 1, 1))
CPU = torch.device("cpu")


def official_engine(folder):
    return load_engine("someone/checkpoint", models_folder=GOLDEN_FOLDER, device="cpu")


def companion_engine(folder):
    model = load_checkpoint(write_tiny_model(folder / "tiny"), folder, CPU, torch.float32)
    model = replace(model, companion="shared")
    return MagnetEngine(model, "tiny", CPU, find_companion(model, folder, CPU, torch.float32))


@pytest.fixture(scope="module", params=[official_engine, companion_engine])
def studio(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    return Studio(folder, request.param(folder))


@pytest.fixture(scope="module")
def clip(studio):
    return studio.make(GenerateClip(1, prompt="drums", beats=2, decoding=QUICK))


@pytest.mark.parametrize(
    ("start", "asked", "n_samples"),
    [
        (Continue, {"beats": 2}, 48000),
        (Continue, {"seconds": 6.5}, 312000),
        (lambda clip: Infill(clip, 0.5, 1.25), {}, 48000),
        (lambda clip: Vary(clip, 0.5), {}, 48000),
        (lambda clip: Vary(clip, 0.5, "texture"), {"takes": 2}, 48000),
        (CloseLoop, {}, 48000),
        (CloseLoop, {"beats": 2, "bpm": 125}, 46080),
    ],
)
def test_clips_are_started_from(studio, clip, start, asked, n_samples):
    asked = GenerateClip(2, start=start(clip.id), decoding=QUICK, **asked)
    made = studio.make(asked, on_preview=lambda path, codebooks: None)
    assert made.measured.n_samples == n_samples
    again = studio.make(made.to_request(3), made.seed)
    np.testing.assert_array_equal(studio.audio(made), studio.audio(again))


@pytest.mark.parametrize("start", [Continue, Vary, CloseLoop, lambda path: Infill(path, 1, 2)])
def test_files_are_started_from(studio, start):
    wide = np.concatenate([tune(1.6, 96000), tune(1.6, 96000, hz=300)], axis=1)
    path = studio.wav("source.wav", wide, 96000, "PCM_24")
    made = studio.make(GenerateClip(2, start=start(path), beats=2, bpm=118, decoding=QUICK))
    assert (made.measured.rate_hz, made.measured.n_channels) == (96000, 2)


def test_a_loop_that_fills_the_window_is_made(studio):
    seconds = studio.engine.info.window_frames / 50
    made = studio.make(GenerateClip(1, prompt="drums", seconds=seconds, decoding=QUICK))
    assert made.measured.n_samples == seconds * 48000


def test_mixed_and_negative_prompts_are_heard(studio):
    mix = (WeightedPrompt("drums", 0.7), WeightedPrompt("pad", 0.3, 0.25, 0.5))
    made = [
        studio.make(GenerateClip(1, beats=2, mix=mix, negative=negative, decoding=QUICK))
        for negative in ("", "bass")
    ]
    assert made[0].measured.confidence != made[1].measured.confidence


def test_hints_and_rescoring_go_with_a_companion(tmp_path):
    studio = Studio(tmp_path, companion_engine(tmp_path))
    asked = GenerateClip(1, prompt="drums", beats=3, hint=Hint(beats=1), decoding=QUICK)
    made = studio.makes(replace(asked, takes=2, rescore=0.3))
    assert {sidecar.n_frames for sidecar in made} == {75}
    plain = studio.make(replace(asked, hint=None))
    hinted = studio.make(asked)
    assert not np.array_equal(*(studio.store.read_codes(c.id)[:, :25] for c in (plain, hinted)))

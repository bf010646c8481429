"""The reference engine: what it refuses and says, and, where audiocraft is, what it draws."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from osc_server.config import load_config
from osc_server.contract.errors import BadRequest, Cancelled, ModelUnavailable
from osc_server.jobs.worker import open_reference_engine
from osc_server.magnet.audiocraft_engine import AudiocraftEngine, load_audiocraft
from osc_server.magnet.engine import MagnetEngine, load_engine
from osc_server.rendering.plan import BeatGrid, Codes, Decoding, MixedPrompt, Plan, Revision
from osc_server.rendering.tone_engine import ToneEngine
from tests.osc_server.magnet.conftest import GOLDEN_FOLDER, Golden
from tests.osc_server.magnet.reference.audiocraft_source import needs_audiocraft
from tests.osc_server.magnet.reference.draws import ReferenceDraws

STEPS = (4, 2, 2, 2)
PLAN = Plan("dusty breakbeat", n_frames=60, seed=5, decoding=Decoding(steps=STEPS))


def quiet(done: int, n_steps: int) -> None:
    return None


@pytest.fixture(scope="module")
def ours() -> MagnetEngine:
    return load_engine("checkpoint", models_folder=GOLDEN_FOLDER, device="cpu")


@pytest.fixture(scope="module")
def idle(ours: MagnetEngine) -> AudiocraftEngine:
    """An engine whose language model is never asked."""
    return AudiocraftEngine(SimpleNamespace(attn_mask_per_stage=[]), ours)


@pytest.fixture(scope="module")
def reference() -> AudiocraftEngine:
    return load_audiocraft("checkpoint", models_folder=GOLDEN_FOLDER, device="cpu")


def given(plan: Plan, keep: np.ndarray[Any, Any]) -> Plan:
    codes = np.random.default_rng(1).integers(0, 64, (4, plan.n_frames))
    return dataclasses.replace(plan, keep_codes=codes, keep_mask=keep)


def beginning(n_given: int) -> Plan:
    keep = np.zeros((4, PLAN.n_frames), np.bool_)
    keep[:, :n_given] = True
    return given(PLAN, keep)


def hole() -> Plan:
    keep = np.ones((4, PLAN.n_frames), np.bool_)
    keep[:, 20:30] = False
    return given(PLAN, keep)


def test_it_says_that_it_is_the_reference(idle: AudiocraftEngine, ours: MagnetEngine) -> None:
    assert idle.info.name == f"{ours.info.name} (audiocraft)"
    assert not idle.info.takes_tempo
    assert idle.info.companion == ""
    assert idle.info.weights_hash == ours.info.weights_hash


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (lambda: dataclasses.replace(PLAN, revision=Revision(0.5)), "no variation"),
        (lambda: dataclasses.replace(PLAN, rescoring=0.5), "no rescoring"),
        (lambda: dataclasses.replace(PLAN, negative="drums"), "no negative prompt"),
        (lambda: dataclasses.replace(PLAN, mix=(MixedPrompt("a"),)), "no mix of prompts"),
        (lambda: dataclasses.replace(PLAN, n_frames=201), "up to 4 s"),
        (lambda: dataclasses.replace(PLAN, decoding=Decoding(steps=(4, 4))), "give 4 numbers"),
        (hole, "continues a beginning"),
    ],
)
def test_what_audiocraft_cannot_do_is_refused(
    idle: AudiocraftEngine, plan: Callable[[], Plan], said: str
) -> None:
    with pytest.raises(BadRequest, match=said):
        idle.generate([plan()], quiet)


def test_it_writes_no_hint(idle: AudiocraftEngine) -> None:
    with pytest.raises(ModelUnavailable, match="no hint"):
        idle.hint(PLAN, 10, quiet)


def test_all_that_is_given_comes_back(idle: AudiocraftEngine) -> None:
    plan = beginning(PLAN.n_frames)
    assert plan.keep_codes is not None
    np.testing.assert_array_equal(idle.generate([plan], quiet)[0].codes, plan.keep_codes)


def test_without_audiocraft_it_says_where_to_read_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "audiocraft"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "audiocraft", None)
    with pytest.raises(ModelUnavailable, match=r"docs/reference\.md says how to install it"):
        load_audiocraft("checkpoint", models_folder=GOLDEN_FOLDER, device="cpu")


def test_the_tone_engine_is_the_same_under_it(tmp_path: Path) -> None:
    assert isinstance(open_reference_engine("tone", tmp_path, "cpu"), ToneEngine)


def test_another_engine_than_the_two_is_refused() -> None:
    assert load_config({"engine": "audiocraft"}, {}).engine == "audiocraft"
    with pytest.raises(BadRequest, match="engine"):
        load_config({"engine": "riffusion"}, {})


def decoded_by_us(golden: Golden, plan: Plan, n_frames: int) -> Codes:
    """Our codes with audiocraft's draws."""
    from osc_server.magnet.decoding import DecodeJob, Decoder

    keep = torch.zeros(1, 4, n_frames, dtype=torch.bool)
    codes = torch.zeros(1, 4, n_frames, dtype=torch.long)
    if plan.keep_mask is not None and plan.keep_codes is not None:
        keep[0] = torch.from_numpy(plan.keep_mask[:, :n_frames])
        codes[0] = torch.from_numpy(plan.keep_codes[:, :n_frames])
    job = DecodeJob(
        text=golden.model.conditioner([plan.prompt]),
        beat=None,
        given=codes,
        keep=keep,
        decoding=plan.decoding,
        draws=ReferenceDraws(plan.seed, n_frames, plan.decoding),
    )
    decoder = Decoder(golden.model.network, golden.model.span)
    wanted: Codes = decoder.decode(job, quiet).codes[0].numpy()
    return wanted


@needs_audiocraft
@pytest.mark.parametrize("span", ["nonoverlap", "stride1"])
@pytest.mark.parametrize("n_given", [0, 20])
def test_both_engines_draw_the_same(
    reference: AudiocraftEngine, golden: Golden, span: Any, n_given: int
) -> None:
    decoding = Decoding(steps=STEPS, span=span)
    plan = dataclasses.replace(beginning(n_given), decoding=decoding)
    other = dataclasses.replace(plan, seed=6, prompt="")
    made = reference.generate([plan, other], quiet)
    for item, decoded in zip((plan, other), made, strict=True):
        np.testing.assert_array_equal(decoded.codes, decoded_by_us(golden, item, PLAN.n_frames))


@needs_audiocraft
def test_frames_that_audiocraft_leaves_out_are_held_and_said(
    reference: AudiocraftEngine, golden: Golden
) -> None:
    plan = dataclasses.replace(PLAN, n_frames=62, wrap_frames=9, beat_grid=BeatGrid(0.04))
    decoded = reference.generate([plan], quiet)[0]
    np.testing.assert_array_equal(decoded.codes[:, :60], decoded_by_us(golden, plan, 60))
    assert (decoded.codes[:, 60:] == decoded.codes[:, 59:60]).all()
    said = " ".join(decoded.notes)
    assert all(part in said for part in ("60 of 62 frames", "a line", "no tempo"))


@needs_audiocraft
def test_its_steps_are_told_and_can_end_it(reference: AudiocraftEngine) -> None:
    heard = []
    stages = []
    reference.generate(
        [PLAN, PLAN],
        lambda done, n_steps: heard.append((done, n_steps)),
        on_stage=lambda n_complete, codes: stages.append((n_complete, len(codes))),
    )
    assert heard == [(done, 20) for done in range(1, 21)]
    assert stages == [(4, 2)]

    def stop(done: int, n_steps: int) -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        reference.generate([PLAN], stop)


@needs_audiocraft
def test_it_sounds_as_a_clip_does(reference: AudiocraftEngine) -> None:
    codes = reference.generate([PLAN], quiet)[0].codes
    audio = reference.decode(codes, circular=False)
    assert audio.shape == (60 * 640, 1)
    assert reference.encode(audio).shape == codes.shape
    assert reference.surprise(codes, PLAN).shape == (60,)


@needs_audiocraft
def test_a_model_that_is_not_audiocraft_s_is_refused(tiny_folder: Path) -> None:
    with pytest.raises(ModelUnavailable, match="official checkpoints"):
        load_audiocraft(str(tiny_folder), models_folder=GOLDEN_FOLDER, device="cpu")

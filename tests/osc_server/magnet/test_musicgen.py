"""MusicGen as a companion, on a tiny one with random weights as transformers saves it."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from osc_server.contract.errors import ModelUnavailable
from osc_server.magnet.autoregressive import Sampling
from osc_server.magnet.checkpoints import Checkpoint, load_checkpoint
from osc_server.magnet.companion_choice import find_companion, open_companion
from osc_server.magnet.companions import AutoregressiveCompanion
from osc_server.magnet.delay_pattern import delayed_inputs, undelayed
from osc_server.magnet.musicgen import MusicGenNetwork
from osc_server.rendering.plan import Decoding, Plan
from tests.osc_server.magnet.conftest import GOLDEN_FOLDER, Golden

CPU = torch.device("cpu")
CODES = (4, 64)
PLAN = Plan("a warm bass", n_frames=10, seed=3, decoding=Decoding())


def quiet(done: int, n_steps: int) -> None:
    return None


def write_musicgen(folder: Path, codes: tuple[int, int] = CODES) -> Path:
    """Save a MusicGen of random weights that reads the golden vocabulary."""
    from transformers import (
        EncodecConfig,
        EncodecModel,
        MusicgenConfig,
        MusicgenDecoderConfig,
        MusicgenForCausalLM,
        MusicgenForConditionalGeneration,
        T5EncoderModel,
    )

    text_encoder = T5EncoderModel.from_pretrained(GOLDEN_FOLDER / "t5-tiny-rig")
    n_codebooks, codebook_size = codes
    decoder = MusicgenDecoderConfig(
        vocab_size=codebook_size,
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        ffn_dim=48,
        num_codebooks=n_codebooks,
        pad_token_id=codebook_size,
        bos_token_id=codebook_size,
        initializer_factor=0.3,
    )
    codec = EncodecConfig(
        sampling_rate=32_000,
        num_filters=4,
        hidden_size=16,
        codebook_size=codebook_size,
        codebook_dim=16,
        num_lstm_layers=1,
        target_bandwidths=[50 * n_codebooks * 6 / 1000],
        upsampling_ratios=[8, 5, 4, 4],
    )
    config = MusicgenConfig(text_encoder=text_encoder.config, audio_encoder=codec, decoder=decoder)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = MusicgenForConditionalGeneration(
            config, text_encoder, EncodecModel(codec), MusicgenForCausalLM(decoder)
        )
    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(GOLDEN_FOLDER / "t5-tiny-rig" / name, folder)
    return folder


@pytest.fixture(scope="module")
def models_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("musicgens")
    write_musicgen(folder / "facebook" / "musicgen-small")
    return folder


@pytest.fixture(scope="module")
def folder(models_folder: Path) -> Path:
    return models_folder / "facebook" / "musicgen-small"


@pytest.fixture(scope="module")
def network(folder: Path) -> MusicGenNetwork:
    return MusicGenNetwork.load(folder, CPU, torch.float32, CODES)


@pytest.fixture(scope="module")
def theirs(folder: Path) -> Any:
    from transformers import MusicgenForConditionalGeneration

    return MusicgenForConditionalGeneration.from_pretrained(folder).eval()


def tokens(folder: Path, text: str) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)([text], return_tensors="pt")


def companion(network: MusicGenNetwork, **options: Any) -> AutoregressiveCompanion:
    return AutoregressiveCompanion("musicgen-small", network, Sampling(**options))


def test_logits_are_those_of_transformers(network: MusicGenNetwork, theirs: Any, folder: Path):
    codes = torch.randint(0, CODES[1], (1, 4, 9))
    inputs = delayed_inputs(codes, CODES[1]).inputs[0]
    with torch.inference_mode():
        wanted = theirs(**tokens(folder, "a warm bass"), decoder_input_ids=inputs).logits
    reader = network.begin(["a warm bass"], False, None, (0, inputs.shape[1]))
    hidden = reader.read(inputs)
    for k in range(4):
        torch.testing.assert_close(reader.head(hidden, k)[0], wanted[k], atol=1e-5, rtol=0)


def test_a_hint_is_what_transformers_generates(
    network: MusicGenNetwork, theirs: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    written = []

    def capture(audio_codes: torch.Tensor, **options: Any) -> Any:
        written.append(audio_codes)
        return SimpleNamespace(audio_values=torch.zeros(1, 1, 10))

    monkeypatch.setattr(theirs.audio_encoder, "decode", capture)
    greedy = dataclasses.replace(PLAN, decoding=Decoding(greedy=True))
    n_steps = PLAN.n_frames + CODES[0] - 1
    theirs.generate(
        **tokens(folder, PLAN.prompt),
        do_sample=False,
        guidance_scale=3.0,
        min_new_tokens=n_steps,
        max_new_tokens=n_steps,
    )
    hint = companion(network).hint(greedy, PLAN.n_frames, quiet)
    assert len(np.unique(hint)) > 5
    np.testing.assert_array_equal(hint, written[0][0, 0].numpy())


def test_reading_step_by_step_gives_what_reading_at_once_gives(network: MusicGenNetwork):
    inputs = torch.randint(0, CODES[1], (4, 9))
    texts = ["bass", "a much longer wording of drums", ""]
    at_once = network.begin(texts, True, None, (0, 9)).read(inputs)
    reader = network.begin(texts, True, None, (0, 9))
    parts = [reader.read(part) for part in inputs.split([5, 1, 1, 1, 1], dim=1)]
    torch.testing.assert_close(torch.cat(parts, dim=1), at_once, atol=1e-5, rtol=0)
    torch.testing.assert_close(at_once[2], at_once[3], atol=1e-5, rtol=0)


def test_a_text_reads_the_same_beside_a_longer_one(network: MusicGenNetwork):
    inputs = torch.randint(0, CODES[1], (4, 9))
    alone = network.begin(["bass"], False, None, (0, 9)).read(inputs)
    beside = network.begin(["bass", "a much longer wording of drums"], True, None, (0, 9))
    torch.testing.assert_close(beside.read(inputs)[:1], alone, atol=1e-5, rtol=0)


def test_judging_gives_the_probabilities_of_teacher_forcing(
    network: MusicGenNetwork, theirs: Any, folder: Path
):
    codes = torch.randint(0, CODES[1], (1, 4, PLAN.n_frames))
    inputs = delayed_inputs(codes, CODES[1], n_known=3).inputs[0]
    with torch.inference_mode():
        logits = theirs(**tokens(folder, PLAN.prompt), decoder_input_ids=inputs).logits[None]
    likely = undelayed(logits, PLAN.n_frames).softmax(dim=-1).gather(-1, codes[..., None])[..., 0]
    judged = companion(network).rescorer([PLAN]).probabilities(codes, 2)
    torch.testing.assert_close(judged, likely[:, 2], atol=1e-5, rtol=0)


def test_no_words_at_all_are_written_to_and_judged(network: MusicGenNetwork):
    silent = dataclasses.replace(PLAN, prompt="")
    hint = companion(network).hint(silent, 5, quiet)
    judged = companion(network).rescorer([dataclasses.replace(silent, n_frames=5)])
    assert judged.probabilities(torch.from_numpy(hint)[None], 0).isfinite().all()


def test_a_musicgen_of_other_codes_is_refused(folder: Path):
    with pytest.raises(ModelUnavailable, match="4 codebooks of 64 codes, not 4 of 2048"):
        MusicGenNetwork.load(folder, CPU, torch.float32)


def test_a_folder_without_a_musicgen_is_refused(tmp_path: Path):
    with pytest.raises(ModelUnavailable):
        MusicGenNetwork.load(tmp_path, CPU, torch.float32)


def with_codec(model: Checkpoint, size: int = 2048, rate_hz: int = 32_000) -> Checkpoint:
    codec: Any = SimpleNamespace(n_codebooks=4, codebook_size=size, sample_rate_hz=rate_hz)
    return dataclasses.replace(model, codec=codec)


def test_an_official_model_has_the_musicgen_on_disk_and_loads_it_when_needed(
    golden: Golden, models_folder: Path
):
    model = with_codec(golden.model)
    found = find_companion(model, models_folder, CPU, torch.float32)
    assert found is not None
    assert found.name == "facebook/musicgen-small"
    with pytest.raises(ModelUnavailable, match="not 4 of 2048"):  # the tiny one is not the real one
        found.hint(PLAN, 5, quiet)


def test_models_of_other_codes_or_rates_have_none(golden: Golden, models_folder: Path):
    for model in (golden.model, with_codec(golden.model, rate_hz=16_000)):
        assert find_companion(model, models_folder, CPU, torch.float32) is None


def test_without_a_musicgen_on_disk_there_is_none(golden: Golden, tmp_path: Path):
    assert find_companion(with_codec(golden.model), tmp_path, CPU, torch.float32) is None


@pytest.mark.parametrize("name", ["facebook/musicgen-small", "musicgen-small"])
def test_a_musicgen_by_its_name_hints_with_the_codes_of_the_model(
    golden: Golden, models_folder: Path, name: str
):
    model = with_codec(golden.model, size=CODES[1])
    found = open_companion(name, (model, "mine"), models_folder, CPU, torch.float32)
    assert found.name == name
    assert found.hint(PLAN, 5, quiet).shape == (4, 5)


def test_a_musicgen_of_other_codes_does_not_fit_by_name_either(golden: Golden, models_folder: Path):
    for model in (with_codec(golden.model), with_codec(golden.model, CODES[1], 16_000)):
        with pytest.raises(ModelUnavailable, match="does not fit mine: it writes 4 codebooks of"):
            open_companion("musicgen-small", (model, "mine"), models_folder, CPU, torch.float32)


@pytest.mark.parametrize("name", ["musicgen-large", "../musicgens", "/etc"])
def test_a_companion_that_is_not_in_the_models_folder_is_named_with_its_command(
    golden: Golden, models_folder: Path, name: str
):
    model = with_codec(golden.model)
    with pytest.raises(ModelUnavailable, match=f"models fetch {name}"):
        open_companion(name, (model, "mine"), models_folder, CPU, torch.float32)


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"model_type": "t5"}'])
def test_a_folder_that_is_no_musicgen_is_no_companion(
    golden: Golden, tmp_path: Path, content: str | None
):
    (tmp_path / "other").mkdir()
    if content is not None:
        (tmp_path / "other" / "config.json").write_text(content, encoding="utf-8")
    with pytest.raises(ModelUnavailable, match="other is not a MusicGen"):
        open_companion("other", (with_codec(golden.model), "mine"), tmp_path, CPU, torch.float32)


def test_a_model_with_a_codec_of_its_own_takes_no_musicgen(tiny_folder: Path, models_folder: Path):
    model = load_checkpoint(tiny_folder, tiny_folder.parent, CPU, torch.float32)
    with pytest.raises(ModelUnavailable, match="embedded has a codec of its own"):
        open_companion("musicgen-small", (model, "embedded"), models_folder, CPU, torch.float32)


def test_a_network_trained_in_both_modes_is_its_own_companion(tiny_folder: Path):
    model = load_checkpoint(tiny_folder, tiny_folder.parent, CPU, torch.float32)
    shared = dataclasses.replace(model, companion="shared")
    found = find_companion(shared, tiny_folder.parent, CPU, torch.float32)
    assert found is not None
    assert found.name == "shared"
    assert found.hint(PLAN, 5, quiet).shape == (4, 5)
    assert find_companion(model, tiny_folder.parent, CPU, torch.float32) is None

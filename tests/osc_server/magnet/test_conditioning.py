"""Words to states: what the hashed conditioner hears, and where encoders are looked for."""

import json
import pickle
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from osc_server.contract.errors import ModelUnavailable
from osc_server.magnet.conditioning import (
    HashedTextConditioner,
    T5Conditioner,
    hashed_pieces,
)
from osc_server.magnet.pretrained import find_folder
from osc_server.magnet.vocabulary import MAX_WORDS, Vocabulary, split_words
from tests.osc_server.magnet.conftest import GOLDEN_FOLDER, Golden


@pytest.fixture(scope="module")
def hashed():
    torch.manual_seed(0)
    return HashedTextConditioner().eval().requires_grad_(False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Dusty  BREAKBEAT, 128.5 bpm!", ["dusty", "breakbeat", "128.5", "bpm"]),
        ("lo-fi (warm) pads...", ["lo", "fi", "warm", "pads"]),
        ("C# minor / über-Bass", ["c#", "minor", "über", "bass"]),
        ("  ,.! ", []),
    ],
)
def test_case_and_punctuation_do_not_count(text, words):
    assert split_words(text) == words


def test_an_empty_text_is_the_null_condition(hashed):
    states = hashed(["", "two words"])
    assert states.mask.tolist() == [[False, False], [True, True]]
    assert not states.states[0].any()
    assert hashed([""]).states.shape == (1, 1, 128)


def test_a_text_is_the_same_beside_a_longer_one(hashed):
    alone, together = hashed(["deep bass"]), hashed(["deep bass", "a much longer text than that"])
    assert torch.equal(together.states[0, :2], alone.states[0])
    assert together.mask[0].tolist() == [True, True] + [False] * 4


def test_words_past_the_most_are_left_out(hashed):
    assert hashed(["bass " * 100]).states.shape == (1, MAX_WORDS, 128)


def test_words_that_a_vocabulary_does_not_hear_have_no_states(hashed):
    listening = HashedTextConditioner().eval().requires_grad_(False)
    listening.load_state_dict(hashed.state_dict())
    listening.vocabulary = Vocabulary(
        frozenset({"riser", "drop", "the"}), frozenset({("the", "drop")})
    )
    heard = listening(["A riser over THE kazoo", "unheard of"])
    assert torch.equal(heard.states[0], hashed(["riser"]).states[0])
    assert heard.mask.tolist() == [[True], [False]]


def test_words_that_are_spelt_alike_share_trigrams(hashed):
    spelling = HashedTextConditioner().requires_grad_(False)
    spelling.load_state_dict(hashed.state_dict())
    spelling.word_emb.weight.zero_()
    kick, kicks, violin = (spelling([word]).states for word in ("kick", "kicks", "violin"))
    assert (kick - kicks).norm() < 0.75 * (kick - violin).norm()


def test_hashes_are_the_same_in_every_process(hashed):
    # Python's own hash() of a text is not; a trained embedding would be read at random.
    bucket, pieces = hashed_pieces("breakbeat", 4096)
    assert bucket == 2816
    assert pieces[0] == 3283  # of "<br"


def test_embeddings_learn():
    conditioner = HashedTextConditioner(dim=4, n_buckets=16)
    conditioner(["deep bass", ""]).states.square().sum().backward()
    assert all(weight.grad.any() for weight in conditioner.parameters())


def test_t5_states_do_not_depend_on_the_batch(golden: Golden):
    t5 = golden.model.conditioner
    alone, together = t5(["happy rock"]), t5(["happy rock", "a longer text, with more words in it"])
    length = alone.mask.sum()
    assert torch.equal(together.states[0, :length], alone.states[0])
    assert not together.mask[0, length:].any()


@pytest.mark.parametrize("name", ["t5-tiny-rig", "google-t5/t5-tiny-rig"])
def test_an_encoder_is_found_by_its_name_or_the_last_part_of_it(name):
    assert find_folder(name, GOLDEN_FOLDER) == GOLDEN_FOLDER / "t5-tiny-rig"


@pytest.mark.parametrize("name", ["", "/", "..", "../golden", "t5/../..", "C:\\t5", "a\\b"])
def test_a_name_cannot_lead_out_of_the_models_folder(name):
    assert find_folder(name, GOLDEN_FOLDER / "checkpoint") is None


def test_a_missing_encoder_is_named_with_the_command_that_gets_it(tmp_path: Path):
    with pytest.raises(ModelUnavailable, match="`magnet-bridge models fetch t5-base` gets it"):
        T5Conditioner.load("t5-base", tmp_path, torch.device("cpu"))


def test_an_encoder_that_cannot_be_read_says_so(tmp_path: Path):
    (tmp_path / "t5-base").mkdir()
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        T5Conditioner.load("t5-base", tmp_path, torch.device("cpu"))


def test_a_damaged_encoder_is_refused_with_its_reason(tmp_path: Path):
    def load(change):
        folder = shutil.copytree(GOLDEN_FOLDER / "t5-tiny-rig", tmp_path / "t5", dirs_exist_ok=True)
        change(folder)
        T5Conditioner.load("t5", tmp_path, torch.device("cpu"))

    def truncated(folder):
        weights = folder / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:70_000])

    def not_numbers(folder):
        weights = load_file(folder / "model.safetensors")
        weights["shared.weight"][3] = torch.nan
        save_file(weights, folder / "model.safetensors", {"format": "pt"})

    def another_size(folder):
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | {"d_ff": 99}))

    def hostile(folder):
        (folder / "model.safetensors").unlink()
        (folder / "pytorch_model.bin").write_bytes(
            pickle.dumps({"a": Touch(tmp_path / "owned")}, protocol=2)
        )

    for change, reason in (
        (truncated, "cannot be read"),
        (not_numbers, "shared.weight holds not-a-number"),
        (another_size, "cannot be read"),
        (hostile, "cannot be read"),
        (lambda folder: (folder / "config.json").write_text("[]"), "cannot be read"),
        (lambda folder: (folder / "tokenizer.json").write_text("{"), "words of .* cannot be read"),
    ):
        with pytest.raises(ModelUnavailable, match=reason):
            load(change)
        shutil.rmtree(tmp_path / "t5")
    assert not (tmp_path / "owned").exists()


class Touch:
    """Touches a file when it is unpickled by a careless reader."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return (Path.touch, (self.target,))

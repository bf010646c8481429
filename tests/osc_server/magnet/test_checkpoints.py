"""Checkpoints: saved and loaded alike, and every kind of bad one refused with its reason."""

import io
import pickle
import random
import zipfile
from pathlib import Path

import pytest
import torch

from osc_server.contract.errors import ModelUnavailable
from osc_server.magnet.checkpoints import load_checkpoint
from osc_server.magnet.encodec import EncodecCodec
from osc_server.magnet.official_format import official_names, read_decoding, split_weights
from osc_server.magnet.state_files import CODEC_FILE, NETWORK_FILE, hash_files
from osc_server.magnet.xp_config import XpConfig
from osc_server.rendering.plan import Decoding
from tests.osc_server.magnet.conftest import GOLDEN_FOLDER, Golden
from tests.osc_server.magnet.models import (
    TINY,
    TINY_DECODING,
    TINY_WINDOW_FRAMES,
    tiny_network,
    write_tiny_model,
)

CPU = torch.device("cpu")


def load(folder, models_folder=GOLDEN_FOLDER):
    return load_checkpoint(folder, models_folder, CPU, torch.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tiny model of its own, to damage."""
    return write_tiny_model(tmp_path / "model")


def edit(path: Path, change) -> None:
    """Read a file, let ``change`` edit its dictionary, write it again."""
    content = torch.load(path, weights_only=True)
    change(content)
    torch.save(content, path)


def test_what_was_saved_is_loaded(tiny_folder):
    model = load(tiny_folder)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        wanted = tiny_network().state_dict()
    found = model.network.state_dict()
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    assert model.network.spec == TINY
    assert model.defaults == TINY_DECODING
    assert (model.span, model.window_frames, model.frame_rate) == (3, TINY_WINDOW_FRAMES, 50)
    assert model.takes_tempo
    assert model.licence == "MIT"


def test_an_official_checkpoint_knows_no_tempo_and_draws_as_its_own_configuration_says(
    golden: Golden,
):
    model = golden.model
    assert not model.takes_tempo
    assert not model.network.beat_proj.weight.any()
    assert model.defaults == Decoding(steps=(60, 10, 10, 10))
    assert (model.window_frames, model.span) == (200, 3)
    assert "CC-BY-NC" in model.licence


@pytest.mark.parametrize(
    ("section", "wanted"),
    [
        (
            "{temp: 3.5, top_p: 0.8, top_k: 0, max_cfg_coef: 20.0, min_cfg_coef: 1.0,"
            " decoding_steps: [20, 10, 10, 10], anneal_temp: true, use_sampling: true,"
            " span_scoring: max, span_arrangement: nonoverlap}",
            Decoding(3.5, 0.8, 0, 20.0, 1.0, (20, 10, 10, 10)),
        ),
        (
            "{temp: 1.5, decoding_steps: [8, 4, 4, 4], use_sampling: false, anneal_temp: false,"
            " span_scoring: prod, span_arrangement: stride1}",
            Decoding(
                1.5, steps=(8, 4, 4, 4), span="stride1", scoring="prod", greedy=True,
                anneal_temperature=False,
            ),
        ),
        ("{temp: 1.0, top_k: 250}", Decoding()),  # of an autoregressive model
        ("{}", Decoding()),
    ],
)  # fmt: skip
def test_a_model_draws_as_its_authors_evaluated_it(section, wanted):
    assert read_decoding(XpConfig.parse(f"generate: {{lm: {section}}}", "x"), 4) == wanted


@pytest.mark.parametrize(
    "section",
    ["{temp: 0, decoding_steps: [1, 1, 1, 1]}", "{decoding_steps: [1, 1, 1, 0]}",
     "{decoding_steps: [1, 1, 1, 1], span_arrangement: [stride1]}"],
)  # fmt: skip
def test_a_configuration_that_draws_in_no_known_way_is_refused(section):
    with pytest.raises(ModelUnavailable, match="decoding"):
        read_decoding(XpConfig.parse(f"generate: {{lm: {section}}}", "x"), 4)


def test_a_model_may_say_how_many_codebooks_follow_guidance():
    section = "decoding: {guided_codebooks: 1, steps: [9, 3, 3, 3]}"
    assert read_decoding(XpConfig.parse(section, "x"), 4) == Decoding(
        steps=(9, 3, 3, 3), guided_codebooks=1
    )
    with pytest.raises(ModelUnavailable, match="guided_codebooks"):
        read_decoding(XpConfig.parse("decoding: {guided_codebooks: 5}", "x"), 4)


def test_names_go_to_the_official_format_and_back():
    official = torch.load(GOLDEN_FOLDER / "checkpoint" / NETWORK_FILE, weights_only=True)
    weights, conditioner = split_weights(official["best_state"])
    back = official_names(weights)
    assert not conditioner
    assert back.keys() == official["best_state"].keys()
    assert all(torch.equal(back[name], official["best_state"][name]) for name in back)


def test_half_precision_is_the_same_to_its_rounding(tmp_path, tiny_folder):
    def halve(content):
        content["best_state"] = {k: v.half() for k, v in content["best_state"].items()}

    folder = write_tiny_model(tmp_path / "half")
    edit(folder / NETWORK_FILE, halve)
    weight, exact = (load(at).network.out_norm.weight for at in (folder, tiny_folder))
    assert weight.dtype is torch.float32
    torch.testing.assert_close(weight, exact, atol=1e-3, rtol=1e-3)


def test_the_hash_is_that_of_both_files(folder):
    before = load(folder).weights_hash
    assert before == hash_files([folder / NETWORK_FILE, folder / CODEC_FILE])
    edit(folder / CODEC_FILE, lambda content: content.update(version="2"))
    assert load(folder).weights_hash != before


def test_saving_leaves_no_partial_file_behind(folder):
    assert sorted(path.name for path in folder.iterdir()) == [CODEC_FILE, NETWORK_FILE]


@pytest.mark.parametrize("name", [NETWORK_FILE, CODEC_FILE])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(ModelUnavailable, match=f"{name} is missing"):
        load(folder)


@pytest.mark.parametrize("name", [NETWORK_FILE, CODEC_FILE])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_a_truncated_file_is_refused(folder, name, share):
    path = folder / name
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(ModelUnavailable, match="damaged"):
        load(folder)


def test_a_damaged_file_is_refused_or_harmless_but_breaks_nothing(folder):
    path = folder / NETWORK_FILE
    whole = path.read_bytes()
    places = random.Random(1).sample(range(len(whole)), 40)
    refused = 0
    for place in [*places, *range(len(whole) - 22, len(whole))]:  # the last 22 bytes end a zip
        broken = bytearray(whole)
        broken[place] ^= 0xFF
        path.write_bytes(broken)
        try:
            load(folder)
        except ModelUnavailable:
            refused += 1
    assert refused > 5


class Bomb:
    """Touches a file when it is unpickled by a careless reader."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return (Path.touch, (self.target,))


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_file_with_code_in_it_is_refused_and_the_code_not_run(folder, tmp_path, wrapped):
    target = tmp_path / "owned"
    bomb = pickle.dumps({"best_state": Bomb(target)}, protocol=2)
    if wrapped:  # as a torch archive, which is a zip file
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("archive/data.pkl", bomb)
            archive.writestr("archive/version", "3\n")
        bomb = stream.getvalue()
    (folder / NETWORK_FILE).write_bytes(bomb)
    with pytest.raises(ModelUnavailable, match="damaged or is not a checkpoint"):
        load(folder)
    assert not target.exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda c: c.pop("best_state"), "no weights"),
        (lambda c: c.update(best_state={}), "no weights"),
        (lambda c: c["best_state"].update(text="no tensor"), "'text' is not a tensor"),
        (lambda c: c.pop("xp.cfg"), "xp.cfg is missing"),
        (lambda c: c.update({"xp.cfg": "a: [1"}), "xp.cfg cannot be read"),
        (lambda c: c.update({"xp.cfg": "just words"}), "not a mapping"),
        (lambda c: c.update({"xp.cfg": "a: 1"}), "xp.cfg lacks transformer_lm.dim"),
        (lambda c: c["best_state"].pop("out_norm.bias"), "lacks out_norm.bias"),
        (lambda c: c["best_state"].update(extra=torch.zeros(1)), "has extra"),
        (
            lambda c: c["best_state"].update({"out_norm.bias": torch.zeros(5)}),
            r"out_norm.bias has shape \(5,\) where its xp.cfg says \(32,\)",
        ),
        (lambda c: c["best_state"]["out_norm.bias"].fill_(torch.nan), "holds not-a-number"),
        (lambda c: c["best_state"]["emb.0.weight"].fill_(torch.inf), "holds not-a-number"),
        (
            lambda c: c["best_state"].update({"out_norm.bias": torch.zeros(32, dtype=torch.long)}),
            "not weights",
        ),
        (lambda c: c.update(pretrained="elsewhere"), "only points to elsewhere"),
    ],
)
def test_a_network_file_that_does_not_fit_says_why(folder, change, reason):
    edit(folder / NETWORK_FILE, change)
    with pytest.raises(ModelUnavailable, match=reason):
        load(folder)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("dim: 32", "dim: 1000000000", "transformer_lm.dim"),
        ("num_layers: 2", "num_layers: 0", "transformer_lm.num_layers"),
        ("num_layers: 2", "num_layers: two", "transformer_lm.num_layers"),
        ("num_layers: 2", "num_layers: 3", r"lacks layers\.2"),
        ("num_heads: 2", "num_heads: 3", "multiple of 3 heads"),
        ("card: 16", "card: 17", "weight has shape"),
        ("norm_first: true", "norm_first: false", "norm_first"),
        ("positional_embedding: sin", "positional_embedding: rope", "positional_embedding"),
        ("model: hashed", "model: clap", "text conditioner 'clap'"),
        ("model: hashed", "model: t5", "lacks conditioners.description.t5.name"),
        ("segment_duration: 2.0", "segment_duration: -1", "dataset.segment_duration"),
        ("temperature: 2.0", "temperature: .nan", "decoding.temperature"),
        ("span: nonoverlap", "span: random", "decoding.span"),
        ("top_k: 0", "top_k: 0\n  heat: 3", "decoding has names"),
        ("span_len: 3", "span_len: ${span_len}", "lacks masking.span_len"),
        ("span_len: 3", "span_len: ${masking.span_len}", "refers to itself"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(folder, old, new, reason):
    def change(content):
        assert old in content["xp.cfg"]
        content["xp.cfg"] = content["xp.cfg"].replace(old, new)

    edit(folder / NETWORK_FILE, change)
    with pytest.raises(ModelUnavailable, match=reason):
        load(folder)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda c: c["best_state"].popitem(), "not the codec it claims"),
        (lambda c: next(iter(c["best_state"].values())).fill_(torch.nan), "not-a-number"),
        (lambda c: c.update({"xp.cfg": "compression_model: dac"}), "codec 'dac'"),
        (lambda c: c.update({"xp.cfg": "compression_model: spectral"}), "not the codec it claims"),
        (lambda c: c.update(pretrained="facebook/encodec_32khz"), "needs the codec facebook/enc"),
    ],
)
def test_a_codec_file_that_does_not_fit_says_why(folder, change, reason):
    edit(folder / CODEC_FILE, change)
    with pytest.raises(ModelUnavailable, match=reason):
        load(folder)


def test_a_codec_of_another_size_is_refused(folder):
    official = GOLDEN_FOLDER / "checkpoint" / CODEC_FILE
    (folder / CODEC_FILE).write_bytes(official.read_bytes())
    with pytest.raises(ModelUnavailable, match=r"4 codebooks of 64 codes, the network 4 of 16"):
        load(folder)


def test_a_codec_may_be_a_pointer_into_the_models_folder(folder, tmp_path):
    elsewhere = tmp_path / "models" / "small-codec"
    elsewhere.mkdir(parents=True)
    (folder / CODEC_FILE).rename(elsewhere / CODEC_FILE)
    torch.save({"pretrained": "someone/small-codec"}, folder / CODEC_FILE)
    assert load(folder, tmp_path / "models").codec.codebook_size == TINY.codebook_size


@pytest.fixture(scope="module")
def transformers_codec():
    from transformers import EncodecConfig, EncodecModel

    return EncodecModel(
        EncodecConfig(
            sampling_rate=32000,
            num_filters=2,
            hidden_size=4,
            upsampling_ratios=[8, 5, 4, 4],
            use_causal_conv=False,
            codebook_size=16,
            target_bandwidths=[1.6],
        )
    ).eval()


def test_a_codec_may_be_in_the_format_of_transformers(tmp_path, transformers_codec):
    transformers_codec.save_pretrained(tmp_path)
    codes = torch.randint(16, (1, 4, 9))
    wanted = transformers_codec.decode(codes[None], [None]).audio_values[:, 0]
    codec = EncodecCodec.load(tmp_path, 4)
    torch.testing.assert_close(codec.decode(codes), wanted, atol=1e-6, rtol=0)
    assert codec.encode(wanted.detach()).shape == (1, 4, 9)


def test_a_codec_that_lacks_a_weight_is_not_filled_with_random_ones(tmp_path, transformers_codec):
    state = transformers_codec.state_dict()
    del state["decoder.layers.1.lstm.weight_hh_l0"]
    transformers_codec.save_pretrained(tmp_path, state_dict=state)
    with pytest.raises(ModelUnavailable, match=r"lacks decoder\.layers\.1\.lstm"):
        EncodecCodec.load(tmp_path, 4)


def test_references_in_a_configuration_are_followed():
    cfg = XpConfig.parse("rate: 32000\na: {b: '${rate}', c: '${a.b}', d: '${oc.env:X}'}", "x")
    assert cfg.integer("a.c", 0, 99999) == 32000
    assert cfg.get("a.d") == "${oc.env:X}"
    assert cfg.get("a.missing", 5) == 5

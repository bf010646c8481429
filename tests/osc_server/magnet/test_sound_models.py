"""Models of the shape of audio-magnet: 16 kHz, ratios 8 5 4 2, wider text, their own drawing."""

import subprocess
import sys

import numpy as np
import pytest
import torch
import yaml
from transformers import EncodecConfig, EncodecModel, T5Config, T5EncoderModel

from osc_server.contract.errors import ModelUnavailable
from osc_server.library.figures import read_figures
from osc_server.magnet.engine import load_engine
from osc_server.rendering.plan import Decoding, Plan
from tests.osc_server.magnet.conftest import GOLDEN_FOLDER

TEXT_DIM = 24
PROJECTION = "condition_provider.conditioners.description.output_proj.weight"
LM = {
    "temp": 3.5, "top_p": 0.8, "top_k": 0, "max_cfg_coef": 20.0, "min_cfg_coef": 1.0,
    "decoding_steps": [20, 10, 10, 10],
}  # fmt: skip


def official_name(name: str) -> str:
    """What the official format calls a weight of transformers' EnCodec."""
    stem, _, leaf = name.rpartition(".conv.")
    if stem:
        leaf = leaf.replace("parametrizations.weight.original0", "weight_g")
        leaf = leaf.replace("parametrizations.weight.original1", "weight_v")
        n_blocks = stem.count(".block.")
        transposed = stem.startswith("decoder") and not n_blocks and int(stem.split(".")[2]) in UPS
        kind = "convtr.convtr" if transposed else "conv.conv"
        name = f"{stem}.{kind}.{leaf}"
    name = name.replace("coder.layers.", "coder.model.")
    return name.replace("quantizer.layers.", "quantizer.vq.layers.").replace(
        ".codebook.", "._codebook."
    )


UPS = (3, 6, 9, 12)
"""Layers of the decoder that are transposed convolutions."""


def edited(name: str, change) -> dict:
    content = torch.load(GOLDEN_FOLDER / "checkpoint" / name, weights_only=True)
    cfg = yaml.safe_load(content["xp.cfg"])
    change(cfg)
    return {**content, "xp.cfg": yaml.safe_dump(cfg)}


@pytest.fixture(scope="module")
def codec():
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return EncodecModel(
            EncodecConfig(
                sampling_rate=16000, num_filters=4, hidden_size=16, codebook_size=64,
                upsampling_ratios=[8, 5, 4, 2], target_bandwidths=[1.3], use_causal_conv=False,
                use_conv_shortcut=False, pad_mode="constant",
            )
        ).eval()  # fmt: skip


@pytest.fixture(scope="module")
def models(tmp_path_factory, codec):
    """A models folder with ``audio-magnet-tiny`` and the text encoder that it names."""
    folder = tmp_path_factory.mktemp("models")
    place = folder / "audio-magnet-tiny"
    place.mkdir()

    def as_sound_codec(cfg):
        cfg["sample_rate"] = 16000
        cfg["seanet"]["ratios"] = [8, 5, 4, 2]

    def as_sound_model(cfg):
        cfg["sample_rate"] = 16000
        cfg["generate"]["lm"] |= LM
        cfg["conditioners"]["description"]["t5"]["name"] = "t5-wide"

    content = edited("compression_state_dict.bin", as_sound_codec)
    content["best_state"] = {official_name(k): v for k, v in codec.state_dict().items()}
    torch.save(content, place / "compression_state_dict.bin")
    content = edited("state_dict.bin", as_sound_model)
    content["best_state"][PROJECTION] = torch.randn(64, TEXT_DIM) / 5
    torch.save(content, place / "state_dict.bin")
    encoder = T5EncoderModel(
        T5Config(
            vocab_size=600, d_model=TEXT_DIM, d_kv=4, d_ff=32, num_layers=1, num_heads=2,
            feed_forward_proj="gated-gelu",
        )
    )  # fmt: skip
    encoder.save_pretrained(folder / "t5-wide")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / "t5-wide" / name).write_bytes((GOLDEN_FOLDER / "t5-tiny-rig" / name).read_bytes())
    return folder


@pytest.fixture(scope="module")
def engine(models):
    return load_engine("facebook/audio-magnet-tiny", models_folder=models, device="cpu")


def test_a_sound_model_says_what_it_is(engine):
    assert (engine.info.sample_rate_hz, engine.info.frame_rate) == (16000, 50)
    assert engine.info.defaults == Decoding(3.5, 0.8, 0, 20.0, 1.0, (20, 10, 10, 10))


def test_its_header_says_the_same(models, engine):
    figures = read_figures(models / "audio-magnet-tiny")
    assert (figures.rate_hz, figures.text_encoder) == (16000, "t5-wide")
    assert figures.window_seconds * 50 == engine.info.window_frames


def test_its_codec_decodes_and_encodes_as_that_of_transformers(engine, codec):
    codes = np.random.default_rng(1).integers(0, 64, (4, 25))
    with torch.inference_mode():
        wanted = codec.decode(torch.from_numpy(codes)[None, None], [None]).audio_values[0, 0]
        again = codec.encode(wanted[None, None], None, 1.3).audio_codes[0, 0]
    audio = engine.decode(codes, circular=False)
    assert audio.shape == (25 * 320, 1)
    np.testing.assert_allclose(audio[:, 0], wanted, atol=1e-6)
    np.testing.assert_array_equal(engine.encode(audio), again)


def test_it_makes_sound_from_words(engine):
    decoding = Decoding(3.5, 0.8, 0, 20.0, 1.0, (2, 1, 1, 1))
    (made,) = engine.generate([Plan("rain on tin", 20, 1, decoding)], lambda done, total: None)
    assert made.codes.shape == (4, 20)
    assert np.isfinite(engine.decode(made.codes, circular=True)).all()


def test_loading_asks_nothing_of_a_network(models):
    """Also where nobody said that the server is offline."""
    program = (
        "import socket, sys\n"
        "from pathlib import Path\n"
        "from osc_server.magnet.engine import load_engine\n"
        "def refuse(*args, **kwargs): sys.exit('somebody asked the network')\n"
        "socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse\n"
        f"load_engine('audio-magnet-tiny', models_folder=Path({str(models)!r}), device='cpu')\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, stdin=subprocess.DEVNULL)


def test_a_codec_by_name_may_be_one_of_transformers(models, codec, tmp_path):
    place = models / "pointing"
    place.mkdir(exist_ok=True)
    (place / "state_dict.bin").write_bytes(
        (models / "audio-magnet-tiny" / "state_dict.bin").read_bytes()
    )
    torch.save({"pretrained": "facebook/encodec_tiny"}, place / "compression_state_dict.bin")
    with pytest.raises(
        ModelUnavailable, match="`magnet-bridge models fetch facebook/encodec_tiny`"
    ):
        load_engine("pointing", models_folder=models, device="cpu")
    codec.save_pretrained(models / "encodec_tiny")
    engine = load_engine("pointing", models_folder=models, device="cpu")
    assert engine.info.sample_rate_hz == 16000

"""The whole recipe, very small: corpus, codec, codes, decoder, network, export, and the result."""

from dataclasses import replace

import pytest
import torch

from osc_server.magnet.engine import load_engine
from osc_server.rendering.plan import BeatGrid, Decoding, Plan
from osc_server.training.__main__ import Training
from osc_server.training.codec_training import CodecTraining
from osc_server.training.data import AudioBank
from osc_server.training.sizes import SIZES

TINY = replace(
    SIZES["smoke"],
    n_clips=4,
    n_codec_clips=4,
    codec_steps=3,
    adversarial_from=2,
    decoder_steps=1,
    codec_batch=2,
    codec_crop_frames=26,
    network_steps=2,
    network_batch=1,
    save_every=1,
)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("train")
    training = Training(TINY, folder, CPU, workers=1)
    for stage in ("corpus", "codec", "codes", "decoder", "network", "export"):
        getattr(training, stage)()
    return folder


def test_what_was_trained_loads_as_a_model_and_makes_audio(trained):
    engine = load_engine(str(trained / "embedded"), models_folder=trained, device="cpu")
    plan = Plan("warm bass", 20, 1, Decoding(steps=(2, 1, 1, 1)), BeatGrid(0.04))
    (decoded,) = engine.generate([plan], lambda done, steps: None)
    assert engine.decode(decoded.codes, circular=True).shape == (20 * 640, 1)
    assert engine.info.takes_tempo


def test_an_interrupted_training_ends_where_an_uninterrupted_one_does(trained, tmp_path):
    def run(steps, path):
        training = CodecTraining(
            replace(TINY, codec_steps=steps), AudioBank(trained, 4, CPU), path, "joint"
        )
        training.restore()
        training.steps = 3  # the schedule of the whole run, also for its first part
        while training.step < steps:
            if training.step == 0:
                training._initialise_codebooks()
            training._train_step()
            training.step += 1
        training.save()
        return training.codec.state_dict()

    whole = run(3, tmp_path / "whole.pt")
    run(1, tmp_path / "parts.pt")
    parts = run(3, tmp_path / "parts.pt")
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_a_network_without_codes_says_what_to_run_first(tmp_path):
    with pytest.raises(ValueError, match="encode the corpus first"):
        Training(TINY, tmp_path, CPU, workers=1).network()

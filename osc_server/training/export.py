"""Writes the trained weights as the embedded model: a folder in the official format, in float16."""

from __future__ import annotations

from pathlib import Path

import torch

from osc_server.magnet.saving import ModelFacts, save_folder
from osc_server.magnet.spectral_codec import SpectralCodec
from osc_server.magnet.vocabulary import Vocabulary, write_vocabulary
from osc_server.rendering.plan import Decoding
from osc_server.training import checkpoint
from osc_server.training.network_training import Learner
from osc_server.training.sizes import CLIP_FRAMES, SAMPLE_RATE_HZ, SAMPLES_PER_FRAME, Size
from osc_server.training.vocabulary import learned_vocabulary

EMBEDDED_FACTS = ModelFacts(
    window_seconds=CLIP_FRAMES * SAMPLES_PER_FRAME / SAMPLE_RATE_HZ,
    decoding=Decoding(
        temperature=3.0,
        top_p=0.7,
        guidance_max=3.0,
        guidance_min=1.0,
        steps=(9, 3, 3, 3),
        guided_codebooks=1,
    ),
    licence="MIT",
    companion=True,
)
"""Chosen on captions of corpus clips that no training used, never on the held-out prompts."""


def export(size: Size, folder: Path, target: Path) -> None:
    """Save the latest weights of a training folder as a model folder.

    Raises:
        ValueError: the codec or the network has not been trained yet.
    """
    cpu = torch.device("cpu")
    # The decoder trained on frozen codes is the better one, where that phase was run.
    codec_state = checkpoint.load(folder / "codec-decoder.pt", cpu)
    codec_state = codec_state or checkpoint.load(folder / "codec-joint.pt", cpu)
    network_state = checkpoint.load(folder / "network.pt", cpu)
    if codec_state is None or network_state is None:
        raise ValueError(f"{folder} holds no trained codec and network yet: run those stages first")
    codec = SpectralCodec(size.codec)
    codec.load_state_dict(codec_state["codec"])
    learner = Learner(size)
    learner.load_state_dict(network_state["average"])
    write_model(target, learner, codec, EMBEDDED_FACTS, learned_vocabulary(size))


def write_model(
    target: Path, learner: Learner, codec: SpectralCodec, facts: ModelFacts, words: Vocabulary
) -> None:
    """Save what was trained as a model folder, with the words that it knows."""
    save_folder(target, learner.network, learner.conditioner, codec, facts)
    write_vocabulary(words, target)

"""The one size setting of training: the same recipe for whoever has a GPU and whoever has not."""

from __future__ import annotations

from dataclasses import dataclass, field

from osc_server.magnet.spectral_codec import SpectralCodecSpec
from osc_server.training.corpus.revisions import SHIPPED

CLIP_FRAMES = 768
SAMPLE_RATE_HZ = 32000
SAMPLES_PER_FRAME = 640
CLIP_SAMPLES = CLIP_FRAMES * SAMPLES_PER_FRAME


@dataclass(frozen=True, slots=True)
class NetworkSize:
    """The MAGNeT network to train; text_dim is also the conditioner's."""

    dim: int = 256
    n_heads: int = 8
    n_layers: int = 7
    text_dim: int = 96


@dataclass(frozen=True, slots=True)
class Size:
    """How much is trained, and from which corpus (see ``corpus.revisions``).

    Steps are optimiser steps; batches are clips.

    Attributes:
        network_rate: peak learning rate of the network.
        network_warmup: steps until it is reached.
        balance: how much more often the network sees what is rare in the corpus: a kind of sound
            of n clips is drawn as if it had n to the power of 1 - balance. 0 = as they come.
        more: sounds, effects and drum styles that are drawn four times as often as that.
    """

    name: str
    n_clips: int
    n_codec_clips: int  # the codec learns from the first of them
    codec_steps: int  # encoder, codebooks and decoder together
    adversarial_from: int  # step of that at which the discriminators join
    decoder_steps: int  # the decoder alone, on frozen codes, with discriminators
    codec_batch: int
    codec_crop_frames: int
    network_steps: int
    network_batch: int
    save_every: int
    network_rate: float = 1.5e-3
    network_warmup: int = 400
    balance: float = 0.0
    more: tuple[str, ...] = ()
    seed: int = 20261122
    corpus_revision: int = SHIPPED
    network: NetworkSize = field(default_factory=NetworkSize)
    codec: SpectralCodecSpec = field(default_factory=SpectralCodecSpec)


SIZES = {
    size.name: size
    for size in (
        # Minutes on a laptop's CPU; proves the recipe, not the sound. Tests run it smaller still.
        Size(
            name="smoke",
            n_clips=64,
            n_codec_clips=64,
            codec_steps=40,
            adversarial_from=20,
            decoder_steps=10,
            codec_batch=4,
            codec_crop_frames=32,
            network_steps=40,
            network_batch=4,
            save_every=20,
            network=NetworkSize(dim=64, n_heads=2, n_layers=2, text_dim=32),
            codec=SpectralCodecSpec(
                encoder_dim=64, encoder_hidden=128, decoder_dim=64, decoder_hidden=128
            ),
        ),
        # About a night on two cores.
        Size(
            name="cpu",
            n_clips=6000,
            n_codec_clips=3000,
            codec_steps=6000,
            adversarial_from=1_000_000,
            decoder_steps=0,
            codec_batch=12,
            codec_crop_frames=64,
            network_steps=12000,
            network_batch=12,
            save_every=250,
        ),
        # What made the weights in osc_server/magnet/embedded, in about 24 minutes of an H100.
        Size(
            name="gpu",
            n_clips=22000,
            n_codec_clips=12288,
            codec_steps=8135,
            adversarial_from=1_000_000,
            decoder_steps=2220,
            codec_batch=64,
            codec_crop_frames=64,
            network_steps=11023,
            network_batch=32,
            save_every=500,
        ),
    )
}

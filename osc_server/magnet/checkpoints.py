"""Checkpoints in the official format: loading any of them into the one form.

A model is a folder of ``state_dict.bin`` and ``compression_state_dict.bin``. The official ones name
a T5 encoder and hold an EnCodec; the embedded one keeps its own text conditioner, beat projection
and spectral codec in the same two files, and goes through the same code.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from osc_server.contract.errors import ModelUnavailable
from osc_server.magnet.conditioning import (
    N_BUCKETS,
    HashedTextConditioner,
    T5Conditioner,
)
from osc_server.magnet.encodec import EncodecCodec
from osc_server.magnet.official_format import read_decoding, read_spec, split_weights
from osc_server.magnet.pretrained import find_folder, lacks
from osc_server.magnet.protocols import Codec, TextConditioner
from osc_server.magnet.spec import NetworkSpec
from osc_server.magnet.spectral_codec import SpectralCodec
from osc_server.magnet.state_files import (
    CODEC_FILE,
    NETWORK_FILE,
    StateFile,
    hash_files,
    read_state_file,
    require_finite,
)
from osc_server.magnet.transformer import MagnetTransformer
from osc_server.magnet.undrawn import UndrawnWeights
from osc_server.magnet.vocabulary import Vocabulary, read_vocabulary
from osc_server.magnet.xp_config import XpConfig
from osc_server.rendering.plan import Decoding

UNKNOWN_LICENCE = "its publisher's (Meta's MAGNeT weights: CC-BY-NC 4.0, not for commercial use)"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A loaded model, in eval mode on its device.

    Attributes:
        network: the transformer.
        conditioner: its text encoder.
        codec: what its codes mean.
        span: frames in a span.
        window_frames: the longest it generates at once.
        takes_tempo: whether it was trained with beat features.
        defaults: how its codes are best drawn.
        licence: of the weights.
        weights_hash: SHA-256 of the model's files.
        companion: ``shared`` where the network was trained to run autoregressively too; or empty.
        vocabulary: words that it has learned; None where its folder does not say.
    """

    network: MagnetTransformer
    conditioner: TextConditioner
    codec: Codec
    span: int
    window_frames: int
    takes_tempo: bool
    defaults: Decoding
    licence: str
    weights_hash: str
    companion: str = ""
    vocabulary: Vocabulary | None = None

    @property
    def frame_rate(self) -> int:
        """Codec frames per second."""
        return round(self.codec.sample_rate_hz / self.codec.samples_per_frame)


def load_checkpoint(
    folder: Path, models_folder: Path, device: torch.device, dtype: torch.dtype
) -> Checkpoint:
    """Load a folder in the official format.

    Args:
        folder: holds ``state_dict.bin`` and ``compression_state_dict.bin``.
        models_folder: where the text encoder and codec that it names are looked for.
        device: where the model computes.
        dtype: of the network's weights.

    Raises:
        ModelUnavailable: a file is missing, damaged, hostile, or does not fit the others.
    """
    paths = [folder / NETWORK_FILE, folder / CODEC_FILE]
    network_file, codec_file = (read_state_file(path) for path in paths)
    with ThreadPoolExecutor(1) as beside:  # hashing reads the files while weights are converted
        weights_hash = beside.submit(hash_files, paths)
        parts = _build(folder, network_file, codec_file, models_folder, (device, dtype))
        return replace(parts, weights_hash=weights_hash.result())


def _build(
    folder: Path,
    file: StateFile,
    codec_file: StateFile,
    models_folder: Path,
    place: tuple[torch.device, torch.dtype],
) -> Checkpoint:
    """The model of two files that were read, without its hash."""
    device, _ = place
    if file.pretrained:
        raise ModelUnavailable(f"{folder / NETWORK_FILE} only points to {file.pretrained}")
    cfg = file.cfg
    weights, conditioner_weights = split_weights(file.tensors)
    spec = read_spec(cfg, weights)
    network = _build_network(spec, weights, cfg.source, place)
    conditioner = _load_conditioner(cfg, conditioner_weights, models_folder, device)
    vocabulary = read_vocabulary(folder)
    if isinstance(conditioner, HashedTextConditioner):
        conditioner.vocabulary = vocabulary
    if conditioner.dim != spec.text_dim:
        raise ModelUnavailable(
            f"{cfg.source}: its text encoder has {conditioner.dim} numbers a word where the "
            f"network reads {spec.text_dim}: the wrong encoder lies under that name"
        )
    codec = _load_codec(codec_file, folder / CODEC_FILE, models_folder, spec).to(device)
    frame_rate = codec.sample_rate_hz / codec.samples_per_frame
    return Checkpoint(
        network=network,
        conditioner=conditioner,
        codec=codec,
        span=cfg.integer("masking.span_len", 1, 1000),
        window_frames=round(cfg.number("dataset.segment_duration", 0.1, 3600) * frame_rate),
        takes_tempo="beat_proj.weight" in file.tensors,
        defaults=read_decoding(cfg, spec.n_codebooks),
        licence=cfg.text("licence", UNKNOWN_LICENCE),
        weights_hash="",
        companion=cfg.text("companion", ""),
        vocabulary=vocabulary,
    )


def _build_network(
    spec: NetworkSpec,
    weights: dict[str, Tensor],
    source: str,
    place: tuple[torch.device, torch.dtype],
) -> MagnetTransformer:
    with torch.device("meta"), UndrawnWeights():  # they are replaced at once
        network = MagnetTransformer(spec)
    # A checkpoint that knows no tempo gets a projection that adds nothing.
    beat = weights.get("beat_proj.weight", torch.zeros(spec.dim, 0))
    if beat.dim() == 2:
        missing = max(0, spec.n_beat_features - beat.shape[1])
        weights["beat_proj.weight"] = functional.pad(beat, (0, missing))
    # Shapes first: nothing is copied for a file that only pretends to fit.
    _require_same_shapes(network.state_dict(), weights, source)
    device, dtype = place
    placed = {name: tensor.to(device, dtype) for name, tensor in weights.items()}
    require_finite(placed, source)
    network.load_state_dict(placed, assign=True)
    return network.eval().requires_grad_(False)


def _require_same_shapes(
    wanted: Mapping[str, Tensor], found: Mapping[str, Tensor], source: str
) -> None:
    """Say in one line what does not fit; torch would list hundreds of names."""
    for name in wanted.keys() | found.keys():
        shapes = [tuple(x[name].shape) if name in x else None for x in (wanted, found)]
        if name in found and not found[name].is_floating_point():
            raise ModelUnavailable(f"{source}: {name} is of type {found[name].dtype}, not weights")
        if shapes[0] != shapes[1]:
            problem = {
                shapes[1] is None: f"lacks {name}",
                shapes[0] is None: f"has {name:.80}, which MAGNeT does not have",
            }.get(True, f"{name} has shape {shapes[1]} where its xp.cfg says {shapes[0]}")
            raise ModelUnavailable(f"{source}: {problem}")


def _load_conditioner(
    cfg: XpConfig, weights: Mapping[str, Tensor], models_folder: Path, device: torch.device
) -> TextConditioner:
    kind = cfg.text("conditioners.description.model")
    if kind == "t5":
        name = cfg.text("conditioners.description.t5.name")
        return T5Conditioner.load(name, models_folder, device)
    if kind != "hashed":
        raise ModelUnavailable(f"{cfg.source}: its text conditioner {kind!r:.80} is not supported")
    conditioner = HashedTextConditioner(
        cfg.integer("conditioners.description.hashed.dim", 1, 4096),
        cfg.integer("conditioners.description.hashed.n_buckets", 1, 1 << 20, N_BUCKETS),
    )
    _require_same_shapes(conditioner.state_dict(), weights, cfg.source)
    require_finite(weights, cfg.source)
    conditioner.load_state_dict(dict(weights))
    return conditioner.eval().requires_grad_(False).to(device)


def _load_codec(
    file: StateFile, path: Path, models_folder: Path, spec: NetworkSpec
) -> EncodecCodec | SpectralCodec:
    folder = path.parent
    if file.pretrained:
        named = find_folder(file.pretrained, models_folder)
        if named is None:
            raise ModelUnavailable(lacks("codec", file.pretrained, models_folder))
        folder = named
        if (folder / CODEC_FILE).is_file():
            file = read_state_file(folder / CODEC_FILE)
    codec: EncodecCodec | SpectralCodec
    if file.tensors:
        codec = _build_codec(file, spec)
    else:
        codec = EncodecCodec.load(folder, spec.n_codebooks)
    if (codec.n_codebooks, codec.codebook_size) != (spec.n_codebooks, spec.codebook_size):
        raise ModelUnavailable(
            f"{path}: the codec has {codec.n_codebooks} codebooks of {codec.codebook_size} codes, "
            f"the network {spec.n_codebooks} of {spec.codebook_size}"
        )
    return codec


def _build_codec(file: StateFile, spec: NetworkSpec) -> EncodecCodec | SpectralCodec:
    require_finite(file.tensors, file.cfg.source)
    kind = file.cfg.text("compression_model")
    if kind == "encodec":
        return EncodecCodec.from_state(file.cfg, file.tensors, spec.n_codebooks)
    if kind != "spectral":
        raise ModelUnavailable(f"{file.cfg.source}: its codec {kind!r:.80} is not supported")
    try:
        return SpectralCodec.from_state(file.cfg.tree, file.tensors)
    except (LookupError, TypeError, ValueError, RuntimeError) as error:
        raise ModelUnavailable(f"{file.cfg.source}: not the codec it claims: {error}") from error

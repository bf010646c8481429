"""The two files of a checkpoint on disk: read with suspicion, written whole."""

from __future__ import annotations

import hashlib
import pickle
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from osc_server.contract.errors import ModelUnavailable
from osc_server.magnet.xp_config import XpConfig, dump

NETWORK_FILE = "state_dict.bin"
CODEC_FILE = "compression_state_dict.bin"


@dataclass(frozen=True, slots=True)
class StateFile:
    """What a checkpoint file holds: a configuration with tensors, or the name of another model.

    Attributes:
        cfg: the parsed xp.cfg; empty where the file is only a name.
        tensors: ``best_state``.
        pretrained: the name, where the file is a pointer ``{'pretrained': name}``, else empty.
    """

    cfg: XpConfig
    tensors: Mapping[str, Tensor]
    pretrained: str = ""


def read_state_file(path: Path) -> StateFile:
    """Read a file, without running any code that it may contain.

    Tensors are mapped from disk where the format allows, not copied.

    Raises:
        ModelUnavailable: not there, damaged, hostile, or not in the official format.
    """
    if not path.is_file():
        raise ModelUnavailable(f"{path} is missing: a model folder has {NETWORK_FILE} in it")
    try:
        # Only zip archives can be mapped; the format before them must be read.
        content = torch.load(
            str(path), map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path)
        )
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, LookupError) as e:
        raise ModelUnavailable(f"{path} is damaged or is not a checkpoint: {_brief(e)}") from e
    except (AttributeError, TypeError, AssertionError) as e:  # what a malformed pickle can trip
        raise ModelUnavailable(f"{path} is damaged or is not a checkpoint: {_brief(e)}") from e
    if not isinstance(content, dict):
        raise ModelUnavailable(f"{path} holds no dictionary: it is not a checkpoint")
    pretrained = content.get("pretrained")
    if isinstance(pretrained, str):
        return StateFile(XpConfig({}, str(path)), {}, pretrained)
    tensors = content.get("best_state")
    if not isinstance(tensors, dict) or not tensors:
        raise ModelUnavailable(f"{path} has no weights under 'best_state'")
    for name, tensor in tensors.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise ModelUnavailable(f"{path}: {name!r:.80} is not a tensor")
    return StateFile(XpConfig.parse(content.get("xp.cfg"), str(path)), tensors)


def write_state_file(path: Path, cfg: Mapping[str, object], tensors: Mapping[str, Tensor]) -> None:
    """Write a file in the official format, whole or not at all."""
    content = {
        "best_state": {name: tensor.detach().cpu().clone() for name, tensor in tensors.items()},
        "xp.cfg": dump(cfg),
        "version": "1",
        "exported": True,
    }
    partial = path.with_name(path.name + ".partial")
    try:
        torch.save(content, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def require_finite(tensors: Mapping[str, Tensor], source: str) -> None:
    """Refuse weights that are not numbers.

    Raises:
        ModelUnavailable: a NaN or an infinity, or a tensor that cannot hold weights.
    """
    for name, tensor in tensors.items():
        if not tensor.is_floating_point():
            raise ModelUnavailable(f"{source}: {name} is of type {tensor.dtype}, not weights")
        if not bool(tensor.isfinite().all()):
            raise ModelUnavailable(f"{source}: {name} holds not-a-number: download the model again")


def hash_files(paths: Iterable[Path]) -> str:
    """SHA-256 of files, one after another, as hexadecimal digits."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _brief(error: Exception) -> str:
    """The first line of an error: torch's go on with advice to switch the safety off."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]

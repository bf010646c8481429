"""The two files of a checkpoint on disk: read with suspicion, written whole."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from osc_server.contract.errors import ModelUnavailable
from osc_server.magnet.headers import CODEC_FILE as CODEC_FILE
from osc_server.magnet.headers import NETWORK_FILE as NETWORK_FILE
from osc_server.magnet.headers import read_header
from osc_server.magnet.xp_config import XpConfig, dump


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

    Its header is judged first, so that no tensor can claim more than the file holds. Tensors are
    mapped from disk, not copied.

    Raises:
        ModelUnavailable: not there, damaged, hostile, or not in the official format.
    """
    header = read_header(path)
    if header.pretrained:
        return StateFile(header.cfg, {}, header.pretrained)
    try:
        content = torch.load(str(path), map_location="cpu", weights_only=True, mmap=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, LookupError) as e:
        raise ModelUnavailable(f"{path} is damaged or is not a checkpoint: {_brief(e)}") from e
    except (AttributeError, TypeError, AssertionError) as e:  # what a malformed pickle can trip
        raise ModelUnavailable(f"{path} is damaged or is not a checkpoint: {_brief(e)}") from e
    return StateFile(header.cfg, content["best_state"])


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
    if not tensors:
        return
    # A sum is finite only if all of it is, and takes a tenth of the time of looking at each.
    sums = torch.stack([tensor.sum(dtype=torch.float32) for tensor in tensors.values()])
    for (name, tensor), is_fine in zip(tensors.items(), sums.isfinite().tolist(), strict=True):
        if not is_fine and not bool(tensor.isfinite().all()):
            raise ModelUnavailable(f"{source}: {name} holds not-a-number: fetch the model again")


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

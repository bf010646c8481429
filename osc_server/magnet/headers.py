"""What a checkpoint file says of itself: read in milliseconds, without torch, trusting nothing.

A file of ``torch.save`` is a zip archive of stored (never compressed) entries: ``data.pkl``, which
names shapes and storages, and one entry a storage. The pickle is read here by an unpickler that
knows nothing but dictionaries and the shape of tensors, so no code in it can run.
"""

from __future__ import annotations

import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from osc_server.contract.errors import ModelUnavailable
from osc_server.magnet.xp_config import XpConfig

NETWORK_FILE = "state_dict.bin"
CODEC_FILE = "compression_state_dict.bin"
MAX_PICKLE_BYTES = 32 << 20
"""Of ``data.pkl``; that of the largest official checkpoint has 0.1 MB."""
MAX_SHARING = 2
"""How often the bytes of a file may be used by its tensors: tied weights are used twice."""

_STORAGES = {
    "DoubleStorage": 8, "FloatStorage": 4, "HalfStorage": 2, "BFloat16Storage": 2,
    "LongStorage": 8, "IntStorage": 4, "ShortStorage": 2, "CharStorage": 1, "ByteStorage": 1,
    "BoolStorage": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TensorHeader:
    """A tensor by its shape.

    Attributes:
        shape: its sizes.
        item_bytes: of one number.
        storage: name of the storage that it lies in.
        storage_items: numbers that this storage claims to have.
    """

    shape: tuple[int, ...]
    item_bytes: int
    storage: str
    storage_items: int

    @property
    def n_items(self) -> int:
        """How many numbers it claims to have."""
        n_items = 1
        for size in self.shape:
            n_items *= size
        return n_items


@dataclass(frozen=True, slots=True)
class Header:
    """What a checkpoint file says of itself.

    Attributes:
        cfg: its xp.cfg; empty where the file is only a name.
        tensors: shapes by name.
        pretrained: the name, where the file is a pointer ``{'pretrained': name}``, else empty.
    """

    cfg: XpConfig
    tensors: Mapping[str, TensorHeader]
    pretrained: str = ""

    @property
    def n_weights(self) -> int:
        """Numbers in all tensors."""
        return sum(tensor.n_items for tensor in self.tensors.values())


def read_header(path: Path) -> Header:
    """Read what a file says of itself.

    Raises:
        ModelUnavailable: not there, damaged, hostile, or not in the official format.
    """
    if not path.is_file():
        raise ModelUnavailable(f"{path} is missing: a model folder has {NETWORK_FILE} in it")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = _check_entries(archive, path)
            content = _read_pickle(archive, entries["data.pkl"], path)
    except (zipfile.BadZipFile, OSError, KeyError, NotImplementedError, RuntimeError) as error:
        raise ModelUnavailable(f"{path} is damaged or is not a checkpoint: {error}") from error
    if not isinstance(content, dict):
        raise ModelUnavailable(f"{path} holds no dictionary: it is not a checkpoint")
    if isinstance(content.get("pretrained"), str):
        return Header(XpConfig({}, str(path)), {}, content["pretrained"])
    tensors = content.get("best_state")
    if not isinstance(tensors, dict) or not tensors:
        raise ModelUnavailable(f"{path} has no weights under 'best_state'")
    _check_tensors(tensors, entries, path)
    return Header(XpConfig.parse(content.get("xp.cfg"), str(path)), tensors)


def _check_entries(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """The entries by their names below the top folder; refuse what could swell."""
    entries = archive.infolist()
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise ModelUnavailable(f"{path} is compressed, which no checkpoint is: perhaps a zip bomb")
    claimed = sum(entry.file_size for entry in entries)
    if claimed > path.stat().st_size:
        raise ModelUnavailable(
            f"{path} is damaged: it claims {claimed} bytes and has {path.stat().st_size}"
        )
    return {entry.filename.partition("/")[2]: entry for entry in entries}


def _read_pickle(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> object:
    if entry.file_size > MAX_PICKLE_BYTES:
        raise ModelUnavailable(f"{path} is not a checkpoint: its index is far too large")
    try:
        with archive.open(entry) as file:
            return _Unpickler(file).load()
    except pickle.UnpicklingError as error:
        raise ModelUnavailable(f"{path} is damaged or is not a checkpoint: {error}") from error
    except (EOFError, LookupError, ValueError, TypeError, AttributeError) as error:
        raise ModelUnavailable(f"{path} is damaged: its index cannot be read: {error}") from error
    except (struct.error, MemoryError, RecursionError, OverflowError) as error:
        raise ModelUnavailable(f"{path} is damaged: its index cannot be read: {error}") from error


def _check_tensors(
    tensors: Mapping[object, object], entries: Mapping[str, zipfile.ZipInfo], path: Path
) -> None:
    """Refuse tensors that claim more than the file holds: they would swell when they are used."""
    used = 0
    for name, tensor in tensors.items():
        if not isinstance(name, str) or not isinstance(tensor, TensorHeader):
            raise ModelUnavailable(f"{path}: {name!r:.80} is not a tensor")
        entry = entries.get(f"data/{tensor.storage}")
        held = entry.file_size if entry is not None else 0
        claimed = tensor.n_items * tensor.item_bytes
        if claimed > held or tensor.storage_items * tensor.item_bytes > held:
            raise ModelUnavailable(
                f"{path}: {name:.80} claims the shape {_shown(tensor.shape)}, for which the file "
                f"holds {held} bytes: it is damaged"
            )
        used += claimed
    if used > MAX_SHARING * path.stat().st_size:
        raise ModelUnavailable(f"{path}: its tensors claim {used} bytes, more than the file holds")


def _shown(shape: Sequence[int]) -> str:
    return " x ".join(f"{size:.6g}" for size in shape[:8])


class _Unpickler(pickle.Unpickler):
    """Reads dictionaries, numbers, texts, and tensors as ``TensorHeader``; nothing else."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, encoding="utf-8")

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401  (a stand-in)
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        known = _STAND_INS.get((module, name))
        if known is None:
            raise pickle.UnpicklingError(f"it asks for {module[:60]}.{name[:60]}")
        return known

    def persistent_load(self, pid: Any) -> Any:  # noqa: ANN401
        kind, item_bytes, key, _, n_items = pid
        if kind != "storage" or not isinstance(item_bytes, int) or not isinstance(n_items, int):
            raise pickle.UnpicklingError("an entry is not a storage")
        return (item_bytes, str(key), n_items)


def _rebuild_tensor(storage: Any, _offset: object, shape: Any, *_: object) -> TensorHeader:  # noqa: ANN401
    item_bytes, key, n_items = storage
    sizes = tuple(shape)
    if not all(type(size) is int and size >= 0 for size in sizes):
        raise pickle.UnpicklingError("a tensor has no shape")
    return TensorHeader(sizes, item_bytes, key, n_items)


def _rebuild_parameter(tensor: TensorHeader, *_: object) -> TensorHeader:
    return tensor


_STAND_INS: dict[tuple[str, str], Callable[..., object]] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
}

"""Headers: read without torch, and every file that pretends to be more than it is refused."""

import io
import pickle
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import pytest
import torch

from osc_server.contract.errors import ModelUnavailable
from osc_server.magnet.headers import CODEC_FILE, NETWORK_FILE, read_header
from osc_server.magnet.state_files import read_state_file
from tests.osc_server.magnet.conftest import GOLDEN_FOLDER
from tests.osc_server.magnet.models import write_tiny_model


def rezip(path: Path, change=lambda name, content: content, method=zipfile.ZIP_STORED) -> None:
    """Write an archive again with its entries changed."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, change(name, content))


class Storage:
    """What a pickle of torch names a storage by."""

    def __init__(self, key: str, n_items: int) -> None:
        self.key, self.n_items = key, n_items


class Pickler(pickle.Pickler):
    def persistent_id(self, obj):
        if isinstance(obj, Storage):
            return ("storage", torch.FloatStorage, obj.key, "cpu", obj.n_items)
        return None


class Claim:
    """A tensor that says of itself what it likes."""

    def __init__(self, *args) -> None:
        self.args = args

    def __reduce__(self):
        return torch._utils._rebuild_tensor_v2, self.args


def write_claims(path: Path, tensors: dict[str, object], held_bytes: int = 4000) -> None:
    """A well-formed archive whose index claims these tensors over one small storage."""
    stream = io.BytesIO()
    Pickler(stream, protocol=2).dump({"best_state": tensors, "xp.cfg": "a: 1"})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", stream.getvalue())
        archive.writestr("archive/version", "3\n")
        archive.writestr("archive/data/0", bytes(held_bytes))


@pytest.fixture
def path(tmp_path):
    return write_tiny_model(tmp_path / "model") / NETWORK_FILE


@pytest.mark.parametrize("name", [NETWORK_FILE, CODEC_FILE])
def test_a_header_says_the_shapes_that_torch_finds(name):
    path = GOLDEN_FOLDER / "checkpoint" / name
    tensors = torch.load(path, weights_only=True)["best_state"]
    header = read_header(path)
    assert {k: v.shape for k, v in header.tensors.items()} == {
        k: tuple(v.shape) for k, v in tensors.items()
    }
    assert header.n_weights == sum(tensor.numel() for tensor in tensors.values())
    assert header.cfg.integer("sample_rate", 0, 99999) == 32000


def test_a_header_is_read_without_torch():
    program = (
        "import sys; from pathlib import Path; from osc_server.magnet.headers import read_header;"
        f"read_header(Path({str(GOLDEN_FOLDER / 'checkpoint' / NETWORK_FILE)!r}));"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_pointer_is_a_name(tmp_path):
    torch.save({"pretrained": "facebook/encodec_32khz"}, tmp_path / "a.bin")
    assert read_header(tmp_path / "a.bin").pretrained == "facebook/encodec_32khz"


def test_a_compressed_file_is_refused_before_it_can_swell(path):
    def swell(name, content):
        return bytes(50_000_000) if name.endswith("data/0") else content

    rezip(path, swell, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1_000_000
    tracemalloc.start()
    with pytest.raises(ModelUnavailable, match="compressed, which no checkpoint is"):
        read_state_file(path)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_entries_that_share_their_bytes_are_refused(path):
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        largest = max(archive.infolist(), key=lambda entry: entry.file_size)
        central = whole[archive.start_dir :]
    place = central.index(largest.filename.encode()) - 46
    entry = central[place : place + 46 + len(largest.filename)]
    extra = int.from_bytes(entry[30:32], "little")
    entry = central[place : place + 46 + len(largest.filename) + extra]
    start, n_copies = len(whole) - len(central), 500
    end = bytearray(whole[-22:])
    n_entries = int.from_bytes(end[10:12], "little") + n_copies
    directory = entry * n_copies + central[: central.rindex(b"PK\x05\x06")]
    directory = directory.split(b"PK\x06\x06")[0]
    end[8:12] = n_entries.to_bytes(2, "little") * 2
    end[12:16] = len(directory).to_bytes(4, "little")
    end[16:20] = start.to_bytes(4, "little")
    path.write_bytes(whole[:start] + directory + end)
    with pytest.raises(ModelUnavailable, match="claims"):
        read_state_file(path)


@pytest.mark.parametrize(
    "tensor",
    [
        Claim(Storage("0", 1000), 0, (1 << 20, 1 << 20), (0, 0), False, {}),
        Claim(Storage("0", 1000), 0, (1001,), (1,), False, {}),
        Claim(Storage("0", 1 << 40), 0, (1000,), (1,), False, {}),
        Claim(Storage("1", 1000), 0, (1000,), (1,), False, {}),
        Claim(Storage("0", 1000), 0, (1000, 1 << 62), (1, 0), False, {}),
    ],
    ids=["stretched", "longer", "huge storage", "no storage", "overflowing"],
)
def test_a_tensor_that_claims_more_than_the_file_holds_is_refused(tmp_path, tensor):
    write_claims(tmp_path / "a.bin", {"weight": tensor})
    with pytest.raises(ModelUnavailable, match="weight claims the shape"):
        read_state_file(tmp_path / "a.bin")


def test_a_storage_that_is_used_by_many_tensors_is_refused(tmp_path):
    whole = Claim(Storage("0", 1000), 0, (1000,), (1,), False, {})
    write_claims(tmp_path / "a.bin", {f"weight {n}": whole for n in range(1000)})
    with pytest.raises(ModelUnavailable, match="more than the file holds"):
        read_state_file(tmp_path / "a.bin")


@pytest.mark.parametrize("shape", [(-1,), ("a",), (1.5,), (True,)])
def test_a_tensor_without_a_shape_is_refused(tmp_path, shape):
    tensor = Claim(Storage("0", 1000), 0, shape, (1,), False, {})
    write_claims(tmp_path / "a.bin", {"weight": tensor})
    with pytest.raises(ModelUnavailable, match="no shape"):
        read_state_file(tmp_path / "a.bin")


@pytest.mark.parametrize(
    ("obj", "asks"),
    [
        (print, "__builtin__.print"),
        (torch.load, "torch.serialization.load"),
        (torch.hub.load, "torch.hub.load"),
        (Path("x"), "pathlib"),
    ],
)
def test_an_index_that_asks_for_code_is_refused_by_its_name(tmp_path, obj, asks):
    write_claims(tmp_path / "a.bin", {"weight": obj})
    with pytest.raises(ModelUnavailable, match=asks):
        read_state_file(tmp_path / "a.bin")


def test_an_index_that_is_far_too_large_is_refused(path, monkeypatch):
    monkeypatch.setattr("osc_server.magnet.headers.MAX_PICKLE_BYTES", 1000)
    with pytest.raises(ModelUnavailable, match="index is far too large"):
        read_state_file(path)


def test_a_configuration_that_multiplies_itself_is_refused(path):
    content = torch.load(path, weights_only=True)
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]" for old, new in zip("abcdefgh", "bcdefghi", strict=True)]  # fmt: skip # noqa: E501
    content["xp.cfg"] = "\n".join([*lines, "transformer_lm: *i"])
    torch.save(content, path)
    with pytest.raises(ModelUnavailable, match="refers to itself or to another place"):
        read_state_file(path)

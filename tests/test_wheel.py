"""The wheel: what is in it, and that it works where the checkout is not."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daw_bridge.server_process import free_port

ROOT = Path(__file__).parents[1]
SCRIPTS = "Scripts" if sys.platform == "win32" else "bin"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, as ``make wheel`` builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def files(wheel: Path) -> set[str]:
    """The names of what is in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of an environment that holds the wheel, and borrows what the wheel needs.

    The libraries of the environment that runs the tests come in by a path file. Python reads no
    further path files there, so the checkout's own editable install does not come with them.
    """
    folder = tmp_path_factory.mktemp("elsewhere") / "venv"
    venv.create(folder, with_pip=False, symlinks=sys.platform != "win32")
    python = folder / SCRIPTS / ("python.exe" if sys.platform == "win32" else "python")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True)
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = subprocess.run([python, "-c", where], check=True, capture_output=True, text=True)
    borrowed = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    Path(site.stdout.strip(), "borrowed.pth").write_text("\n".join(borrowed) + "\n", "utf-8")
    return folder / SCRIPTS


def run(installed: Path, folder: Path, *command: str, home: Path | None = None) -> str:
    """Run a command of the environment far from the checkout; what it printed."""
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if home is not None:  # on Linux, and on Windows
        clean |= {"HOME": str(home), "XDG_DATA_HOME": str(home), "LOCALAPPDATA": str(home)}
    done = subprocess.run(
        [installed / command[0], *command[1:]],
        cwd=folder,
        env=clean | {"HF_HUB_OFFLINE": "1", "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_weights_are_in_it(files: set[str]) -> None:
    embedded = "osc_server/magnet/embedded"
    assert {f"{embedded}/state_dict.bin", f"{embedded}/compression_state_dict.bin"} <= files


def test_every_preset_is_in_it(files: set[str]) -> None:
    presets = [path.name for path in (ROOT / "presets").glob("*.toml")]
    assert presets
    assert {f"osc_server/_presets/{name}" for name in presets} <= files


def test_every_integration_is_in_it(files: set[str]) -> None:
    folder = ROOT / "daw_bridge" / "integrations"
    parts = [
        path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in str(path)
    ]
    assert len(parts) > 5
    assert {path.relative_to(ROOT).as_posix() for path in parts} <= files


def test_the_page_is_in_it(files: set[str]) -> None:
    page = [path for path in (ROOT / "daw_bridge/page/static").iterdir() if path.is_file()]
    assert len(page) > 15
    assert {path.relative_to(ROOT).as_posix() for path in page} <= files


def test_nothing_else_is_in_it(files: set[str]) -> None:
    rooms = ("daw_bridge/", "osc_server/", "magnet_bridge-")
    assert [name for name in files if not name.startswith(rooms)] == []
    assert [name for name in files if name.endswith((".pyc", ".npy", ".wav", ".log"))] == []


def test_the_installed_copy_is_not_the_checkout(installed: Path, tmp_path: Path) -> None:
    where = "import osc_server, daw_bridge; print(osc_server.__file__, daw_bridge.__file__)"
    places = run(installed, tmp_path, "python", "-c", where).split()
    assert all(installed.parent in Path(place).parents for place in places)


def test_the_installed_copy_lists_its_presets(installed: Path, tmp_path: Path) -> None:
    names = sorted(path.stem for path in (ROOT / "presets").glob("*.toml"))
    listing = "from osc_server.app import built_in_presets as b; print(*sorted(b().glob('*.toml')))"
    paths = [Path(word) for word in run(installed, tmp_path, "python", "-c", listing).split()]
    assert [path.stem for path in paths] == names
    assert all(installed.parent in path.parents for path in paths)


def test_the_installed_copy_installs_into_a_host(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "externals").mkdir()
    run(installed, tmp_path, "magnet-bridge", "install", "pd", "--folder", "externals",
        home=tmp_path)  # fmt: skip
    folder = ROOT / "daw_bridge" / "integrations" / "pd"
    put = {p.name: p.read_bytes() for p in (tmp_path / "externals" / "magnet~").iterdir()}
    assert put == {p.name: p.read_bytes() for p in folder.iterdir()}


def test_the_installed_copy_makes_a_clip_with_the_embedded_model(
    installed: Path, tmp_path: Path
) -> None:
    wav = tmp_path / "clip.wav"
    what = ["dusty breakbeat", "--bars", "1", "--bpm", "150", "--seed", "7", "--rate", "44100"]
    where = ["--port", str(free_port()), "--clips", str(tmp_path / "clips"), "--out", str(wav)]
    run(installed, tmp_path, "magnet-bridge", "generate", *what, *where, "--model", "embedded")
    samples, rate_hz = soundfile.read(wav)
    assert rate_hz == 44100
    assert len(samples) == round(4 * 60 / 150 * 44100)
    assert np.abs(samples).max() > 0.05

"""The table of hosts, and the hosts themselves: they find what was installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import daw_bridge.integrations
from daw_bridge.install.host import Places
from daw_bridge.install.hosts import HOSTS
from daw_bridge.install.installing import Installer
from daw_bridge.install.records import Records
from tests.tools import require_tool

SOURCES = Path(daw_bridge.integrations.__file__).parent
HOME = Path("home")


def folders(name, system, **environment):
    host = next(host for host in HOSTS if host.name == name)
    return [folder.as_posix() for folder in host.folders(Places(HOME, system, environment))]


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
def test_every_row_can_be_installed(host, tmp_path):
    if host.build is not None:
        require_tool("cc", package="gcc lv2-dev")
    installer = Installer(SOURCES, Places(tmp_path, "Linux", {}), Records(tmp_path / "records"))
    (tmp_path / "host").mkdir()
    (change,) = installer.install(host, tmp_path / "host")
    assert change.n_files == len([p for p in (tmp_path / "host").rglob("*") if p.is_file()]) > 0
    assert host.advice.endswith(".")
    for system in ("Darwin", "Windows", "Linux"):
        assert host.folders(Places(tmp_path, system, {}))


def test_names_are_told_apart():
    assert len({host.name for host in HOSTS}) == len(HOSTS)


def test_pure_data_is_looked_for_where_each_system_has_it():
    documents = "home/Documents/Pd/externals"
    assert folders("pd", "Linux") == ["home/.local/lib/pd/extra", documents]
    assert folders("pd", "Darwin") == ["home/Library/Pd", documents]
    assert folders("pd", "Windows", APPDATA="roaming") == ["roaming/Pd", documents]


def test_supercollider_is_looked_for_where_each_system_has_it():
    end = "SuperCollider/Extensions"
    assert folders("supercollider", "Linux") == [f"home/.local/share/{end}"]
    assert folders("supercollider", "Linux", XDG_DATA_HOME="data") == [f"data/{end}"]
    assert folders("supercollider", "Darwin") == [f"home/Library/Application Support/{end}"]
    assert folders("supercollider", "Windows", LOCALAPPDATA="local") == [f"local/{end}"]


def test_ableton_live_is_looked_for_in_its_user_library():
    music, documents = (f"home/{root}/Ableton/User Library" for root in ("Music", "Documents"))
    assert folders("ableton", "Darwin") == [music, documents]
    assert folders("ableton", "Windows") == [documents, music]


def test_max_is_looked_for_in_its_packages_the_newest_first():
    packages = [f"home/Documents/Max {version}/Packages" for version in (9, 8)]
    assert folders("max", "Darwin") == folders("max", "Windows") == packages


def test_live_finds_the_control_surface_and_the_device_with_its_script_beside_it(tmp_path):
    library = tmp_path / "Music" / "Ableton" / "User Library"
    library.mkdir(parents=True)
    assert "choose MagnetBridge" in bridge(tmp_path, "install", "ableton")
    assert (library / "Remote Scripts" / "MagnetBridge" / "surface.py").is_file()
    device = library / "Presets" / "Audio Effects" / "Max Audio Effect" / "MagnetBridge"
    names = {path.name for path in device.iterdir()}
    assert names == {"MagnetBridge.amxd", "MagnetBridgeDevice.js"}


def test_reaper_is_looked_for_where_each_system_has_it():
    assert folders("reaper", "Linux") == ["home/.config/REAPER"]
    assert folders("reaper", "Darwin") == ["home/Library/Application Support/REAPER"]
    assert folders("reaper", "Windows", APPDATA="roaming") == ["roaming/REAPER"]


def home_of(folder: Path) -> dict[str, str]:
    """An environment whose home is a folder of the test."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    (folder / "runtime").mkdir(mode=0o700, exist_ok=True)
    return plain | {
        "HOME": str(folder),
        "XDG_RUNTIME_DIR": str(folder / "runtime"),
        "QT_QPA_PLATFORM": "offscreen",
        "QTWEBENGINE_DISABLE_SANDBOX": "1",
        "JACK_NO_START_SERVER": "1",
        "COLUMNS": "300",
    }


def bridge(folder: Path, *words: str) -> str:
    """Run the command in a home of the test; what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "daw_bridge.cli", *words],
        env=home_of(folder), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return f"{done.returncode}\n{done.stdout}{done.stderr}"


def test_the_command_lists_installs_and_takes_away(tmp_path):
    assert "not found" in bridge(tmp_path, "install")
    assert "Put an object magnet~ into a patch" in bridge(tmp_path, "install", "pd")
    assert str(tmp_path / ".local/lib/pd/extra") in bridge(tmp_path, "install")
    n_files = len(list((Path(daw_bridge.integrations.__file__).parent / "pd").iterdir()))
    gone = f"0\nPure Data: {n_files} files taken out of"
    assert bridge(tmp_path, "uninstall", "pd").startswith(gone)
    assert bridge(tmp_path, "uninstall", "pd").startswith("1\nmagnet-bridge: nothing of ours")
    assert "did you mean supercollider?" in bridge(tmp_path, "install", "supercolider")
    assert list((tmp_path / ".local/lib/pd/extra").rglob("*")) == []


def what_pd_says(folder: Path) -> str:
    """What Pd prints about a patch with one magnet~ in it."""
    patch = folder / "patch.pd"
    lines = [
        "#N canvas 0 0 450 300 12;", "#X obj 10 10 magnet~ 9;", "#X obj 10 50 loadbang;",
        "#X msg 10 90 \\; pd quit;", "#X connect 1 0 2 0;",
    ]  # fmt: skip
    patch.write_text("\n".join(lines) + "\n")
    pd = require_tool("pd", package="puredata-core")
    words = ["-nogui", "-stderr", "-noaudio", "-nomidi", "-verbose", "-open", str(patch)]
    done = subprocess.run(
        [pd, *words], env=home_of(folder), capture_output=True, text=True, timeout=60
    )
    return done.stdout + done.stderr


@pytest.mark.pd
def test_pure_data_finds_the_installed_object_and_no_other(tmp_path):
    assert "couldn't create" in what_pd_says(tmp_path)
    bridge(tmp_path, "install", "pd")
    said = what_pd_says(tmp_path)
    assert "couldn't create" not in said
    assert f"{tmp_path}/.local/lib/pd/extra/magnet~/magnet~.pd and succeeded" in said


@pytest.mark.supercollider
def test_supercollider_finds_the_installed_class(tmp_path):
    bridge(tmp_path, "install", "supercollider")
    program = tmp_path / "ask.scd"
    program.write_text('"class %".format(Magnet.filenameSymbol).postln; 0.exit;')
    sclang = require_tool("sclang", package="supercollider-language")
    done = subprocess.run(
        [sclang, str(program)], env=home_of(tmp_path), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    extensions = tmp_path / ".local/share/SuperCollider/Extensions"
    assert f"class {extensions}/magnet-bridge/classes/MagnetBridge.sc" in done.stdout

"""settings.ini, the script's start, and what it is allowed to import."""

from __future__ import annotations

import ast
import socket
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from daw_bridge.integrations.ableton.MagnetBridge import words
from daw_bridge.integrations.ableton.MagnetBridge.naming import arrangement_words, clip_name
from daw_bridge.integrations.ableton.MagnetBridge.settings import Settings, read_settings
from daw_bridge.integrations.patches import device
from daw_bridge.server_process import free_port
from tests.daw_bridge.integrations.ableton.live_set import LiveSet
from tests.daw_bridge.integrations.ableton.rig import FOLDER, live

SCRIPT = FOLDER / "MagnetBridge"


def settings_of(tmp_path: Path, text: str) -> tuple[Settings, list[str]]:
    (tmp_path / "settings.ini").write_text(text)
    return read_settings(tmp_path / "settings.ini")


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "none.ini") == (Settings(), [])


def test_every_setting_can_be_set(tmp_path: Path) -> None:
    text = "[magnet]\nport=12101\nlisten=12111\nclock=off\nrate=44100\ntoken=abc"
    settings, problems = settings_of(tmp_path, text)
    assert settings == Settings(12101, 12111, False, 44100, "abc")
    assert problems == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("port=99999", "must be a port"),
        ("rate=7999", "must be 0, or 8000 to 192000"),
        ("clock=perhaps", "must be on or off"),
        ("prot=12101", "no such setting"),
    ],
)
def test_a_wrong_setting_is_told_and_the_others_hold(tmp_path: Path, line: str, words: str) -> None:
    settings, (problem,) = settings_of(tmp_path, f"[magnet]\n{line}\nlisten=12111")
    assert words in problem
    assert settings == Settings(listen=12111)


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    settings, (problem,) = settings_of(tmp_path, "port=1")
    assert settings == Settings()
    assert "cannot be read" in problem


def test_a_port_that_is_taken_is_told_with_the_next_one(tmp_path: Path) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with live(tmp_path, LiveSet(), port=free_port(), listen=port) as host:
            assert f"; {port} is taken" in host.shown[-1]


def test_it_runs_on_the_standard_library_alone(tmp_path: Path) -> None:
    """As inside of Live: no packages, and nothing of ours but the folder itself."""
    names = sorted(
        path.stem for path in SCRIPT.glob("*.py") if path.stem not in ("surface", "older")
    )
    program = f"import sys; sys.path.insert(0, {str(FOLDER)!r})\n" + "\n".join(
        f"import MagnetBridge.{name}" for name in names if name != "__init__"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, cwd=tmp_path
    )
    assert len(names) > 12
    assert done.stderr == ""


@pytest.mark.parametrize("path", sorted(SCRIPT.glob("*.py")), ids=lambda path: path.name)
def test_it_is_written_in_lives_python(path: Path) -> None:
    ast.parse(path.read_text("utf-8"), feature_version=(3, 11))


@pytest.mark.parametrize("name", ["__init__", "older"])
def test_live_11_can_read_what_refuses_it(name: str) -> None:
    ast.parse((SCRIPT / f"{name}.py").read_text("utf-8"), feature_version=(3, 7))


def test_live_11_is_told_that_it_is_too_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 7, 3))
    with live(tmp_path, LiveSet(), port=free_port(), listen=free_port()) as host:
        assert host.shown == ["MagnetBridge needs Live 12 (12.0.5 or newer to land clips)"]


def test_only_the_surface_needs_lives_modules() -> None:
    needing = set()
    for path in SCRIPT.glob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if any(module.split(".")[0] in ("Live", "ableton") for module in modules):
                needing.add(path.name)
    assert needing == {"surface.py", "older.py"}


def test_names_are_short_and_say_how_to_make_the_clip_again() -> None:
    name = clip_name("dusty breakbeat", 4.0, 128.5, "A minor", 7)
    assert name == "dusty breakbeat · 4 bars · 128.5 BPM · A minor · seed 7"
    assert len(clip_name("x" * 500, 1.0, 120.0, "", 7)) < 100


def test_places_of_the_arrangement_are_counted_as_live_counts() -> None:
    assert arrangement_words("Drums", 0.0, 4.0) == "track Drums, bar 1 of the arrangement"
    assert arrangement_words("Drums", 10.5, 3.5) == "track Drums, bar 4 of the arrangement"
    assert arrangement_words("Drums", 5.0, 4.0) == "track Drums, bar 2 beat 2 of the arrangement"


def test_the_page_explains_every_word_and_every_setting() -> None:
    page = (Path(__file__).parents[4] / "docs" / "ableton.md").read_text("utf-8")
    for word in (*words.JOB_VERBS, *words.OTHER_VERBS, *words.REPLIES):
        assert f"`/live-magnet/{word}" in page, word
    for name in words.OWN_NAMES:
        assert f"`{name}` (" in page, name
    for setting in fields(Settings):
        assert f"\n{setting.name} = " in page, setting.name
    for control in device.controls():
        assert f"*{control.name}*" in page, control.name

"""THE table of the hosts that something of ours can be installed into: one row a host."""

from __future__ import annotations

import sys
from pathlib import Path

from daw_bridge.install.building import build_lv2
from daw_bridge.install.host import Host, Places


def _pure_data(places: Places) -> tuple[Path, ...]:
    """Pd's standard path, which it always searches; then the one of its documents folder."""
    standard = {
        "Darwin": places.home / "Library" / "Pd",
        "Windows": places.application_data / "Pd",
    }.get(places.system, places.home / ".local" / "lib" / "pd" / "extra")
    return standard, places.documents / "Pd" / "externals"


def _supercollider(places: Places) -> tuple[Path, ...]:
    """What sclang calls ``Platform.userExtensionDir``."""
    data = {
        "Darwin": places.application_data,
        "Windows": places.named("LOCALAPPDATA", "AppData/Local"),
    }.get(places.system, places.named("XDG_DATA_HOME", ".local/share"))
    return (data / "SuperCollider" / "Extensions",)


def _ableton(places: Places) -> tuple[Path, ...]:
    """Live's User Library, where it keeps Remote Scripts and presets."""
    music, documents = places.home / "Music", places.documents
    roots = (documents, music) if places.system == "Windows" else (music, documents)
    return tuple(root / "Ableton" / "User Library" for root in roots)


def _max(places: Places) -> tuple[Path, ...]:
    """Max's packages, of the newest Max first."""
    return tuple(places.documents / f"Max {version}" / "Packages" for version in (9, 8))


def _reaper(places: Places) -> tuple[Path, ...]:
    """What Reaper calls its resource path; Options > Show REAPER resource path opens it."""
    return (places.application_data / "REAPER",)


def _own_command() -> str:
    """The command line of this very installation: hosts know no PATH of a terminal."""
    python = Path(sys.executable)
    windowless = python.with_name("pythonw.exe")
    return f'"{windowless if windowless.exists() else python}" -m daw_bridge.cli\n'


def _lv2(places: Places) -> tuple[Path, ...]:
    """The user's own folder on the standard path of LV2."""
    own = {
        "Darwin": places.home / "Library" / "Audio" / "Plug-Ins" / "LV2",
        "Windows": places.named("APPDATA", "AppData/Roaming") / "LV2",
    }.get(places.system, places.home / ".lv2")
    return (own,)


HOSTS = (
    Host(
        "ableton",
        "Ableton Live",
        "ableton",
        (
            ("MagnetBridge", "Remote Scripts/MagnetBridge"),
            ("device", "Presets/Audio Effects/Max Audio Effect/MagnetBridge"),
        ),
        _ableton,
        "Start Live anew and choose MagnetBridge in Settings > Link, Tempo & MIDI as a Control "
        "Surface, without input and output. With Max for Live, put the device MagnetBridge "
        "(User Library > Presets) on an audio track.",
    ),
    Host(
        "max",
        "Max",
        "max",
        ((".", "magnet-bridge"),),
        _max,
        "Start Max anew and put an object magnet~ into a patch; a right click on it opens its "
        "help, which plays.",
    ),
    Host(
        "pd",
        "Pure Data",
        "pd",
        ((".", "magnet~"),),
        _pure_data,
        "Put an object magnet~ into a patch; a right click on it opens its help, which plays.",
        makes_folder=True,
    ),
    Host(
        "supercollider",
        "SuperCollider",
        "supercollider",
        ((".", "magnet-bridge"),),
        _supercollider,
        "Choose Language > Recompile Class Library; then Magnet.help explains and plays. If you "
        "had installed the Quark, take it out with Quarks.gui: a class may be there only once.",
        makes_folder=True,
    ),
    Host(
        "reaper",
        "REAPER",
        "reaper",
        (
            ("MAGNeT.lua", "Scripts/magnet-bridge/MAGNeT.lua"),
            *(
                (f"MAGNeT - {verb}.lua", f"Scripts/magnet-bridge/MAGNeT - {verb}.lua")
                for verb in ("generate", "vary", "infill", "continue", "loop", "cancel")
            ),
            ("lib", "Scripts/magnet-bridge/lib"),
            ("OSC", "OSC"),
        ),
        _reaper,
        "Actions > Show action list > New action > Load ReaScript: choose MAGNeT.lua in "
        "Scripts/magnet-bridge, once, and run it: its window opens, and its other scripts become "
        "actions. For faders: Preferences > Control/OSC/web > Add > OSC, pattern magnet-bridge.",
        written=(("Scripts/magnet-bridge/command.txt", _own_command),),
    ),
    Host(
        "lv2",
        "LV2 hosts",
        "lv2",
        (),
        _lv2,
        "Let your DAW (Ardour, Reaper, Carla, Qtractor) look for plugins again, then add MAGNeT "
        "loop to a track; docs/plugin.md explains it.",
        makes_folder=True,
        build=build_lv2,
    ),
)

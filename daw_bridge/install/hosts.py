"""THE table of the hosts that something of ours can be installed into: one row a host."""

from __future__ import annotations

from pathlib import Path

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


HOSTS = (
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
)

"""Where the soundfont of the sampled instruments lies, and which it is.

The voices are tuned and chosen for FluidR3 GM, which its author gave away under the MIT licence.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

from osc_server.training.corpus.fluidsynth import FluidSynth, SamplerUnavailable, how_to_install

VARIABLE = "MAGNET_SOUNDFONT"
"""The environment variable that says where the soundfont lies."""

USUAL = (
    Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),  # Debian, Ubuntu
    Path("/usr/share/soundfonts/FluidR3_GM.sf2"),  # Fedora, Arch
    Path("/opt/homebrew/share/soundfonts/FluidR3_GM.sf2"),
    Path("/usr/local/share/soundfonts/FluidR3_GM.sf2"),
    Path("~/Library/Audio/Sounds/Banks/FluidR3_GM.sf2"),
    Path("C:/soundfonts/FluidR3_GM.sf2"),
)
_DIGITS = 16


def find_soundfont(said: Path | None = None) -> Path:
    """The soundfont at ``said``, else where the environment says, else in the usual places.

    Raises:
        SamplerUnavailable: it isn't there.
    """
    named = said or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    places = [path.expanduser() for path in ([named] if named else USUAL)]
    for path in places:
        if path.is_file():
            return path
    raise SamplerUnavailable(
        "revision 2 of the corpus needs the soundfont FluidR3_GM.sf2, which isn't at "
        f"{', '.join(map(str, places))}: {how_to_install()}, or say where it lies with "
        f"--soundfont or {VARIABLE}"
    )


def fingerprint(path: Path) -> str:
    """The first 16 digits of a soundfont's SHA-256, as the rows of a corpus have it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:_DIGITS]


@cache
def opened(path: Path) -> FluidSynth:
    """The soundfont at ``path``, opened once in a process."""
    return FluidSynth(path)

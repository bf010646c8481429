"""What has to be compiled on the musician's computer before it can be installed: the LV2 plugin."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from daw_bridge.install.host import Places
from osc_server.contract.errors import BadRequest

BUNDLE = "magnet.lv2"
COMPILERS = ("cc", "gcc", "clang")
BUILD_SECONDS = 120.0
_HOW = {
    "Darwin": "xcode-select --install, then brew install lv2 pkg-config",
    "Windows": "MSYS2, then pacman -S mingw-w64-ucrt-x86_64-gcc mingw-w64-ucrt-x86_64-lv2",
}
_ON_LINUX = "apt install gcc lv2-dev pkg-config, or what your system calls them"
_FLAGS = ("-std=c11", "-D_GNU_SOURCE", "-O2", "-fPIC", "-fvisibility=hidden", "-shared")


def build_lv2(source: Path, places: Places) -> Mapping[str, bytes]:
    """The files of the plugin's bundle, by their paths under the host's folder.

    Raises:
        BadRequest: where it cannot be built here, with what to install.
    """
    how = f"install a C compiler and the LV2 headers: {_HOW.get(places.system, _ON_LINUX)}"
    named = shlex.split(places.environment.get("CC", ""))
    compiler = named or [path for name in COMPILERS if (path := shutil.which(name))][:1]
    if not compiler:
        raise BadRequest(f"the plugin has to be built, and there is no C compiler here: {how}")
    ending = {"Darwin": "dylib", "Windows": "dll"}.get(places.system, "so")
    libraries = ["-lws2_32"] if places.system == "Windows" else ["-lpthread", "-lm"]
    binary = f"magnet.{ending}"
    sources = [str(path) for path in sorted(source.glob("*.c"))]
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder, binary)
        command = [*compiler, *_FLAGS, *_headers(), "-o", str(built), *sources, *libraries]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise BadRequest(
                f"{compiler[0]} could not build the plugin ({error}): {how}"
            ) from error
        if done.returncode or not built.is_file():
            why = next((line for line in done.stderr.splitlines() if "error" in line), "no reason")
            raise BadRequest(f"the plugin could not be built ({why}): {how}")
        content = built.read_bytes()
    manifest = (source / "manifest.ttl.in").read_text("utf-8").replace("@BINARY@", binary)
    return {
        f"{BUNDLE}/{binary}": content,
        f"{BUNDLE}/manifest.ttl": manifest.encode(),
        f"{BUNDLE}/magnet.ttl": (source / "magnet.ttl").read_bytes(),
    }


def _headers() -> list[str]:
    """Where the headers are, if pkg-config knows and the compiler does not."""
    tool = shutil.which("pkg-config")
    if tool is None:
        return []
    found = subprocess.run(
        [tool, "--cflags", "lv2"], capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    return shlex.split(found.stdout) if found.returncode == 0 else []

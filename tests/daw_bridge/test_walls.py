"""What the bridge may not pull in."""

from __future__ import annotations

import subprocess
import sys

_IMPORT_ALL = """
import importlib, pkgutil, sys
import daw_bridge
for module in pkgutil.walk_packages(daw_bridge.__path__, "daw_bridge."):
    importlib.import_module(module.name)
print(" ".join(sorted(sys.modules)))
"""


def modules_of_the_bridge():
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_ALL], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_the_whole_bridge_imports_no_model_and_of_the_server_only_the_contract():
    loaded = modules_of_the_bridge()
    assert "daw_bridge.session" in loaded
    assert not loaded & {"torch", "transformers"}
    of_the_server = {name for name in loaded if name.startswith("osc_server.")}
    assert all(name.startswith("osc_server.contract") for name in of_the_server)


def test_nothing_slow_and_no_sound_library_is_loaded_before_it_is_needed():
    assert not modules_of_the_bridge() & {"sounddevice", "mido", "librosa", "matplotlib", "scipy"}

"""Make the golden cases again."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from tests.osc_server.magnet.conftest import GOLDEN_FOLDER
from tests.osc_server.magnet.reference.audiocraft_source import SOURCE_VARIABLE, find_audiocraft
from tests.osc_server.magnet.reference.cases import make_cases
from tests.osc_server.magnet.reference.run_reference import load_reference, run_reference


def main() -> None:
    if not find_audiocraft():
        sys.exit(f"install audiocraft, or set {SOURCE_VARIABLE} to a checkout of its source")
    codes = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, case in make_cases().items():
            model = load_reference(case, Path(folder))
            codes[name] = run_reference(case, model).numpy().astype(np.uint16)
    np.savez_compressed(GOLDEN_FOLDER / "cases.npz", **codes)


if __name__ == "__main__":
    main()

"""The golden data: a checkpoint in the official format and what the reference computes with it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.lib.npyio import NpzFile
from torch import Tensor

from osc_server.magnet.checkpoints import Checkpoint, load_checkpoint
from tests.osc_server.magnet.models import write_tiny_model

GOLDEN_FOLDER = Path(__file__).parents[2] / "golden"


@dataclass(frozen=True)
class Golden:
    """The reference's inputs and outputs, and its checkpoint loaded by us."""

    arrays: NpzFile
    model: Checkpoint

    def tensor(self, name: str) -> Tensor:
        array = self.arrays[name]
        return torch.from_numpy(array.astype(np.int64) if array.dtype == np.int32 else array)

    def info(self, case: str) -> dict[str, Any]:
        info: dict[str, Any] = json.loads(str(self.arrays[f"gen/{case}/info"]))
        return info


@pytest.fixture(scope="session")
def golden() -> Golden:
    model = load_checkpoint(
        GOLDEN_FOLDER / "checkpoint", GOLDEN_FOLDER, torch.device("cpu"), torch.float32
    )
    return Golden(np.load(GOLDEN_FOLDER / "reference.npz"), model)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny model of the embedded kind; do not write to it."""
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")

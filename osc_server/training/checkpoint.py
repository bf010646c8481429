"""Checkpoints of a training that may be interrupted at any moment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor


def save(path: Path, content: dict[str, Any]) -> None:
    """Write a checkpoint whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    torch.save(content, unfinished)
    os.replace(unfinished, path)


def load(path: Path, device: torch.device) -> dict[str, Any] | None:
    """The checkpoint at ``path``, or None where training has not begun."""
    if not path.exists():
        return None
    content: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    return content


def half(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A state dict in float16, as published."""
    return {name: tensor.detach().cpu().half() for name, tensor in state.items()}

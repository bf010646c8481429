"""What the model computes on: how much memory it has."""

from __future__ import annotations

import torch

from osc_server.memory import total_memory_bytes


def memory_bytes(device: str) -> int:
    """Memory of a device: of a GPU its own; of an Apple GPU the computer's, which it shares."""
    if device.startswith("cuda"):
        return int(torch.cuda.get_device_properties(torch.device(device)).total_memory)
    return total_memory_bytes()

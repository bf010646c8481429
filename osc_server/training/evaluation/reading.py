"""A second judge of seams: the autoregressive companion, which reads a loop out of its own end.

The network that judges in ``seam_report`` has also drawn the loop, from both sides and in the very
way that it judges. The companion reads from the past alone, as the reference model of LoopGen does,
and has drawn none of it; the embedded model's is the same weights trained for another task.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from osc_server.magnet.checkpoints import load_checkpoint
from osc_server.magnet.companion_choice import find_companion
from osc_server.magnet.engine import find_model
from osc_server.magnet.precision import hasten, stored_dtype
from osc_server.magnet.protocols import Companion
from osc_server.rendering.plan import Codes, Plan
from osc_server.rendering.seam_report import SeamSurprise

AFTER_FRAMES = 12
"""Frames after the seam that are judged: a reader is surprised by what follows, not before."""
_LEAST = 1e-9  # a probability; its logarithm is finite


def load_reader(spec: str, models_folder: Path, device: torch.device) -> Companion | None:
    """The companion of a model, or None where it has none.

    Raises:
        ModelUnavailable: as ``load_engine``.
    """
    folder, _ = find_model(spec, models_folder)
    model = load_checkpoint(folder, models_folder, device, stored_dtype("auto", device))
    hasten(model.network, "auto", device)
    return find_companion(model, models_folder, device, model.network.out_norm.weight.dtype)


def reader_surprise(
    reader: Companion, codes: Codes, plan: Plan, device: torch.device
) -> SeamSurprise:
    """How unexpected a loop is to who comes out of its end, in nats a code.

    Args:
        reader: reads from the past alone, by the plan's words and without guidance.
        codes: ``[K, n_frames]`` of a loop that begins at its seam.
        plan: of the loop; it wraps, so that the loop's tail is read before its head.
        device: of the reader.

    Raises:
        ValueError: the plan does not wrap, or the loop is not longer than what is judged.
    """
    if plan.wrap_frames == 0 or codes.shape[1] <= AFTER_FRAMES:
        raise ValueError("a seam is read from a tail into a head: the loop is too short or a line")
    given = torch.from_numpy(np.ascontiguousarray(codes, dtype=np.int64))[None].to(device)
    rescorer = reader.rescorer([plan])
    likely = [rescorer.probabilities(given, stage)[0] for stage in range(codes.shape[0])]
    nats: NDArray[np.float32] = -torch.stack(likely).clamp_min(_LEAST).log().cpu().numpy()
    return SeamSurprise(float(nats[:, :AFTER_FRAMES].mean()), float(nats[:, AFTER_FRAMES:].mean()))

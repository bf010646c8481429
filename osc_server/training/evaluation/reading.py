"""A second judge of seams: the autoregressive companion, which reads a loop out of its own end.

The network that judges in ``seam_report`` has also drawn the loop, from both sides and in the very
way that it judges. The companion reads from the past alone and has drawn none of it; the embedded
model's is the same weights trained for another task. So LoopGen judges (arXiv 2504.04466 and its
published code): a MusicGen reads a loop twice, and what counts is how unexpected the first codebook
is in the first five frames of the second time.
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

AFTER_FRAMES = 5
"""Frames after the seam that are judged: what surprises a reader is what follows."""
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
    """How unexpected a loop's first codebook is to who comes out of its end, in nats a code.

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
    likely = reader.rescorer([plan]).probabilities(given, 0)[0]
    nats: NDArray[np.float32] = -likely.clamp_min(_LEAST).log().cpu().numpy()
    return SeamSurprise(float(nats[:AFTER_FRAMES].mean()), float(nats[AFTER_FRAMES:].mean()))

"""Phases for a magnitude spectrogram of tones: each partial turns on at its own frequency.

Single-pass spectrogram inversion (Beauregard, Harish and Wyse, DSP 2015): peaks are found in each
frame, each peak's phase goes on from where the frame before left that bin, by the frequency that
the peak's neighbours tell, and all bins around a peak share its phase. A network that is told the
same codes in frame after frame cannot count turns; this does, so a held note stays one note.

Frames are centred on their own middle (zero phase there), as ``centred_frames`` makes them.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

CLOSING_SUBFRAMES = (200, 100, 50)
"""Over how many frames a circle's phases are brought round; each pass mends what the last left."""


def advance(log_magnitude: Tensor, hop: int, n_fft: int) -> Tensor:
    """Phases ``[B, T, F]`` in radians for the lowest F bins of log magnitudes ``[B, T, F]``."""
    owners, turns = peak_turns(log_magnitude.detach(), hop, n_fft)
    return _accumulate(owners, turns, _first_phases(log_magnitude))


def advance_around(log_magnitude: Tensor, hop: int, n_fft: int) -> Tensor:
    """As ``advance``, for frames of a loop: the phases after the last frame are those of the first.

    What is missing to a whole turn is spread over the last seconds: at most a quarter hertz.
    """
    owners, turns = peak_turns(log_magnitude.detach(), hop, n_fft)
    n_frames = log_magnitude.shape[1]
    # Once round to settle, so that the first frame follows from the last.
    settled = _accumulate(owners, turns, _first_phases(log_magnitude))[:, -1]
    phases = _accumulate(owners, turns, settled)
    for reach in CLOSING_SUBFRAMES:
        reach = min(reach, n_frames - 1)
        if reach < 1:
            break
        after = phases[:, -1].gather(1, owners[:, 0]) + turns[:, 0]
        missing = torch.remainder(phases[:, 0] - after + math.pi, 2 * math.pi) - math.pi
        start = n_frames - reach
        tail = _accumulate(
            owners[:, start:], turns[:, start:], phases[:, start - 1], missing / reach
        )
        phases = torch.cat([phases[:, :start], tail], dim=1)
    return phases


def peak_turns(log_magnitude: Tensor, hop: int, n_fft: int) -> tuple[Tensor, Tensor]:
    """For each bin the bin of its peak, and by how much that peak's phase turns in a hop.

    Args:
        log_magnitude: natural logs ``[B, T, F]``.
        hop: samples between frames.
        n_fft: samples in a frame.

    Returns:
        Bins ``[B, T, F]`` long, and radians ``[B, T, F]`` within half a turn.
    """
    n_bins = log_magnitude.shape[-1]
    padded = torch.nn.functional.pad(log_magnitude, (1, 1), value=-math.inf)
    left, right = padded[..., :-2], padded[..., 2:]
    uphill = torch.stack([left, log_magnitude, right]).argmax(0) - 1
    bins = torch.arange(n_bins, device=log_magnitude.device)
    owners = (bins + uphill).clamp(0, n_bins - 1)
    for _ in range(max(1, n_bins.bit_length())):
        owners = owners.gather(-1, owners)
    # The top of the parabola through a peak and its neighbours; at the edges the bin itself.
    curve = left - 2 * log_magnitude + right
    offset = 0.5 * (left - right) / curve.clamp(max=-1e-6)
    offset = torch.where(torch.isfinite(offset), offset, 0.0).clamp(-0.5, 0.5)
    cycles = (bins + offset) * (hop / n_fft)
    turns = 2 * math.pi * (cycles - cycles.round())
    return owners, turns.gather(-1, owners)


def _accumulate(
    owners: Tensor, turns: Tensor, before: Tensor, extra: Tensor | float = 0.0
) -> Tensor:
    """Phases of all frames from those before the first, ``[B, F]``; ``extra`` is added to each."""
    phases = []
    for owner, turn in zip(owners.unbind(1), turns.unbind(1), strict=True):
        before = (before + extra).gather(1, owner) + turn
        phases.append(before)
    return torch.stack(phases, dim=1)


def _first_phases(log_magnitude: Tensor) -> Tensor:
    """Schroeder's phases: partials that begin together do not all peak at once."""
    batch, _, n_bins = log_magnitude.shape
    bins = torch.arange(n_bins, device=log_magnitude.device, dtype=log_magnitude.dtype)
    return (math.pi * bins.square() / n_bins).expand(batch, -1)


def centred_frames(magnitude: Tensor, phases: Tensor, n_fft: int) -> Tensor:
    """Lowest bins ``[B, T, F]`` to frames ``[B, T, n_fft]`` whose phase is that of their middle."""
    spectrum = torch.polar(magnitude, phases)
    missing = n_fft // 2 + 1 - spectrum.shape[-1]
    frames = torch.fft.irfft(torch.nn.functional.pad(spectrum, (0, missing)), n_fft)
    centred: Tensor = frames.roll(n_fft // 2, dims=-1)
    return centred

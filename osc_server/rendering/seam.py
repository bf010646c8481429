"""How well a loop closes, as one figure."""

from __future__ import annotations

import numpy as np

from osc_server.rendering.plan import Audio

_STRETCH_SECONDS = 0.010
_SEAM_SAMPLES = 4  # on each side: as far as resampling smears a jump
_WORST = 1000.0


def seam_score(audio: Audio, rate_hz: int) -> float:
    """The jump at the seam relative to the loop's own jumps; about 1 or less cannot be heard.

    The seam's jump is the greatest difference between neighbouring samples within 4 samples of it.
    The loop's own jump is what 99 of 100 stretches of 10 ms inside the loop do not exceed, so that
    an attack on the downbeat is no fault where other beats have attacks too.

    Args:
        audio: ``[n_samples, n_channels]``, one turn of the loop.
        rate_hz: its rate.

    Returns:
        0 for silence; at most 1000, where the loop is still but for its seam.
    """
    jumps = np.abs(np.diff(audio, axis=0, append=audio[:1])).max(axis=1)  # the last is the seam's
    seam = float(np.roll(jumps, _SEAM_SAMPLES)[: 2 * _SEAM_SAMPLES].max())
    stretch = max(1, round(_STRETCH_SECONDS * rate_hz))
    inside = jumps[_SEAM_SAMPLES:-_SEAM_SAMPLES]
    if len(inside) < stretch:
        inside = jumps[:-1] if len(jumps) > 1 else jumps
        stretch = max(1, len(inside) // 4)
    whole = inside[: len(inside) // stretch * stretch].reshape(-1, stretch).max(axis=1)
    usual = float(np.quantile(whole, 0.99))
    if seam == 0.0:
        return 0.0
    return min(seam / usual, _WORST) if usual > 0 else _WORST

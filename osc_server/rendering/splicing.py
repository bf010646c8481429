"""Putting made audio into the place of given audio: level, peaks and both joins."""

from __future__ import annotations

import numpy as np

from osc_server.rendering.joining import join_after, join_before
from osc_server.rendering.levels import amplified, match_db, settle
from osc_server.rendering.plan import Audio


def splice(
    given: Audio, made: Audio, place: tuple[int, int], rate_hz: int, otherwise_db: float = 0.0
) -> Audio:
    """What takes a place in given audio: made audio at the given level, joined on both sides.

    Args:
        given: ``[n_samples, n_channels]``, valid outside the place; inside it is heard only while
            the made part is crossfaded into it, in its last 10 ms.
        made: ``[n_samples, n_channels]``, all of it by the model, so that outside the place it
            tells how loud and where the model has the given audio.
        place: first sample and end of what is replaced; an end of ``n_samples`` has nothing after
            it to be joined to.
        rate_hz: their rate.
        otherwise_db: gain of the made audio where nothing around the place tells.

    Returns:
        ``[end - first, n_channels]``.
    """
    first, end = place
    around = np.concatenate([given[:first], given[end:]])
    made_around = np.concatenate([made[:first], made[end:]])
    made = amplified(made, match_db(around, made_around, rate_hz, otherwise_db))
    made = settle(made, place, around, rate_hz)
    part = join_after(given[:first], made[:first], made[first:end], rate_hz)
    return part if end == len(given) else join_before(part, given[first:end], rate_hz)

"""Writing a part into given samples without changing one of the others, in the file's own form."""

from __future__ import annotations

import numpy as np

from osc_server.rendering.plan import Audio
from osc_server.rendering.source import Samples, Source

_BITS = {"PCM_S8": 24, "PCM_U8": 24, "PCM_16": 24, "PCM_24": 24, "PCM_32": 32}


def with_part(source: Source, part: Audio, first: int) -> tuple[Samples, str]:
    """The source's samples with ``part`` in its place, and the subtype that holds them exactly.

    Integers of up to 24 bits come as 24 bits: what is given stays the same number, and what is made
    is rounded more finely than 16 bits would.
    """
    exact = source.exact.copy()
    where = slice(first, first + len(part))
    if exact.dtype != np.int32:
        exact[where] = part
        return exact, "DOUBLE" if exact.dtype == np.float64 else "FLOAT"
    bits = _BITS.get(source.subtype, 32)
    step = 2.0 ** (32 - bits)
    highest = 2.0 ** (bits - 1) - 1
    rounded = np.clip(np.rint(part.astype(np.float64) * 2.0 ** (bits - 1)), -highest - 1, highest)
    exact[where] = (rounded * step).astype(np.int64).astype(np.int32)
    return exact, f"PCM_{bits}"

"""MagnetBridge, a control surface for Ableton Live: loops from words, landed in the track.

Live imports this folder from its Remote Scripts and calls ``create_instance``. It runs inside
Live, on Live's own Python 3.11 and its standard library alone.
"""

from __future__ import annotations

import sys


def create_instance(c_instance: object) -> object:
    """What Live calls when the control surface is chosen in its settings."""
    # Live 11 reads this file and the next with its Python 3.7.
    if sys.version_info < (3, 11):  # noqa: UP036
        from .older import refuse_older_live

        return refuse_older_live(c_instance)
    from .surface import MagnetSurface  # here, so that the rest can be imported outside of Live

    return MagnetSurface(c_instance)

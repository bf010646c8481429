"""What a deck can be doing, and the legal moves between, as a table.

The word says what is heard or about to be; a take that is being made while a loop plays leaves it
at ``playing``, and shows in ``DeckState.next`` instead.
"""

from __future__ import annotations

from typing import Literal

from osc_server.contract.errors import BadRequest

Doing = Literal["empty", "rendering", "cued", "playing", "fading", "stopped"]
Event = Literal["ask", "whole", "held", "failed", "launch", "begun", "stop", "silent"]
"""``ask``: a take is asked for; ``whole``: it is there, and cued; ``held``: it is there, and waits
for launch; ``failed``: nothing came of it; ``launch``: a take is cued; ``begun``: it is heard;
``stop``: silence is cued; ``silent``: it is reached."""

MOVES: dict[Doing, dict[Event, Doing]] = {
    "empty": {"ask": "rendering", "held": "stopped", "failed": "empty", "stop": "empty"},
    "rendering": {
        "ask": "rendering",
        "whole": "cued",
        "held": "stopped",
        "failed": "stopped",  # empty where it has no take yet
        "launch": "cued",
        "begun": "playing",
        "stop": "stopped",  # likewise
    },
    "cued": {
        "ask": "cued",
        "whole": "cued",
        "held": "cued",
        "failed": "cued",
        "launch": "cued",
        "begun": "playing",
        "stop": "stopped",
    },
    "playing": {
        "ask": "playing",
        "whole": "playing",
        "held": "playing",
        "failed": "playing",
        "launch": "playing",
        "begun": "playing",
        "stop": "fading",
        "silent": "stopped",
    },
    "fading": {
        "ask": "fading",
        "whole": "playing",  # its cue takes the place of the silence
        "held": "fading",
        "failed": "fading",
        "launch": "playing",
        "begun": "playing",
        "stop": "fading",
        "silent": "stopped",
    },
    "stopped": {
        "ask": "rendering",
        "whole": "cued",
        "held": "stopped",
        "failed": "stopped",
        "launch": "cued",
        "begun": "playing",
        "stop": "stopped",
    },
}


def after(doing: Doing, event: Event, *, has_take: bool = True) -> Doing:
    """What a deck does after an event.

    Args:
        doing: what it did before.
        event: what happens.
        has_take: whether it has a take to fall back to; a deck without one is empty, not stopped.

    Raises:
        BadRequest: for a move that the table does not have.
    """
    to = MOVES[doing].get(event)
    if to is None:
        raise BadRequest(f"a deck that is {doing} cannot {event}: generate a take first")
    return "empty" if to == "stopped" and not has_take else to

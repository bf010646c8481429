"""An Ardour that tells the clock of a live set the time by its OSC."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from daw_bridge.ardour_osc.follower import ArdourFollower
from daw_bridge.ardour_osc.wire import ArdourWire
from daw_bridge.clock.clock_words import ClockWords
from daw_bridge.config import BridgeConfig
from daw_bridge.live.live_set import LiveSet
from osc_server.contract.errors import BadRequest, Busy
from osc_server.contract.packets import OscValue


@contextmanager
def ardour_heard(
    config: BridgeConfig, live: LiveSet, words: ClockWords, seconds: Callable[[], float]
) -> Iterator[None]:
    """Let the Ardour that the settings name tell the time while the block lasts.

    Args:
        config: says where it is, or that none is wanted.
        live: whose clock.
        words: takes what is said to it.
        seconds: the monotonic clock that its sources are read by.

    Raises:
        BadRequest: where the settings name no address.
    """
    address = config.ardour_address()
    if address is None:
        yield
        return
    teller, refused = object(), [""]

    def say(word: str, value: OscValue, at_seconds: float) -> None:
        try:
            words.take(word, [value], at_seconds, teller)
        except Busy:  # another one leads: the musician has been told
            return
        except BadRequest as error:
            if str(error) != refused[0]:
                refused[0] = str(error)
                live.state.say(f"Ardour: {error}")

    follower = ArdourFollower(say, live.rig.clock.meter)
    follower.begin(seconds())
    wire = ArdourWire(address, seconds, follower.take, follower.lost, live.state.say)
    watching = asyncio.create_task(wire.watch())
    try:
        yield
    finally:
        watching.cancel()
        words.forget(teller)

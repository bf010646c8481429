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


class _Teller:
    """Who the clock is told by; what cannot be, such as 500 BPM, is said once."""

    def __init__(self, words: ClockWords, complain: Callable[[str], None]) -> None:
        self._words, self._complain = words, complain
        self._complaint = ""

    def say(self, word: str, value: OscValue, seconds: float) -> None:
        try:
            self._words.take(word, [value], seconds, self)
        except Busy:  # another one leads: the musician has been told
            return
        except BadRequest as error:
            if str(error) != self._complaint:
                self._complaint = str(error)
                self._complain(f"Ardour: {error}")


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
    teller = _Teller(words, live.state.say)
    follower = ArdourFollower(teller.say, live.rig.clock.meter)
    follower.begin(seconds())
    wire = ArdourWire(address, seconds, follower.take, follower.lost, live.state.say)
    watching = asyncio.create_task(wire.watch())
    try:
        yield
    finally:
        watching.cancel()
        words.forget(teller)

"""The maker of a deck: gets its takes from the server, in time where that can be."""

from __future__ import annotations

from dataclasses import replace

from daw_bridge.client.clip_result import ClipResult
from daw_bridge.client.options import GenerateOptions
from daw_bridge.live import asking
from daw_bridge.live.asking import Ask
from daw_bridge.live.server_link import ServerLink
from daw_bridge.live.state import DeckState, LiveState, NextClip
from osc_server.contract.errors import Cancelled, DeviceUnavailable, Late
from osc_server.contract.replies import Progress
from osc_server.contract.requests import RATES_HZ, Delivery

_COMMON_RATE_HZ = 48000
_LEAST_DEADLINE_SECONDS = 0.25
_LONGEST_DEADLINE_SECONDS = 600.0


class TakeMaker:
    """Asks the server for clips, and shows how far they are.

    Args:
        state: of the whole set.
        deck_state: the deck's settings, and where its progress is shown.
        link: the way to the server.
        shape: the deck's rate in Hz, and its channels.
        delivery: ``"stream"`` where the server's disk is not this computer's.
    """

    def __init__(
        self,
        state: LiveState,
        deck_state: DeckState,
        link: ServerLink,
        shape: tuple[int, int],
        delivery: Delivery = "path",
    ) -> None:
        rate_hz, n_channels = shape
        self._set = state
        self._state = deck_state
        self._link = link
        self._wire: GenerateOptions = {
            "rate": rate_hz if rate_hz in RATES_HZ else _COMMON_RATE_HZ,
            "channels": min(n_channels, 2),
            "delivery": delivery,
        }

    async def make(self, ask: Ask, deadline_seconds: float | None = None) -> ClipResult:
        """A clip from the server, however often the server has to come back first.

        Args:
            ask: what is wished for.
            deadline_seconds: leave out steps to be ready so soon; None = take the time it takes.

        Raises:
            MagnetError: what the server named.
        """
        options = asking.options_of(self._state, ask, self._set.meter) | self._wire
        if deadline_seconds is not None:
            options["deadline"] = min(deadline_seconds, _LONGEST_DEADLINE_SECONDS) * 1000
        while True:
            client = await self._link.client()
            self._state.next_clip = NextClip(ask.prompt)
            try:
                return await client.generate(
                    ask.prompt, source=ask.start, on_progress=self._progress, **options
                )
            except (DeviceUnavailable, Cancelled):
                # Nobody here cancels without cancelling this task: the server went away.
                await self._link.lost(client)

    async def make_in_time(self, ask: Ask, left_seconds: float) -> ClipResult:
        """A clip within the time left, where that can still be; else as soon as it is whole.

        Raises:
            MagnetError: what the server named.
        """
        if left_seconds < _LEAST_DEADLINE_SECONDS:
            return await self.make(ask)
        try:
            return await self.make(ask, left_seconds)
        except Late:
            self._set.message = "the next take comes later: the model is not fast enough for it"
            return await self.make(ask)

    async def look(self) -> None:
        """Bring what is known of the server up to date."""
        await self._link.look()

    def _progress(self, progress: Progress) -> None:
        current = self._state.next_clip
        if current is not None:
            self._state.next_clip = replace(
                current, fraction=progress.fraction, eta_seconds=progress.eta_seconds
            )

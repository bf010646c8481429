"""The maker of a deck: gets its takes from the server, in time where that can be."""

from __future__ import annotations

import random
from dataclasses import replace

from daw_bridge.client.clip_job import OnPreview
from daw_bridge.client.clip_result import ClipResult
from daw_bridge.client.options import GenerateOptions
from daw_bridge.live import asking
from daw_bridge.live.asking import Ask
from daw_bridge.live.server_link import ServerLink
from daw_bridge.live.state import DeckState, LiveState, NextClip
from osc_server.contract.errors import Cancelled, DeviceUnavailable, Late
from osc_server.contract.replies import Progress
from osc_server.contract.requests import RATE_MAX_HZ, RATE_MIN_HZ, Delivery, Infill

_SEED_LIMIT = 10**6  # as the server draws them: every host can say them
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
        self.is_remote = delivery == "stream"
        """Whether the server is on another computer, which cannot read what is on this one."""
        self._wire: GenerateOptions = {
            "rate": min(max(rate_hz, RATE_MIN_HZ), RATE_MAX_HZ),
            "channels": min(n_channels, 2),
            "delivery": delivery,
        }

    async def make(
        self,
        ask: Ask,
        deadline_seconds: float | None = None,
        on_preview: OnPreview | None = None,
    ) -> ClipResult:
        """A clip from the server, however often the server has to come back first.

        Args:
            ask: what is wished for.
            deadline_seconds: leave out steps to be ready so soon; None = take the time it takes.
            on_preview: called once a first, coarse version can be heard.

        Raises:
            MagnetError: what the server named.
        """
        options = asking.options_of(self._state, ask, self._set.meter) | self._wire
        if isinstance(ask.start, Infill):  # its samples stay as they are, so these do too
            options.pop("rate", None)
            options.pop("channels", None)
        if deadline_seconds is not None:
            options["deadline"] = min(deadline_seconds, _LONGEST_DEADLINE_SECONDS) * 1000
        if on_preview is not None and ask.seed is None:
            # Drawn here, so that a server that has to begin anew makes what the preview promised.
            options["seed"] = random.randrange(_SEED_LIMIT)
        while True:
            client = await self._link.client()
            self._state.next_clip = NextClip(ask.prompt)
            try:
                return await client.generate(
                    ask.prompt,
                    source=ask.start,
                    on_progress=self._progress,
                    on_preview=on_preview,
                    **options,
                )
            except (DeviceUnavailable, Cancelled):
                # Nobody here cancels without cancelling this task: the server went away.
                await self._link.lost(client)

    async def make_in_time(
        self, ask: Ask, left_seconds: float, on_preview: OnPreview | None = None
    ) -> ClipResult:
        """A clip within the time left, where that can still be; else as soon as it is whole.

        Raises:
            MagnetError: what the server named.
        """
        if left_seconds < _LEAST_DEADLINE_SECONDS:
            return await self.make(ask, None, on_preview)
        try:
            return await self.make(ask, left_seconds, on_preview)
        except Late:
            self._set.message = "the next take comes later: the model is not fast enough for it"
            return await self.make(ask, None, on_preview)

    async def look(self) -> None:
        """Bring what is known of the server up to date."""
        await self._link.look()

    def _progress(self, progress: Progress) -> None:
        current = self._state.next_clip
        if current is not None:
            self._state.next_clip = replace(
                current, fraction=progress.fraction, eta_seconds=progress.eta_seconds
            )

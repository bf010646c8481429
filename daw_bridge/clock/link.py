"""Ableton Link as a source, through the optional package LinkPython-extern.

Link's own rule is kept: who joins takes the session's tempo. The library gives a new peer's tempo
to the session where it is enabled before it has found the others (Ableton/link issue 146), so it is
enabled some time after it was made; and a tempo is committed to others only by ``propose``. Alone
the session is ours: it has the tempo that is heard here, which is what later ones then find.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Protocol

from daw_bridge.clock.source import Reading
from osc_server.contract.errors import BadRequest, DeviceUnavailable
from osc_server.contract.musical_time import BPM_MAX, BPM_MIN, check_bpm

_SETTLE_SECONDS = 1.0
_FOUND_SECONDS = 4.0
"""After so long whoever is on the network has been found."""
_SAME_BPM = 0.01
"""Link keeps whole microseconds a beat, which at 400 BPM are 0.003 BPM apart."""


class LinkSession(Protocol):
    """What we need of Link; times are its own microseconds."""

    enabled: bool

    def micros(self) -> int:
        """Now."""
        ...

    def peers(self) -> int:
        """How many others are in the session."""
        ...

    def state(self, micros: int, quantum_beats: float) -> tuple[float, float, bool]:
        """Beat, tempo, and whether the transport runs, at an instant."""
        ...

    def set_tempo(self, bpm: float, micros: int) -> None:
        """Change the session's tempo, for everybody."""
        ...


class LinkSource:
    """A Link session: there while at least one other peer is.

    Args:
        session: the session, not enabled yet.
        quantum_beats: the length of a bar, on which the peers agree.
    """

    def __init__(self, session: LinkSession, quantum_beats: float = 4.0) -> None:
        self._session = session
        self.quantum_beats = quantum_beats
        self._made_seconds: float | None = None
        self._has_played = False

    @property
    def name(self) -> str:
        """``link``."""
        return "link"

    @property
    def peers(self) -> int:
        """How many others are in the session."""
        return self._session.peers()

    def reading(self, seconds: float) -> Reading | None:
        """Where the session is; None while nobody else is in it.

        ``seconds`` is now on the monotonic clock: Link has a clock of its own to be asked.
        """
        if self._made_seconds is None:
            self._made_seconds = seconds
        if not self._session.enabled:
            if seconds - self._made_seconds >= _SETTLE_SECONDS:
                self._session.enabled = True
            return None
        if not self._session.peers():
            return None
        beat, bpm, playing = self._session.state(self._session.micros(), self.quantum_beats)
        if not BPM_MIN <= bpm <= BPM_MAX:
            return None
        # Who does not share start and stop stands still for ever: a stop comes after a start.
        self._has_played = self._has_played or playing
        return Reading(beat, bpm, bpm, playing or not self._has_played, 0, "bar")

    def propose(self, bpm: float) -> None:
        """Change the session's tempo for everybody: only because a musician asked for it.

        Raises:
            BadRequest: if bpm is not within 20..400, or nobody else is there.
        """
        check_bpm(bpm)
        if not self._session.enabled or not self._session.peers():
            raise BadRequest("there is no Link session: nobody else is there to take the tempo")
        self._session.set_tempo(bpm, self._session.micros())

    def keep(self, bpm: float, seconds: float) -> None:
        """While nobody else is in the session, let it have the tempo that is heard here.

        Args:
            bpm: that tempo, within 20..400.
            seconds: now, on the monotonic clock.
        """
        made, session = self._made_seconds, self._session
        if made is None or seconds - made < _FOUND_SECONDS or not session.enabled:
            return
        if session.peers():
            return
        micros = session.micros()
        if abs(session.state(micros, self.quantum_beats)[1] - bpm) > _SAME_BPM:
            session.set_tempo(bpm, micros)

    def close(self) -> None:
        """Leave the session."""
        self._session.enabled = False


class ExternSession:
    """A Link session of the package LinkPython-extern.

    Args:
        bpm: the tempo to begin with while alone.
        module: the package.
    """

    def __init__(self, bpm: float, module: ModuleType) -> None:
        self._link = module.Link(bpm)
        self._link.startStopSyncEnabled = True
        self._clock = self._link.clock()

    @property
    def enabled(self) -> bool:
        """Whether it talks to the network."""
        return bool(self._link.enabled)

    @enabled.setter
    def enabled(self, on: bool) -> None:
        self._link.enabled = on

    def micros(self) -> int:
        """Now, on Link's clock."""
        return int(self._clock.micros())

    def peers(self) -> int:
        """How many others are in the session."""
        return int(self._link.numPeers())

    def state(self, micros: int, quantum_beats: float) -> tuple[float, float, bool]:
        """Beat, tempo, and whether the transport runs, at an instant."""
        state = self._link.captureSessionState()
        beat = float(state.beatAtTime(micros, quantum_beats))
        return beat, float(state.tempo()), bool(state.isPlaying())

    def set_tempo(self, bpm: float, micros: int) -> None:
        """Change the session's tempo, for everybody."""
        state = self._link.captureSessionState()
        state.setTempo(bpm, micros)
        self._link.commitSessionState(state)


def open_link(bpm: float, quantum_beats: float = 4.0) -> LinkSource:
    """Ableton Link as a source; it joins a second after it is first asked.

    Raises:
        DeviceUnavailable: where the package is not installed, with how to install it.
    """
    try:
        module = importlib.import_module("link")
        return LinkSource(ExternSession(check_bpm(bpm), module), quantum_beats)
    except (ImportError, AttributeError) as error:
        raise DeviceUnavailable(
            "Ableton Link needs a package that is not here: "
            "pip install 'magnet-bridge[link]' (LinkPython-extern), then start again"
        ) from error

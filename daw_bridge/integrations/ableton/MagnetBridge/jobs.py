"""The jobs that this script has given to the bridge: asked, accepted, made; or the bridge is away.

Nothing here waits or knows Live: what the wire brought and what time it is go in, events come out.
A packet over UDP may meet a closed port. So a request that is not accepted is followed by pings;
as soon as one is answered the bridge is back, and the request is sent again under the same id:
the bridge refuses an id that is still alive, so nothing is ever made twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .made import Made, enriched, from_ready, from_take
from .osc import OscValue

Send = Callable[..., None]
"""Takes an address and its arguments."""

PING = "magnet-bridge-in-live"
PING_SECONDS = 1.0
QUIET_SECONDS = 5.0
"""A job that says nothing for so long is asked after."""
PATIENCE_SECONDS = 60.0
AWAY = (
    "nobody answers on port {port}: start magnet-bridge live (or magnet-server) on this computer; "
    "your request waits for a minute"
)


@dataclass
class Job:
    """One request to the bridge, and what is known of it.

    Attributes:
        id: ours, on the wire to the bridge.
        verb: such as ``generate``.
        args: all that follows the id.
        context: whatever the asker wants to find again in its events.
    """

    id: int
    verb: str
    args: tuple[OscValue, ...]
    context: object
    accepted: bool = False
    resent: bool = False
    told_away: bool = False
    heard_at: float = 0.0
    pinged_at: float | None = None
    """When the first ping went that nobody has answered yet."""
    last_ping: float = 0.0
    takes: list[Sequence[OscValue]] = field(default_factory=list)


@dataclass(frozen=True)
class Accepted:
    """It is queued: so many wait before it, and so many seconds are to go."""

    job: Job
    place: int
    eta: float


@dataclass(frozen=True)
class Progress:
    """So much of it is done, and so many seconds are to go."""

    job: Job
    fraction: float
    eta: float


@dataclass(frozen=True)
class Ready:
    """It is made: its clips, the best first."""

    job: Job
    clips: tuple[Made, ...]


@dataclass(frozen=True)
class Ended:
    """It came to nothing: a code and a sentence."""

    job: Job
    code: str
    text: str


@dataclass(frozen=True)
class Waiting:
    """The bridge is away; the job waits for it."""

    job: Job
    text: str


Event = Accepted | Progress | Ready | Ended | Waiting


class Jobs:
    """All live jobs of one script.

    Args:
        send: to the bridge.
        port: of the bridge, for the sentence that says that it is away.
    """

    def __init__(self, send: Send, port: int) -> None:
        self._send = send
        self._port = port
        self._jobs: dict[int, Job] = {}
        self._last_id = 0

    @property
    def alive(self) -> list[Job]:
        """Those whose end has not come yet."""
        return list(self._jobs.values())

    def ask(self, verb: str, args: Sequence[OscValue], context: object, now: float) -> Job:
        """Send a request."""
        self._last_id += 1
        job = Job(self._last_id, verb, tuple(args), context, heard_at=now)
        self._jobs[job.id] = job
        self._send(f"/magnet/{verb}", job.id, *job.args)
        return job

    def cancel(self, job: Job) -> None:
        """Ask the bridge to stop a job; its end comes as an event."""
        self._send("/magnet/cancel", job.id)

    def drop_all(self) -> None:
        """Cancel everything and hear of nothing more: Live is closing the set."""
        for job in self._jobs.values():
            self.cancel(job)
        self._jobs.clear()

    def take(self, address: str, args: Sequence[OscValue], now: float) -> list[Event]:
        """What a reply of the bridge means."""
        if address == "/magnet/pong" and args == (PING,):
            self._answered(now)
            return []
        job = self._jobs.get(args[0]) if args and isinstance(args[0], int) else None
        if job is None:
            return []
        job.heard_at, job.pinged_at = now, None
        try:
            return self._events(job, address, args)
        except (IndexError, TypeError, ValueError) as error:
            return self._end(job, "internal", f"a reply that cannot be read: {error}")

    def tick(self, now: float) -> list[Event]:
        """Ask after the jobs that are silent, and give up those that were silent for too long."""
        events: list[Event] = []
        ping = False
        for job in list(self._jobs.values()):
            patience = QUIET_SECONDS if job.accepted else PING_SECONDS
            if now - job.heard_at < patience:
                continue
            if job.pinged_at is not None and now - job.pinged_at > PATIENCE_SECONDS:
                events += self._end(job, "away", AWAY.format(port=self._port).partition(";")[0])
                continue
            away = job.pinged_at is not None and now - job.pinged_at > PING_SECONDS
            if away and not job.told_away:
                job.told_away = True
                events.append(Waiting(job, AWAY.format(port=self._port)))
            if job.pinged_at is None or now - job.last_ping >= PING_SECONDS:
                job.pinged_at = now if job.pinged_at is None else job.pinged_at
                job.last_ping = now
                ping = True
        if ping:
            self._send("/magnet/ping", PING)
        return events

    def _answered(self, now: float) -> None:
        """The bridge is there. It reads in order, so what it has not accepted never reached it."""
        for job in self._jobs.values():
            if job.pinged_at is None:
                continue
            if not job.accepted or job.told_away:  # it was away: it may have forgotten the job
                job.resent = True
                self._send(f"/magnet/{job.verb}", job.id, *job.args)
            job.told_away = False
            job.heard_at, job.pinged_at = now, None

    def _events(self, job: Job, address: str, args: Sequence[OscValue]) -> list[Event]:
        word = address.rpartition("/")[2]
        if word == "accepted":
            job.accepted = True
            return [Accepted(job, int(args[1]), float(args[2]))]  # type: ignore[arg-type]
        if word == "progress":
            job.accepted = True
            return [Progress(job, float(args[1]), float(args[4]))]  # type: ignore[arg-type]
        if word == "take":
            job.takes.append(args)
            return []
        if word == "ready":
            best = enriched(from_ready(args))
            clips = [enriched(from_take(take, best)) for take in job.takes] or [best]
            del self._jobs[job.id]
            return [Ready(job, tuple(clips))]
        if word == "failed":
            code, text = str(args[1]), str(args[2])
            if job.resent and code == "busy" and "still alive" in text:
                job.accepted = True  # it had come through after all
                return []
            return self._end(job, code, text)
        if word == "cancelled":
            return self._end(job, "cancelled", "cancelled")
        return []

    def _end(self, job: Job, code: str, text: str) -> list[Event]:
        self._jobs.pop(job.id, None)
        return [Ended(job, code, text)]

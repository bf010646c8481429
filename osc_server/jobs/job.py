"""One request on its way to a clip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from osc_server.contract.musical_time import beats_to_seconds
from osc_server.contract.replies import CancelledReply, Failed, Preview, Progress, Ready, Take
from osc_server.contract.requests import GenerateClip, RequestId

JobReply = Progress | Preview | Take | Ready | Failed | CancelledReply
OnReply = Callable[[JobReply], None]
JobKey = tuple[str, RequestId]
"""Ids belong to clients: two clients may both have a job 1."""


@dataclass(eq=False, slots=True)
class Job:
    """A request that was accepted and has not had its last reply.

    Attributes:
        number: the server's own, rising.
        client: who asked.
        request: its preset applied.
        seed: drawn when it was accepted if none was asked for.
        on_reply: takes its progress and its one last reply.
        due_seconds: its deadline, by the loop's clock; None for none.
        begun_seconds: when the worker got it, by the loop's clock; None while it waits.
        cancelling: it is to stop at its next step.
    """

    number: int
    client: str
    request: GenerateClip
    seed: int
    on_reply: OnReply
    due_seconds: float | None = None
    begun_seconds: float | None = None
    cancelling: bool = False

    @property
    def key(self) -> JobKey:
        """Who asked, and the id they gave it."""
        return (self.client, self.request.id)

    @property
    def audio_seconds(self) -> float:
        """How much audio it asks for, all takes together; a guess where another clip says it."""
        return self.request.takes * beats_to_seconds(self.request.length_beats, self.request.bpm)

"""What the endpoint needs behind it: jobs, models, presets and clips, as one protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from osc_server.contract.replies import (
    Accepted,
    CancelledReply,
    ClipItem,
    ClipNoted,
    Failed,
    ModelFetched,
    ModelFetching,
    ModelItem,
    ModelLicence,
    ModelLoaded,
    ModelUnloaded,
    PresetItem,
    Preview,
    Progress,
    Ready,
    StatusReply,
    Take,
)
from osc_server.contract.requests import (
    FetchModel,
    GenerateClip,
    GetClip,
    Landed,
    ListClips,
    ListModels,
    ListPresets,
    LoadModel,
    RequestId,
    Status,
    UnloadModel,
)

JobReply = Progress | Preview | Take | Ready | Failed | CancelledReply
OnReply = Callable[[JobReply], None]
"""Takes a job's replies; call it on the event loop's thread only. The last reply of a job is its
one ``Ready``, ``Failed`` or ``CancelledReply``."""
OnFetching = Callable[[ModelLicence | ModelFetching], None]
"""Takes what is said while a model is fetched; call it on the event loop's thread only."""


class Backend(Protocol):
    """All that the endpoint asks of the rest of the server.

    Everything is called on the event loop's thread and must not block it; what reads a disk or
    waits for the worker is ``async``. Every method may raise a ``MagnetError``, which the endpoint
    sends to the client as ``failed``.
    """

    def submit(self, request: GenerateClip, client: str, on_reply: OnReply) -> Accepted:
        """Queue a job at once; its later replies go to ``on_reply``, never before this returns.

        Args:
            request: as the client sent it; its preset is not applied yet.
            client: who asked, unique to one UDP address or one TCP connection. Request ids and
                lanes belong to a client: two clients may both have a job 1.
            on_reply: takes the job's replies.
        """
        ...

    def cancel(self, client: str, request_id: RequestId) -> None:
        """Cancel a live job of this client; ``CancelledReply`` goes to its ``on_reply``."""
        ...

    def forget(self, client: str) -> None:
        """A client has gone: cancel its waiting jobs. The one being rendered may finish."""
        ...

    def status(self, request: Status) -> StatusReply:
        """What the server is doing; the endpoint fills in ``malformed_packets``."""
        ...

    async def models(self, request: ListModels) -> Sequence[ModelItem]:
        """Every model that can be loaded."""
        ...

    async def load_model(self, request: LoadModel) -> ModelLoaded:
        """Make a model the current one; returns once it is loaded."""
        ...

    async def unload_model(self, request: UnloadModel) -> ModelUnloaded:
        """Free the memory of a model."""
        ...

    async def fetch_model(self, request: FetchModel, on_fetching: OnFetching) -> ModelFetched:
        """Bring a model onto the disk; returns once it is complete. May be cancelled."""
        ...

    async def presets(self, request: ListPresets) -> Sequence[PresetItem]:
        """Every preset."""
        ...

    async def clips(self, request: ListClips) -> Sequence[ClipItem]:
        """Clips on disk, the newest first, at most ``request.limit``."""
        ...

    async def clip(self, request: GetClip) -> Ready:
        """A clip on disk, by its clip id, as it was first announced, or at another rate.

        Raises:
            BadRequest: where there is no such clip.
            StorageFailed: where it cannot be read, or not be written at that rate.
        """
        ...

    async def landed(self, request: Landed) -> ClipNoted:
        """Keep with a clip what a host said about it; raises BadRequest where there is none."""
        ...

    async def read_wav(self, path: str) -> tuple[NDArray[np.float32], int]:
        """Samples ``[n_samples, n_channels]`` and rate of a clip or a preview, by its path.

        Raises:
            StorageFailed: where it is gone or cannot be read.
        """
        ...

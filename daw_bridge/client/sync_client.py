"""The client for programs without asyncio: the same, over an event loop in the background."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, Unpack

from daw_bridge.client.async_client import AsyncMagnetClient, OnFetching, OnLicence
from daw_bridge.client.async_instruments import AsyncInstruments
from daw_bridge.client.clip_job import ClipJob, OnPreview, OnProgress
from daw_bridge.client.clip_result import ClipResult, PreviewResult
from daw_bridge.client.options import GenerateOptions, Prompt
from daw_bridge.client.sync_instruments import Answer, SyncInstruments
from daw_bridge.client.wires import Transport
from osc_server.contract.addresses import DEFAULT_PORT
from osc_server.contract.errors import Late
from osc_server.contract.replies import ClipItem, ModelItem, PresetItem, Progress, StatusReply
from osc_server.contract.requests import Start


class MagnetClient(SyncInstruments):
    """Ask a MAGNeT server for clips.

    ::

        with MagnetClient() as magnet:
            clip = magnet.generate("dusty breakbeat", bars=4, bpm=128.5)
            print(clip.path, clip.lufs)

    Go on working while it renders, watch it, stop it::

        job = magnet.start("warm pad", bars=8)
        print(job.progress)
        job.cancel()                        # or: clip = job.result()

    Clips that start from another::

        fill = magnet.infill(clip, 12, 16, "drum fill", takes=4)
        more = magnet.continue_(clip, bars=8)
        near = magnet.vary(clip, 0.3)

    A server on another computer::

        with MagnetClient("gpu-box.local", token="…") as magnet:
            samples = magnet.generate("sub bass", delivery="stream").read()

    Everything raises a ``MagnetError`` whose text says what to do; Ctrl-C in ``generate`` cancels
    the job. Any number of threads may use one client.

    Args:
        host: where the server runs.
        port: its port.
        transport: ``"tcp"`` (nothing gets lost, audio can be streamed) or ``"udp"``.
        token: the server's token, where it has one.
        on_error: called, from the background thread, with the server's ``/magnet/error`` lines.

    Raises:
        DeviceUnavailable: where no server answers.
        Forbidden: where the token is not the server's.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        *,
        transport: Transport = "tcp",
        token: str = "",
        on_error: Callable[[str], None] | None = None,
    ) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="magnet-client", daemon=True
        )
        self._thread.start()
        self._client = AsyncMagnetClient(
            host, port, transport=transport, token=token, on_error=on_error
        )
        try:
            self._run(self._client.open())
        except BaseException:
            self._end_loop()
            raise

    def close(self) -> None:
        """Disconnect; more than once is fine. ``with`` does it."""
        if self._thread.is_alive():
            self._run(self._client.close())
            self._end_loop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(
        self,
        prompt: Prompt = "",
        *,
        source: Start | None = None,
        on_progress: OnProgress | None = None,
        on_preview: OnPreview | None = None,
        **options: Unpack[GenerateOptions],
    ) -> StartedClip:
        """Ask for a clip and return as soon as the server has accepted the job.

        Args:
            prompt: as in ``generate``.
            source: what it starts from, such as ``Vary(clip.id, 0.3)``.
            on_progress: as in ``generate``.
            on_preview: as in ``generate``.
            **options: as in ``generate``.
        """
        job = self._run(
            self._client.start(
                prompt,
                source=source,
                on_progress=on_progress,
                on_preview=on_preview,
                **options,
            )
        )
        return StartedClip(job, self._loop)

    def clip(self, clip_id: str, *, stream: bool = False, rate: int | None = None) -> ClipResult:
        """A clip that was made before, by its own id.

        Args:
            clip_id: which one.
            stream: whether its audio comes over the wire.
            rate: at how many samples per second, 8000 to 192000; None = as it was made.
        """
        return self._run(self._client.clip(clip_id, stream=stream, rate=rate))

    def ping(self) -> float:
        """Seconds that a message takes there and back."""
        return self._run(self._client.ping())

    def sync(self) -> None:
        """Wait until the server has handled all that was sent before."""
        self._run(self._client.sync())

    def status(self) -> StatusReply:
        """What the server is doing."""
        return self._run(self._client.status())

    def models(self) -> list[ModelItem]:
        """Every model that can be loaded."""
        return self._run(self._client.models())

    def presets(self) -> list[PresetItem]:
        """Every preset."""
        return self._run(self._client.presets())

    def clips(self, limit: int = 100) -> list[ClipItem]:
        """The clips on the server's disk, the newest first."""
        return self._run(self._client.clips(limit))

    def landed(self, clip: str, place: str, problem: str = "") -> None:
        """Keep with a clip where a host has put it, or why it could not.

        Args:
            clip: the clip's own id.
            place: where, in the host's words; may be empty where there is a problem.
            problem: why it could not be put there; empty where it was.
        """
        self._run(self._client.landed(clip, place, problem))

    def help(self, topic: str = "") -> list[str]:
        """The server's own explanation of an address, or the list of them all."""
        return self._run(self._client.help(topic))

    def load_model(self, model: str) -> None:
        """Make a model the current one; returns once it is loaded."""
        self._run(self._client.load_model(model))

    def unload_model(self, model: str = "") -> None:
        """Free the memory of a model, or of the current one."""
        self._run(self._client.unload_model(model))

    def fetch_model(
        self,
        model: str,
        *,
        on_progress: OnFetching | None = None,
        on_licence: OnLicence | None = None,
    ) -> None:
        """Bring a model, and all that it needs, onto the server's disk; Ctrl-C stops it.

        Args:
            model: an official one such as ``magnet-small-10secs``, or ``owner/name`` on the hub.
            on_progress: called twice a second, from the background thread.
            on_licence: called before the first model under a licence comes.
        """
        fetching = self._client.fetch_model(model, on_progress=on_progress, on_licence=on_licence)
        self._run(fetching)

    @property
    def _instruments(self) -> AsyncInstruments:
        return self._client

    def _run(self, coroutine: Coroutine[Any, Any, Answer]) -> Answer:
        return _wait(asyncio.run_coroutine_threadsafe(coroutine, self._loop), None)

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class StartedClip:
    """A clip in the making, for programs without asyncio."""

    def __init__(self, job: ClipJob, loop: asyncio.AbstractEventLoop) -> None:
        self._job = job
        self._loop = loop

    @property
    def done(self) -> bool:
        """Whether it is ready, has failed or is cancelled."""
        return self._job.done

    @property
    def preview(self) -> PreviewResult | None:
        """A first, coarse version of the clip, once there is one."""
        return self._job.preview

    @property
    def progress(self) -> Progress | None:
        """The server's last word on how far it is."""
        return self._job.progress

    def result(self, timeout_seconds: float | None = None) -> ClipResult:
        """Wait for the clip.

        Raises:
            Late: after ``timeout_seconds``; the job goes on.
            MagnetError: what the server named.
        """
        waiting = asyncio.run_coroutine_threadsafe(self._job.result(), self._loop)
        return _wait(waiting, timeout_seconds)

    def cancel(self) -> None:
        """Stop the job, waiting or in mid-render, and wait until it has stopped."""
        _wait(asyncio.run_coroutine_threadsafe(self._job.cancel(), self._loop), None)


def _wait(future: Future[Answer], timeout_seconds: float | None) -> Answer:
    try:
        return future.result(timeout_seconds)
    except TimeoutError as error:
        if timeout_seconds is None:
            raise
        future.cancel()
        raise Late(f"not ready after {timeout_seconds:g} seconds") from error
    except KeyboardInterrupt:
        future.cancel()  # cancels the task, which cancels the job
        raise

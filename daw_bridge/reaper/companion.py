"""Serves one host that speaks through a folder: takes its orders, brings its clips."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from daw_bridge.client.async_client import AsyncMagnetClient
from daw_bridge.client.clip_job import ClipJob
from daw_bridge.client.clip_result import ClipResult
from daw_bridge.delivery.folder_sink import save_clip
from daw_bridge.delivery.hand_over import HandOver
from daw_bridge.reaper.given_audio import save_cut
from daw_bridge.reaper.orders import Order, read_order
from osc_server.contract.errors import DeviceUnavailable, MagnetError
from osc_server.contract.replies import Progress
from osc_server.contract.requests import Delivery, Start

LOOK_SECONDS = 0.05
SIGN_SECONDS = 1.0
"""How often the bridge shows that it lives."""
SILENT_SECONDS = 120.0
"""A host that has shown no sign of life for so long is gone. A dialog in Reaper keeps its scripts
waiting, so this is long."""
TOLD_SECONDS = 0.1
"""How often the host is told of progress at most."""
_REPLACED = "another bridge serves this host"
FINAL = ("noted", "failed", "cancelled")
"""States in which nothing more happens to an order."""


class Companion:
    """Serves the orders of one folder until its host is gone.

    Args:
        client: connected to a server.
        hand_over: the folder.
        delivery: ``path`` where the server's disk is this computer's.
        clips: where audio is put that clips start from, and clips that came as a stream.
        silent_seconds: how long the host may be silent.
    """

    def __init__(
        self,
        client: AsyncMagnetClient,
        hand_over: HandOver,
        delivery: Delivery,
        clips: Path,
        silent_seconds: float = SILENT_SECONDS,
    ) -> None:
        self._client = client
        self._hand_over = hand_over
        self._delivery = delivery
        self._clips = clips
        self._silent_seconds = silent_seconds
        self._name = uuid.uuid4().hex
        self._serving: dict[str, asyncio.Task[None]] = {}
        self._jobs: dict[str, ClipJob] = {}
        self._lost = ""

    async def run(self) -> str:
        """Serve until the host is gone, another bridge serves it or the server is lost; why."""
        loop = asyncio.get_running_loop()
        life, heard = self._hand_over.sign_of_life(), loop.time()
        shown = -SIGN_SECONDS
        reason = ""
        try:
            while not reason:
                now = loop.time()
                if now - shown >= SIGN_SECONDS:
                    shown = now
                    self._tell("ready", "")
                before, life = life, self._hand_over.sign_of_life()
                heard = now if life != before else heard
                self._look()
                await asyncio.sleep(LOOK_SECONDS)
                reason = self._reason(life, now - heard)
        finally:
            for task in self._serving.values():
                task.cancel()
            await asyncio.gather(*self._serving.values(), return_exceptions=True)
        if reason != _REPLACED:  # its file is another's now
            self._tell("ended", reason)
        return reason

    def _reason(self, life: bytes | None, silent_seconds: float) -> str:
        """Why to end; empty to go on."""
        if life is None:
            return "the host said good-bye"
        if silent_seconds > self._silent_seconds:
            return f"the host was silent for {self._silent_seconds:g} s"
        if self._hand_over.bridge().get("name", self._name) != self._name:
            return _REPLACED
        return self._lost

    def _look(self) -> None:
        """Take up new orders; stop those that are not wanted any more."""
        self._hand_over.again()
        for order_id in self._hand_over.orders():
            if order_id not in self._serving:
                self._serving[order_id] = asyncio.create_task(self._serve(order_id))
            elif order_id in self._jobs and self._hand_over.cancelled(order_id):
                self._jobs.pop(order_id).abandon()

    async def _serve(self, order_id: str) -> None:
        """One order, from the first look at it to the note that its clips have landed."""
        known = self._hand_over.job(order_id)
        if known.get("state") in FINAL:
            return
        if self._hand_over.cancelled(order_id):
            self._hand_over.tell_job(order_id, {"state": "cancelled"})
            return
        try:
            if known.get("state") == "ready":  # of a bridge before this one
                ids = [known[f"clip_{place}"] for place in range(1, int(known["takes"]) + 1)]
                clips = [await self._client.clip(clip_id) for clip_id in ids]
            else:
                self._hand_over.tell_job(order_id, {"state": "waiting"})
                order = read_order(self._hand_over.order(order_id))
                clips = await self._make(order_id, order)
                await self._bring(order_id, order, clips)
        except MagnetError as error:
            self._fail(order_id, error)
            return
        await self._note(order_id, [clip.id for clip in clips])

    async def _make(self, order_id: str, order: Order) -> list[ClipResult]:
        """All takes of an order, the best first."""
        options = order.rest()
        options["delivery"] = self._delivery
        job = self._jobs[order_id] = await self._client.start(
            order.prompt,
            source=await self._start(order),
            on_progress=self._teller(order_id),
            **options,
        )
        try:
            best = await self._client.result(job)
        except asyncio.CancelledError:
            job.abandon()
            raise
        finally:
            self._jobs.pop(order_id, None)
        more = [take.clip for take in best.takes if take.clip != best.id]
        stream = self._delivery == "stream"
        return [best, *[await self._client.clip(clip_id, stream=stream) for clip_id in more]]

    async def _start(self, order: Order) -> Start | None:
        if order.cut is None or order.clip:
            return order.start(order.clip)
        return order.start(str(await asyncio.to_thread(save_cut, order.cut, self._clips)))

    def _teller(self, order_id: str) -> Callable[[Progress], None]:
        last = 0.0

        def tell(progress: Progress) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= TOLD_SECONDS:
                last = now
                self._hand_over.tell_job(
                    order_id,
                    {
                        "state": "rendering",
                        "fraction": f"{progress.fraction:.4f}",
                        "eta": f"{progress.eta_seconds:.2f}",
                    },
                )

        return tell

    async def _bring(self, order_id: str, order: Order, clips: list[ClipResult]) -> None:
        """Put the WAVs where the host wants them, and say where they are."""
        told: dict[str, object] = {"state": "ready", "takes": len(clips), "text": clips[0].notes}
        for place, clip in enumerate(clips, 1):
            path = await asyncio.to_thread(self._put, clip, order.media)
            told |= {
                f"clip_{place}": clip.id,
                f"file_{place}": path,
                f"samples_{place}": round(clip.seconds * clip.rate_hz),
                f"rate_{place}": clip.rate_hz,
                f"bpm_{place}": repr(clip.bpm),
                f"seed_{place}": clip.seed,
            }
        self._hand_over.tell_job(order_id, told)

    def _put(self, clip: ClipResult, media: Path | None) -> Path:
        if media is None and clip.path is not None and clip.path.exists():
            return clip.path
        path = (media or self._clips) / f"{clip.id}.wav"
        return path if path.exists() else save_clip(clip, path)

    async def _note(self, order_id: str, clip_ids: list[str]) -> None:
        """Wait for the host's word on each clip and hand it to the server."""
        try:
            while not (landed := self._hand_over.landed(order_id)):
                await asyncio.sleep(LOOK_SECONDS)
        except asyncio.CancelledError:
            landed = {"problem": "Reaper was gone before it could be put there"}
            await self._say_landed(clip_ids, landed)
            raise
        told: dict[str, object] = {"state": "noted", "text": landed.get("problem", "")}
        try:
            await self._say_landed(clip_ids, landed)
        except MagnetError as error:
            told = {"state": "noted", "text": f"the server could not note it: {error}"}
        self._hand_over.tell_job(order_id, told)

    async def _say_landed(self, clip_ids: list[str], landed: dict[str, str]) -> None:
        for place, clip_id in enumerate(clip_ids, 1):
            where = landed.get(f"place_{place}", landed.get("place", ""))
            problem = landed.get(f"problem_{place}", landed.get("problem", ""))
            if where or problem:
                await self._client.landed(clip_id, where, problem)

    def _fail(self, order_id: str, error: MagnetError) -> None:
        if isinstance(error, DeviceUnavailable):
            self._lost = str(error)
        state = "cancelled" if error.code == "cancelled" else "failed"
        self._hand_over.tell_job(order_id, {"state": state, "text": str(error)})

    def _tell(self, state: str, text: str) -> None:
        self._hand_over.tell_bridge(
            {
                "name": self._name,
                "pid": os.getpid(),
                "state": state,
                "text": text,
                "sign": time.monotonic_ns(),
            }
        )

"""A finished clip as ``/magnet/audio`` chunks, for a client that does not share the disk.

Order on the wire: ``audio`` 0, 1, … count-1, then ``ready`` with an empty path. So ``ready`` means
the same for every delivery: the whole clip is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from osc_server.contract.replies import AudioChunk, Preview, PreviewChunk, Ready
from osc_server.contract.requests import RequestId
from osc_server.endpoint.subscribers import Client

CHUNK_BYTES = 1 << 15
"""Half of the longest packet: 4,096 stereo samples, 85 ms at 48 kHz."""


def audio_chunks(request_id: RequestId, audio: NDArray[np.float32]) -> Iterator[AudioChunk]:
    """Chunks of audio ``[n_samples, n_channels]``: float32 little-endian, interleaved."""
    pieces = _pieces(audio)
    for index, piece in enumerate(pieces):
        yield AudioChunk(request_id, index, len(pieces), piece)


async def stream_clip(client: Client, ready: Ready, audio: NDArray[np.float32]) -> None:
    """Send the chunks no faster than the client takes them, then ``ready``."""
    await _send_slowly(client, audio_chunks(ready.id, audio))
    client.send(replace(ready, path=""))


async def stream_preview(
    client: Client, preview: Preview, audio: NDArray[np.float32], rate_hz: int
) -> None:
    """Send the chunks of a preview, then ``preview``."""
    pieces = _pieces(audio)
    chunks = (
        PreviewChunk(preview.id, index, len(pieces), rate_hz, audio.shape[1], piece)
        for index, piece in enumerate(pieces)
    )
    await _send_slowly(client, chunks)
    client.send(replace(preview, path=""))


async def _send_slowly(client: Client, chunks: Iterable[AudioChunk | PreviewChunk]) -> None:
    for chunk in chunks:
        client.send(chunk)
        await client.outlet.drain()
        await asyncio.sleep(0)  # a socket that takes everything never makes drain wait


def _pieces(audio: NDArray[np.float32]) -> list[bytes]:
    content = np.ascontiguousarray(audio, dtype="<f4").tobytes()
    return [content[begin : begin + CHUNK_BYTES] for begin in range(0, len(content), CHUNK_BYTES)]

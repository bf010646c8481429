"""A finished clip as ``/magnet/audio`` chunks, for a client that does not share the disk.

Order on the wire: ``audio`` 0, 1, … count-1, then ``ready`` with an empty path. So ``ready`` means
the same for every delivery: the whole clip is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from osc_server.contract.replies import AudioChunk, Ready
from osc_server.contract.requests import RequestId
from osc_server.endpoint.subscribers import Client

CHUNK_BYTES = 1 << 15
"""Half of the longest packet: 4,096 stereo samples, 85 ms at 48 kHz."""


def audio_chunks(request_id: RequestId, audio: NDArray[np.float32]) -> Iterator[AudioChunk]:
    """Chunks of audio ``[n_samples, n_channels]``: float32 little-endian, interleaved."""
    content = np.ascontiguousarray(audio, dtype="<f4").reshape(-1)
    per_chunk = CHUNK_BYTES // 4
    count = -(-content.size // per_chunk)
    for index in range(count):
        piece = content[index * per_chunk : (index + 1) * per_chunk]
        yield AudioChunk(request_id, index, count, piece.tobytes())


async def stream_clip(client: Client, ready: Ready, audio: NDArray[np.float32]) -> None:
    """Send the chunks no faster than the client takes them, then ``ready``."""
    for chunk in audio_chunks(ready.id, audio):
        client.send(chunk)
        await client.outlet.drain()
        await asyncio.sleep(0)  # a socket that takes everything never makes drain wait
    client.send(replace(ready, path=""))

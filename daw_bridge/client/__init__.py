"""The public Python client of the OSC server.

::

    from daw_bridge.client import MagnetClient

    with MagnetClient() as magnet:
        clip = magnet.generate("dusty breakbeat", bars=4, bpm=128.5)
"""

from daw_bridge.client.async_client import AsyncMagnetClient
from daw_bridge.client.clip_job import ClipJob
from daw_bridge.client.clip_result import ClipResult
from daw_bridge.client.options import GenerateOptions
from daw_bridge.client.sync_client import MagnetClient, StartedClip

__all__ = [
    "AsyncMagnetClient",
    "ClipJob",
    "ClipResult",
    "GenerateOptions",
    "MagnetClient",
    "StartedClip",
]

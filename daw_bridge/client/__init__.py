"""The public Python client of the OSC server.

::

    from daw_bridge.client import MagnetClient

    with MagnetClient() as magnet:
        clip = magnet.generate("dusty breakbeat", bars=4, bpm=128.5)
        near = magnet.vary(clip, 0.3)
"""

from daw_bridge.client.async_client import AsyncMagnetClient
from daw_bridge.client.clip_job import ClipJob
from daw_bridge.client.clip_result import ClipResult, PreviewResult
from daw_bridge.client.options import ClipSource, GenerateOptions, Prompt
from daw_bridge.client.sync_client import MagnetClient, StartedClip
from osc_server.contract.requests import CloseLoop, Continue, Infill, Vary, WeightedPrompt

__all__ = [
    "AsyncMagnetClient",
    "ClipJob",
    "ClipResult",
    "ClipSource",
    "CloseLoop",
    "Continue",
    "GenerateOptions",
    "Infill",
    "MagnetClient",
    "PreviewResult",
    "Prompt",
    "StartedClip",
    "Vary",
    "WeightedPrompt",
]

"""Opens the devices of a live set to measure how late its input is."""

from __future__ import annotations

from collections.abc import Callable

from daw_bridge.audio.latency_meter import LatencyReport, measure, sweeps
from daw_bridge.config import BridgeConfig
from daw_bridge.session.building import LiveWish, first_state
from daw_bridge.session.sound import Sound


async def measure_latency(config: BridgeConfig, say: Callable[[str], None]) -> LatencyReport:
    """Play sweeps on the first output, and find them in the input.

    Args:
        config: names the devices; without an input it is the first of the output's own device.
            What it says of ``input_latency`` does not count.
        say: tells the musician what is played where.

    Raises:
        DeviceUnavailable: where a device cannot be used, or nothing comes back, with what to do.
    """
    inputs = config.inputs or (() if config.input else (1,))
    sound = Sound(config.model_copy(update={"input_latency": 0.0, "inputs": inputs}))
    played = sweeps(sound.output.rate_hz)
    with sound.playing(played, first_state(config, LiveWish()), lambda: None):
        say(f"sweeps at -12 dBFS on output {config.outputs[0]}: {sound.output.description}")
        return await measure(sound.output, sound.input, played)

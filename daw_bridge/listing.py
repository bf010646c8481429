"""What there is: presets, models, sound devices, MIDI ports, and the doctor's findings."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rich.console import Console, RenderableType

from daw_bridge import doctor, tables
from daw_bridge.audio.portaudio import input_devices, output_devices
from daw_bridge.config import BridgeConfig
from daw_bridge.delivery.folder_sink import write_bytes
from daw_bridge.doctor import Finding
from daw_bridge.integrations.surfaces import INTEGRATIONS, making
from daw_bridge.midi.opening import midi_ports
from daw_bridge.serving import answers, client_of_some_server
from osc_server.contract.errors import DeviceUnavailable
from osc_server.contract.replies import ModelItem, PresetItem, StatusReply


async def presets(config: BridgeConfig, console: Console) -> list[PresetItem]:
    """Every preset of the server that runs, or of one of our own."""
    async with client_of_some_server(config, console) as client:
        return await client.presets()


async def models(config: BridgeConfig, console: Console) -> tuple[list[ModelItem], StatusReply]:
    """Every model of the server that runs, or of one of our own, and what memory they have."""
    async with client_of_some_server(config, console) as client:
        return await client.models(), await client.status()


def surfaces(folder: Path | None, token: str = "") -> list[Path]:
    """Where the files are that surfaces open; with a folder, where they were written to.

    Args:
        folder: for files that show the token; None = nothing is written.
        token: the bridge's secret; empty where it has none.

    Raises:
        StorageFailed: where they cannot be written there.
    """
    made = making.files(token)
    if folder is None:
        return [INTEGRATIONS / path for path in made]
    return [write_bytes(folder / path, content) for path, content in made.items()]


def devices() -> list[RenderableType]:
    """Tables of what can play and be listened to and of MIDI ports, or why there are none."""
    lines: list[RenderableType] = []
    try:
        found = output_devices()
        lines.append(tables.device_table(found) if found else "no sound device that can play")
        heard = input_devices()
        lines.append(
            tables.device_table(heard, "inputs") if heard else "no sound device to listen to"
        )
    except DeviceUnavailable as error:
        lines.append(str(error))
    try:
        ports = midi_ports()
        some = ports.inputs or ports.outputs
        lines.append(tables.midi_table(ports) if some else "no MIDI ports")
    except DeviceUnavailable as error:
        lines.append(str(error))
    return lines


def examine(config: BridgeConfig) -> list[Finding]:
    """What the doctor finds on this computer."""
    token = config.token()

    def server_on(port: int) -> bool:
        return asyncio.run(answers("127.0.0.1", port, token))

    return doctor.examine(config, server_on)

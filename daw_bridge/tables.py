"""Tables for the terminal: devices, findings, presets, models."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from daw_bridge.audio.portaudio import OutputDevice
from daw_bridge.doctor import Finding
from daw_bridge.midi.ports import MidiPorts
from osc_server.contract.replies import ModelItem, PresetItem

_SIGNS = {"ok": Text("ok", "green"), "note": Text("note", "yellow"), "fails": Text("FAILS", "red")}


def device_table(devices: Sequence[OutputDevice]) -> Table:
    """What can play."""
    table = Table("number", "sound device", "host API", "outputs", "rate", "", box=None)
    for device in devices:
        table.add_row(
            str(device.index),
            Text(device.name),
            device.host_api,
            str(device.n_outputs),
            f"{device.rate_hz} Hz",
            "default" if device.is_default else "",
        )
    return table


def midi_table(ports: MidiPorts) -> Table:
    """What can send and take MIDI."""
    table = Table("MIDI port", "", box=None)
    for name in ports.inputs:
        table.add_row(Text(name), "in")
    for name in ports.outputs:
        table.add_row(Text(name), "out")
    return table


def finding_table(findings: Sequence[Finding]) -> Table:
    """What the doctor found, with what to do below each finding that needs it."""
    table = Table.grid(padding=(0, 2))
    for finding in findings:
        table.add_row(_SIGNS[finding.verdict], finding.subject, Text(finding.text))
        if finding.remedy:
            table.add_row("", "", Text(f"→ {finding.remedy}", "cyan"))
    return table


def preset_table(presets: Sequence[PresetItem]) -> Table:
    """The presets by name."""
    table = Table("preset", "what it is for", "prompt", box=None)
    for preset in presets:
        table.add_row(Text(preset.name, "bold"), Text(preset.description), Text(preset.prompt))
    return table


def model_table(models: Sequence[ModelItem]) -> Table:
    """The models by name."""
    table = Table("model", "on disk", "size", "window", "tempo", "licence", box=None)
    for model in models:
        table.add_row(
            Text(model.name, "bold" if model.loaded else ""),
            "yes" if model.on_disk else "no",
            f"{model.size_bytes / 1e6:.0f} MB" if model.size_bytes else "",
            f"{model.window_seconds:g} s",
            "an input" if model.takes_tempo else "a word",
            Text(model.licence),
        )
    return table

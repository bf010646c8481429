"""Tables for the terminal: devices, findings, presets, models."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from daw_bridge.audio.portaudio import SoundDevice
from daw_bridge.doctor import Finding
from daw_bridge.midi.ports import MidiPorts
from osc_server.contract.replies import ModelItem, PresetItem, StatusReply

_SIGNS = {"ok": Text("ok", "green"), "note": Text("note", "yellow"), "fails": Text("FAILS", "red")}


def device_table(devices: Sequence[SoundDevice], channels: str = "outputs") -> Table:
    """What can play, or with ``inputs`` what can be listened to."""
    title = "sound device" if channels == "outputs" else "to listen to"
    table = Table("number", title, "host API", channels, "rate", "", box=None)
    for device in devices:
        table.add_row(
            str(device.index),
            Text(device.name),
            device.host_api,
            str(device.n_channels),
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
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    table.add_column("model", no_wrap=True)
    for heading in ("on disk", "size", "memory", "rate", "window", "tempo", "licence"):
        table.add_column(heading)
    for model in models:
        table.add_row(
            Text(model.name, "bold" if model.loaded else ""),
            "loaded" if model.loaded else "yes" if model.on_disk else "no",
            bytes_text(model.size_bytes),
            bytes_text(model.memory_bytes),
            f"{model.rate_hz / 1000:g} kHz" if model.rate_hz else "",
            f"{model.window_seconds:g} s" if model.window_seconds else "",
            "input" if model.takes_tempo else "word",
            Text(model.licence),
        )
    return table


def model_notes(models: Sequence[ModelItem], status: StatusReply) -> list[str]:
    """What is to be said below the table: what is lacking, and the memory budget."""
    lines = [
        f"{model.name}: {model.missing}" for model in models if model.missing and is_here(model)
    ]
    if any(not is_here(model) for model in models):
        lines.append("those that are not on disk: magnet-bridge models fetch NAME")
    loaded = status.models_loaded or "none"
    share = f"{bytes_text(status.memory_used_bytes) or '0 MB'} used"
    budget = f"{bytes_text(status.memory_budget_bytes)} that models may use"
    return [*lines, f"in memory: {loaded}; about {share} of {budget}"]


def is_here(model: ModelItem) -> bool:
    """Whether something of it is on the server's disk."""
    return model.on_disk or not model.missing.startswith("not on this disk")


def bytes_text(n_bytes: float) -> str:
    """Bytes for people; empty for none."""
    if n_bytes >= 1e9:
        return f"{n_bytes / 1e9:.1f} GB"
    return f"{n_bytes / 1e6:.0f} MB" if n_bytes else ""

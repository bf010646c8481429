"""``magnet-bridge doctor``: what works on this computer, and what to do about what does not."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from daw_bridge.audio.device_output import DeviceOutput
from daw_bridge.audio.favour import may_be_favoured
from daw_bridge.config import BridgeConfig
from daw_bridge.install.commands import look_around
from daw_bridge.install.installing import Look
from daw_bridge.midi.opening import midi_ports
from daw_bridge.query.announcing import HOW_TO_GET_IT, is_installed
from daw_bridge.server_process import is_free
from osc_server.contract.errors import MagnetError

Verdict = Literal["ok", "note", "fails"]
"""``note``: something optional is missing; ``fails``: the product cannot do its work."""

_OLDEST_PYTHON = (3, 11)
_PROBE_SECONDS = 300
_LEAST_FREE_BYTES = 1 << 30

# Runs in a process of its own, with the server's settings: the bridge may not import torch.
_PROBE = """
import json, sys
found = {}
try:
    import torch
    found["torch"] = torch.__version__
    found["threads"] = torch.get_num_threads()
    found["cuda"] = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    found["mps"] = bool(torch.backends.mps.is_available())
except Exception as error:
    found["torch_error"] = f"{type(error).__name__}: {error}"
try:
    from osc_server.app import embedded_folder
    from osc_server.config import load_config
    from osc_server.library.models import ModelShelf
    config = load_config(json.loads(sys.argv[1]))
    files = [f for f in embedded_folder().rglob("*") if f.is_file()]
    shelf = ModelShelf(config.models.absolute(), embedded_folder(), config.model)
    found["others"] = {name: shelf.missing(spec) for name, spec in shelf.folders().items()}
    found["memory_bytes"] = config.memory_bytes()
    found["need_bytes"] = max(shelf.need_bytes(s, "cpu") for s in (shelf.own_spec, "embedded"))
    found["clips"] = str(config.clips.absolute())
    found["models"] = str(config.models.absolute())
    found["model"] = config.model
    found["embedded"] = {f.name: f.stat().st_size for f in files}
except Exception as error:
    found["server_error"] = str(error)
print(json.dumps(found))
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        subject: what.
        verdict: how it is.
        text: what was found.
        remedy: what to do; empty where nothing is to be done.
    """

    subject: str
    verdict: Verdict
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """What the server's side of this computer looks like, as a process of its own saw it."""

    torch: str = ""
    torch_error: str = ""
    threads: int = 0
    cuda: Sequence[str] = ()
    mps: bool = False
    server_error: str = ""
    clips: str = ""
    models: str = ""
    model: str = ""
    embedded: dict[str, int] | None = None
    others: dict[str, str] | None = None
    memory_bytes: int = 0
    need_bytes: int = 0


def examine(config: BridgeConfig, server_on: Callable[[int], bool]) -> list[Finding]:
    """Look at everything, the essential first.

    Args:
        config: the bridge's settings.
        server_on: whether a server of ours answers on a port of this computer.
    """
    probe = probe_server(config)
    return [
        check_python(sys.version_info[:3]),
        check_torch(probe),
        check_gpu(probe),
        check_model(probe),
        *check_other_models(probe),
        check_memory(probe),
        check_clips_folder(probe),
        check_port(config.port, is_free(config.port), server_on),
        check_port(config.port + 1, is_free(config.port + 1), server_on),
        check_sound(config),
        check_priority(may_be_favoured()),
        check_midi(),
        check_discovery(is_installed()),
        check_hosts(look_around),
    ]


def probe_server(config: BridgeConfig) -> Probe:
    """Import torch and read the server's settings, in another process."""
    flags = {
        name: str(value)
        for name in ("model", "clips", "models", "device", "memory", "token_file")
        if (value := getattr(config, name))
    }
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PROBE, json.dumps(flags)],
            capture_output=True,
            text=True,
            timeout=_PROBE_SECONDS,
            check=False,
        )
        return Probe(**json.loads(done.stdout.splitlines()[-1]))
    except (OSError, subprocess.TimeoutExpired, IndexError, ValueError, TypeError) as error:
        return Probe(torch_error=str(error), server_error=str(error))


def check_python(version: tuple[int, ...]) -> Finding:
    """Python is new enough."""
    text = ".".join(str(part) for part in version) + f" on {platform.system()} {platform.machine()}"
    if version >= _OLDEST_PYTHON:
        return Finding("Python", "ok", text)
    return Finding("Python", "fails", text, "install Python 3.11 or newer from python.org")


def check_torch(probe: Probe) -> Finding:
    """Torch can be imported."""
    if probe.torch:
        return Finding("torch", "ok", f"{probe.torch}, {probe.threads} CPU threads")
    return Finding(
        "torch", "fails", probe.torch_error, f"{sys.executable} -m pip install --upgrade torch"
    )


def check_gpu(probe: Probe) -> Finding:
    """There is something faster than the CPU; the embedded model does without."""
    if probe.cuda:
        return Finding("GPU", "ok", ", ".join(probe.cuda))
    if probe.mps:
        return Finding("GPU", "ok", "Apple GPU (mps)")
    return Finding(
        "GPU",
        "note",
        "none that torch can use: the embedded model is quick without one, large models are slow",
        "for a GPU that is there: pytorch.org/get-started shows the torch that fits its driver",
    )


def check_model(probe: Probe) -> Finding:
    """The server's settings can be read, and the model that they name is on disk."""
    if probe.server_error:
        return Finding("model", "fails", probe.server_error, "correct this setting")
    files = probe.embedded or {}
    weights = {
        name: size for name, size in files.items() if name.endswith((".bin", ".safetensors"))
    }
    if weights:
        size = sum(weights.values()) / 1e6
        return Finding("model", "ok", f"embedded, {size:.1f} MB; others in {probe.models}")
    verdict: Verdict = "fails" if probe.model == "embedded" else "note"
    return Finding(
        "model", verdict, "the embedded model's files are missing", "install magnet-bridge again"
    )


def check_other_models(probe: Probe) -> list[Finding]:
    """What lies in the models folder can be loaded, and has all that it needs."""
    findings = []
    for name, problem in (probe.others or {}).items():
        if problem:
            what, _, command = problem.rpartition(": `")
            remedy = f"run {command.rstrip('`')}" if what else "fetch it again, or take it away"
            text = f"lacks {what}" if what else problem
            findings.append(Finding(f"model {name}", "note", text, remedy))
        else:
            findings.append(Finding(f"model {name}", "ok", "complete"))
    if not findings and not probe.server_error:
        text = "none in the models folder; the embedded one needs no other"
        remedy = "to add an official one: magnet-bridge models fetch magnet-small-10secs"
        findings.append(Finding("other models", "ok", text, remedy))
    return findings


def check_memory(probe: Probe) -> Finding:
    """The model that is asked for fits into what models may use."""
    text = f"{probe.memory_bytes / 1e9:.1f} GB that models may use"
    if probe.need_bytes <= probe.memory_bytes:
        return Finding("memory", "ok", text)
    return Finding(
        "memory",
        "fails",
        f"{text}; {probe.model} takes about {probe.need_bytes / 1e9:.1f} GB",
        "choose a smaller model, or start the server with a larger --memory",
    )


def check_clips_folder(probe: Probe) -> Finding:
    """Clips can be written, and there is room."""
    if not probe.clips:
        return Finding("clips folder", "fails", "unknown", "see above")
    folder = Path(probe.clips)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding(
            "clips folder",
            "fails",
            f"{folder}: {error.strerror or error}",
            "choose a folder of your own with --clips or MAGNET_CLIPS",
        )
    text = f"{folder}, {free / 1e9:.1f} GB free"
    if free < _LEAST_FREE_BYTES:
        return Finding("clips folder", "note", text, "make room: a minute of clips takes 9 MB")
    return Finding("clips folder", "ok", text)


def check_port(port: int, free: bool, server_on: Callable[[int], bool]) -> Finding:
    """A port is free, or a server of ours has it."""
    subject = f"port {port}"
    if free:
        return Finding(subject, "ok", "free")
    if server_on(port):
        return Finding(subject, "ok", "a MAGNeT server answers")
    return Finding(
        subject,
        "fails",
        "another program holds it",
        f"end that program, or choose another port with --port or MAGNET_PORT={port + 10}",
    )


def check_sound(config: BridgeConfig) -> Finding:
    """The sound device of the settings can be opened."""
    try:
        return Finding("sound", "ok", DeviceOutput(config.output_settings()).description)
    except MagnetError as error:
        return Finding(
            "sound",
            "note",
            str(error),
            "clips are made all the same; to hear them here, see `magnet-bridge devices`",
        )


def check_priority(allowed: bool) -> Finding:
    """Live sets may come before other programs, where the system makes a right of that."""
    if allowed:
        return Finding("priority", "ok", "live sets come before other programs")
    return Finding(
        "priority",
        "note",
        "no right to real-time priority: other programs at work can make the sound late",
        "sudo usermod -aG audio $USER, then log in again; where that does not help, install your "
        "system's real-time privileges (Debian, Ubuntu: jackd2; Arch, Fedora: realtime-privileges)",
    )


def check_midi() -> Finding:
    """There are MIDI ports."""
    try:
        ports = midi_ports()
    except MagnetError as error:
        return Finding("MIDI", "note", "not available", str(error))
    n_ports = len(ports.inputs) + len(ports.outputs)
    if not n_ports:
        return Finding("MIDI", "note", "no ports", "plug in a controller, if you want to use one")
    return Finding("MIDI", "ok", f"{len(ports.inputs)} inputs, {len(ports.outputs)} outputs")


def check_discovery(installed: bool) -> Finding:
    """Surfaces in the network can find a live set by themselves."""
    if installed:
        return Finding("discovery", "ok", "zeroconf is here: live is found where --host is open")
    text = "no zeroconf: surfaces are told address and port by hand"
    return Finding("discovery", "note", text, HOW_TO_GET_IT)


def check_hosts(look: Callable[[], Sequence[Look]]) -> Finding:
    """What lives inside the hosts is in those that are here, whole and of this version."""
    try:
        looks = look()
    except MagnetError as error:
        return Finding("hosts", "note", "what was installed is not known", str(error))
    if stale := [look for look in looks if look.installed and not look.up_to_date]:
        text = ", ".join(look.host.title for look in stale) + ": changed, or of another version"
        return Finding("hosts", "note", text, f"magnet-bridge install {stale[0].host.name}")
    if missing := [look for look in looks if look.folder and not look.installed]:
        text = ", ".join(look.host.title for look in missing) + ": here, but our part is not in it"
        return Finding("hosts", "note", text, f"magnet-bridge install {missing[0].host.name}")
    titles = ", ".join(look.host.title for look in looks if look.installed)
    text = f"installed into {titles}" if titles else "none found that we have something for"
    return Finding("hosts", "ok", text)

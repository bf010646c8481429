"""sounddevice, loaded when it is needed and with a sentence where PortAudio is missing."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import ModuleType

from daw_bridge.audio.output import OutputSettings
from osc_server.contract.errors import DeviceUnavailable

_INSTALL = {
    "darwin": "brew install portaudio",
    "win32": "pip install --force-reinstall sounddevice",
    "linux": "apt install libportaudio2 (Debian, Ubuntu), dnf install portaudio (Fedora) "
    "or pacman -S portaudio (Arch)",
}
_HELP = "run `magnet-bridge devices` to see what there is"


@dataclass(frozen=True, slots=True)
class OutputDevice:
    """A sound device that can play.

    Attributes:
        index: its number in PortAudio's list.
        name: as the system calls it.
        host_api: the driver family that it belongs to.
        n_outputs: its output channels.
        rate_hz: its own sample rate.
        is_default: whether the system plays on it when nothing is said.
    """

    index: int
    name: str
    host_api: str
    n_outputs: int
    rate_hz: int
    is_default: bool


def load_sounddevice() -> ModuleType:
    """The sounddevice module.

    Raises:
        DeviceUnavailable: where the PortAudio library is missing, with what to install.
    """
    try:
        import sounddevice
    except (ImportError, OSError) as error:  # OSError: the library itself was not found
        how = _INSTALL.get(sys.platform, _INSTALL["linux"])
        raise DeviceUnavailable(f"no sound: PortAudio is not installed ({how})") from error
    return sounddevice  # type: ignore[no-any-return]


def output_devices() -> list[OutputDevice]:
    """All devices that can play, in PortAudio's order."""
    sounddevice = load_sounddevice()
    host_apis = sounddevice.query_hostapis()
    first_default = next(
        (api["default_output_device"] for api in host_apis if api["default_output_device"] >= 0), -1
    )
    chosen = sounddevice.default.device["output"]
    default = chosen if chosen >= 0 else first_default
    return [
        OutputDevice(
            index=device["index"],
            name=device["name"],
            host_api=host_apis[device["hostapi"]]["name"],
            n_outputs=device["max_output_channels"],
            rate_hz=round(device["default_samplerate"]),
            is_default=device["index"] == default,
        )
        for device in sounddevice.query_devices()
        if device["max_output_channels"] > 0
    ]


def choose_device(devices: list[OutputDevice], settings: OutputSettings) -> OutputDevice:
    """The device that the settings mean.

    Raises:
        DeviceUnavailable: where there is none, more than one, or it has too few outputs.
    """
    if not devices:
        raise DeviceUnavailable("this computer shows no sound device that can play")
    wanted = settings.host_api.casefold()
    candidates = [one for one in devices if wanted in one.host_api.casefold()]
    if not candidates:
        known = ", ".join(sorted({one.host_api for one in devices}))
        raise DeviceUnavailable(f"no host API {settings.host_api!r} here; there are: {known}")
    device = _by_name(candidates, settings.device)
    if max(settings.channels) > device.n_outputs:
        raise DeviceUnavailable(
            f"{device.name} has {device.n_outputs} outputs, so {settings.channels} is too high"
        )
    return device


def _by_name(candidates: list[OutputDevice], wanted: str) -> OutputDevice:
    if not wanted:
        return next((one for one in candidates if one.is_default), candidates[0])
    if wanted.isdigit():
        matches = [one for one in candidates if one.index == int(wanted)]
    else:
        matches = [one for one in candidates if wanted.casefold() in one.name.casefold()]
        exact = [one for one in matches if one.name.casefold() == wanted.casefold()]
        matches = exact or matches
    if len(matches) == 1:
        return matches[0]
    if not matches:
        raise DeviceUnavailable(f"no sound device {wanted!r} that can play: {_HELP}")
    names = ", ".join(f"{one.index} {one.name} ({one.host_api})" for one in matches)
    raise DeviceUnavailable(f"{wanted!r} could be {names}: give the number")

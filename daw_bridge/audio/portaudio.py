"""sounddevice, loaded when it is needed and with a sentence where PortAudio is missing."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import ModuleType

from daw_bridge.audio.input import InputSettings
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
class SoundDevice:
    """A sound device, as it plays or as it listens.

    Attributes:
        index: its number in PortAudio's list.
        name: as the system calls it.
        host_api: the driver family that it belongs to.
        n_channels: its output channels, or its input channels.
        rate_hz: its own sample rate.
        is_default: whether the system takes it when nothing is said.
    """

    index: int
    name: str
    host_api: str
    n_channels: int
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


def look_again(sounddevice: ModuleType) -> None:
    """Let PortAudio list the devices anew, which it does once; no stream may be open."""
    sounddevice._terminate()
    sounddevice._initialize()


def output_devices() -> list[SoundDevice]:
    """All devices that can play, in PortAudio's order."""
    return _devices("output")


def input_devices() -> list[SoundDevice]:
    """All devices that can be listened to, in PortAudio's order."""
    return _devices("input")


def _devices(direction: str) -> list[SoundDevice]:
    sounddevice = load_sounddevice()
    host_apis = sounddevice.query_hostapis()
    key = f"default_{direction}_device"
    first_default = next((api[key] for api in host_apis if api[key] >= 0), -1)
    chosen = sounddevice.default.device[direction]
    default = chosen if chosen >= 0 else first_default
    return [
        SoundDevice(
            index=device["index"],
            name=device["name"],
            host_api=host_apis[device["hostapi"]]["name"],
            n_channels=device[f"max_{direction}_channels"],
            rate_hz=round(device["default_samplerate"]),
            is_default=device["index"] == default,
        )
        for device in sounddevice.query_devices()
        if device[f"max_{direction}_channels"] > 0
    ]


def choose_device(devices: list[SoundDevice], settings: OutputSettings) -> SoundDevice:
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
    device = _by_name(candidates, settings.device, "play")
    if max(settings.channels) > device.n_channels:
        raise DeviceUnavailable(
            f"{device.name} has {device.n_channels} outputs, so {settings.channels} is too high"
        )
    return device


def choose_input(
    devices: list[SoundDevice], settings: InputSettings, output: SoundDevice
) -> SoundDevice:
    """The device that is listened to: the output's own where none is named.

    Args:
        devices: all that can be listened to.
        settings: which one.
        output: the device that plays.

    Raises:
        DeviceUnavailable: where there is none, more than one, or it has too few inputs.
    """
    if settings.device:
        near = [one for one in devices if one.host_api == output.host_api]
        try:
            device = _by_name(near, settings.device, "be listened to")
        except DeviceUnavailable:
            device = _by_name(devices, settings.device, "be listened to")
    else:
        own = [one for one in devices if _is_one_device(one, output)]
        if not own:
            raise DeviceUnavailable(
                f"{output.name} has no inputs: name a device that has with --input; {_HELP}"
            )
        device = own[0]
    if settings.channels and max(settings.channels) > device.n_channels:
        raise DeviceUnavailable(
            f"{device.name} has {device.n_channels} inputs, so {settings.channels} is too high"
        )
    return device


def share_a_stream(listening: SoundDevice, playing: SoundDevice) -> bool:
    """Whether they can be opened as one stream without drifting: one device, or one JACK server."""
    one_host = listening.host_api == playing.host_api
    return _is_one_device(listening, playing) or (one_host and is_jack(playing))


def is_jack(device: SoundDevice) -> bool:
    """Whether it is a program, or the card, of a JACK server."""
    return "JACK" in device.host_api.upper()


def _is_one_device(first: SoundDevice, second: SoundDevice) -> bool:
    """Whether two entries are the two directions of one device."""
    return first.index == second.index or (
        (first.name, first.host_api) == (second.name, second.host_api)
    )


def _by_name(candidates: list[SoundDevice], wanted: str, verb: str) -> SoundDevice:
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
        raise DeviceUnavailable(f"no sound device {wanted!r} that can {verb}: {_HELP}")
    names = ", ".join(f"{one.index} {one.name} ({one.host_api})" for one in matches)
    raise DeviceUnavailable(f"{wanted!r} could be {names}: give the number")

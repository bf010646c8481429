"""Every setting of the bridge: from a flag, a variable ``MAGNET_…`` or a TOML file, in this order.

The server that the bridge starts reads its own settings (``server.toml`` and the same variables);
the bridge hands on only what it was told itself.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from daw_bridge.audio.input import InputSettings
from daw_bridge.audio.output import OutputSettings
from daw_bridge.loopback import is_loopback
from osc_server.contract.addresses import DEFAULT_PORT, nearest
from osc_server.contract.errors import BadRequest, StorageFailed
from osc_server.contract.fader_rows import MAX_DECKS
from osc_server.contract.musical_time import Meter, check_bpm
from osc_server.contract.requests import Delivery

APPLICATION = "magnet-bridge"
ENVIRONMENT_PREFIX = "MAGNET_"
CONFIG_VARIABLE = "MAGNET_BRIDGE_CONFIG"
ARDOUR_OSC_PORT = 3819


def _expanded(value: object) -> object:
    return Path(value).expanduser() if isinstance(value, str | Path) else value


def _outputs(value: object) -> object:
    """``"3,4"`` or ``"5"`` as numbers."""
    if isinstance(value, int):
        return (value,)
    return tuple(value.split(",")) if isinstance(value, str) else value


def _deck_outputs(value: object) -> object:
    """``"1,2/3,4/5"`` as the outputs of deck 1, 2 and 3."""
    decks = value.split("/") if isinstance(value, str) else value
    return tuple(_outputs(deck) for deck in decks) if isinstance(decks, list | tuple) else decks


def _folders(value: object) -> object:
    """One folder, or several as in PATH."""
    if isinstance(value, Path):
        return (value,)
    return tuple(value.split(os.pathsep)) if isinstance(value, str) else value


def _names(value: object) -> object:
    """``"Pads, Drum Machine"`` as two."""
    if isinstance(value, str):
        return tuple(name.strip() for name in value.split(",") if name.strip())
    return value


def _meter(value: object) -> object:
    return Meter.parse(value) if isinstance(value, str) else value


Channels = tuple[Annotated[int, Field(ge=1, le=256)], ...]
Folder = Annotated[Path, BeforeValidator(_expanded)]


class BridgeConfig(BaseModel):
    """How the bridge runs. Field names are the flags, with ``_`` for ``-``."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), arbitrary_types_allowed=True
    )

    server: str = Field("", description="HOST:PORT of a server that runs already")
    host: str = Field("127.0.0.1", min_length=1, description="address to hold the front port on")
    port: int = Field(DEFAULT_PORT, ge=1, le=65534, description="the front port, UDP and TCP")
    token_file: Folder | None = Field(None, description="a file with the server's secret")
    page_port: int = Field(
        12180, ge=0, le=65535, description="port of the page that live is played from; 0 = no page"
    )
    query_port: int = Field(
        12181, ge=0, le=65535, description="port that OSCQuery is asked on; 0 = none"
    )
    announce: bool | None = Field(
        None, description="let surfaces find live by zeroconf; by itself where --host is open"
    )
    grid: bool = Field(False, description="play live from a monome grid, through serialosc")

    model: str = Field("", description="embedded, a name, or a folder")
    clips: Folder | None = Field(None, description="where clips are written")
    audio_folders: Annotated[tuple[Folder, ...], BeforeValidator(_folders)] = Field(
        (), description="where clips may start from, beside the clips folder"
    )
    models: Folder | None = Field(None, description="where models are looked for")
    device: str = Field("", description="what the model computes on: auto, cpu, cuda, mps")
    memory: float | None = Field(
        None, gt=0, le=10000, description="GB that models may use together"
    )
    hub: str = Field("", pattern=r"^(https?://\S+)?$", description="where models are fetched from")

    output: str = Field("", description="sound device: part of its name, or its number")
    host_api: str = Field("", description="host API: JACK, ASIO, WASAPI, Core Audio")
    outputs: Annotated[tuple[Annotated[int, Field(ge=1)], ...], BeforeValidator(_outputs)] = Field(
        (1, 2), min_length=1, max_length=64, description="outputs of the device, such as 3,4"
    )
    output_rate: int | None = Field(
        None, ge=8000, le=384000, description="sample rate of the device, in Hz"
    )
    block: int = Field(1024, ge=16, le=16384, description="samples in one audio block")

    input: str = Field(
        "", description="sound device to capture from; part of its name, or its number"
    )
    inputs: Annotated[tuple[Annotated[int, Field(ge=1)], ...], BeforeValidator(_outputs)] = Field(
        (), max_length=2, description="its inputs, such as 3,4; alone: those of the output's device"
    )
    input_latency: float = Field(
        0.0, ge=-2000, le=2000, description="ms by which the input is later than its driver says"
    )
    capture_seconds: float = Field(
        72.0, ge=2, le=1800, description="how much of the input is held: 16 bars at 60 BPM and more"
    )
    captures: Folder | None = Field(
        None, description="where what is captured is written; else captures in the clips folder"
    )

    decks: int = Field(8, ge=1, le=MAX_DECKS, description="how many decks live has")
    deck_outputs: Annotated[
        tuple[Annotated[Channels, Field(min_length=1, max_length=2)], ...],
        BeforeValidator(_deck_outputs),
    ] = Field(
        (),
        max_length=MAX_DECKS,
        description="outputs of deck 1, 2, … such as 1,2/3,4/5; the others play on the outputs",
    )

    session: Folder | None = Field(
        None, description="a file that live is saved in as it goes, and restored from"
    )

    recordings: Folder | None = Field(
        None, description="where recordings of mix and decks go; MAGNeT in your music folder"
    )

    bpm: Annotated[float, AfterValidator(check_bpm)] = Field(120.0, description="tempo")
    bars: float = Field(4.0, ge=0.0625, le=256, description="length of a clip")
    meter: Annotated[Meter, BeforeValidator(_meter)] = Field(
        default_factory=Meter, description="time signature"
    )

    clock: Literal["auto", "link", "midi", "osc", "tap", "internal"] = Field(
        "auto", description="whom to follow: auto, link, midi, osc, tap, or nobody: internal"
    )
    clock_in: Annotated[tuple[str, ...], BeforeValidator(_names)] = Field(
        (), description="MIDI inputs that may lead: parts of their names, with commas; any"
    )
    clock_out: Annotated[tuple[str, ...], BeforeValidator(_names)] = Field(
        (), description="MIDI outputs that are sent a clock: parts of their names, with commas"
    )
    clock_offset: float = Field(
        0.0, ge=-500, le=500, description="ms to sound later than who leads; negative = earlier"
    )
    link: bool = Field(True, description="join Ableton Link, where its package is installed")
    ardour_osc: str = Field(
        "", description="follow an Ardour by its OSC: its HOST, or HOST:PORT where it is not 3819"
    )

    midi_api: Literal["", "system", "jack"] = Field(
        "", description="where MIDI goes through: the system's own, or jack"
    )

    level: float = Field(0.0, ge=-90, le=12, description="level of the deck, in dB")

    def token(self) -> str:
        """The shared secret; empty where none is set.

        Raises:
            StorageFailed: where the token file cannot be read.
        """
        if self.token_file is None:
            return ""
        try:
            return self.token_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise StorageFailed(
                f"the token file {self.token_file} cannot be read: {error}"
            ) from error

    def announces(self) -> bool:
        """Whether the network is told of a live set: where it can be reached, or on request."""
        return not is_loopback(self.host) if self.announce is None else self.announce

    def output_settings(self) -> OutputSettings:
        """Which sound device to open, and how."""
        return OutputSettings(
            self.output, self.host_api, self.outputs, self.output_rate, self.block
        )

    def live_settings(self) -> OutputSettings:
        """The same with the outputs of all decks."""
        return replace(self.output_settings(), channels=self.live_outputs())

    def input_settings(self) -> InputSettings | None:
        """Which sound device to listen to, and how; None where no input was named."""
        if not self.input and not self.inputs:
            return None
        return InputSettings(self.input, self.inputs, self.input_latency, self.capture_seconds)

    def outputs_of_deck(self, index: int) -> tuple[int, ...]:
        """The outputs that a deck plays on, counted from 1; the index counts from 0."""
        return self.deck_outputs[index] if index < len(self.deck_outputs) else self.outputs

    def live_outputs(self) -> tuple[int, ...]:
        """Every output that a live set plays on, each once; those of the mix first."""
        decks = [self.outputs_of_deck(index) for index in range(self.decks)]
        return tuple(dict.fromkeys(chain(self.outputs, *decks)))

    def delivery(self) -> Delivery:
        """How clips come from the server: as paths on this computer, as a stream from another."""
        host, _ = self.server_address()
        return "path" if is_loopback(host) else "stream"

    def server_options(self) -> list[str]:
        """Flags for a server that the bridge starts: only what the bridge was told itself."""
        options: list[str] = []
        for flag in ("model", "clips", "models", "device", "memory", "hub", "token_file"):
            value = getattr(self, flag)
            if value:
                options += [f"--{flag.replace('_', '-')}", str(value)]
        folders = (*self.audio_folders, *([self.captures] if self.captures else []))
        if folders:
            options += ["--audio-folders", os.pathsep.join(map(str, folders))]
        return options

    def ardour_address(self) -> tuple[str, int] | None:
        """Host and port of the Ardour that is followed by its OSC; None where none is.

        Raises:
            BadRequest: where ``ardour_osc`` is neither HOST nor HOST:PORT.
        """
        if not self.ardour_osc:
            return None
        host, colon, port = self.ardour_osc.partition(":")
        return _address(
            host,
            port if colon else str(ARDOUR_OSC_PORT),
            f"--ardour-osc {self.ardour_osc!r} must be HOST or HOST:PORT, such as localhost",
        )

    def server_address(self) -> tuple[str, int]:
        """Host and port of the server to speak to, if ``server`` names one; else the front port.

        Raises:
            BadRequest: where ``server`` is not HOST:PORT.
        """
        if not self.server:
            return "127.0.0.1", self.port
        host, _, port = self.server.rpartition(":")
        told = f"--server {self.server!r} must be HOST:PORT, such as 127.0.0.1:12100"
        host, number = _address(host, port, told)
        return host.strip("[]"), number


def load_config(
    flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ, file: Path | None = None
) -> BridgeConfig:
    """Put the settings together.

    Args:
        flags: by field name; None = not given.
        environment: read for ``MAGNET_PORT`` and so on; names of no field are other programs'.
        file: a TOML file that must exist; None = ``MAGNET_BRIDGE_CONFIG``, or ``bridge.toml`` in
            the user's configuration folder if it is there.

    Raises:
        BadRequest: naming flag, variable or file of what is wrong.
        StorageFailed: where the file cannot be read.
    """
    values, sources = _from_file(file, environment)
    for name in BridgeConfig.model_fields:
        variable = ENVIRONMENT_PREFIX + name.upper()
        if environment.get(variable, "") != "":
            values[name], sources[name] = environment[variable], variable
        if flags.get(name) is not None:
            values[name], sources[name] = flags[name], f"--{name.replace('_', '-')}"
    try:
        return BridgeConfig.model_validate(values)
    except ValidationError as error:
        raise BadRequest(_explain(error, sources)) from error


def own_settings() -> Path:
    """The file of the musician's settings, where no other is named; it need not exist."""
    return platformdirs.user_config_path(APPLICATION, appauthor=False) / "bridge.toml"


def _from_file(
    file: Path | None, environment: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Values by field name, and where each stands."""
    if file is None and environment.get(CONFIG_VARIABLE):
        file = Path(environment[CONFIG_VARIABLE]).expanduser()
    if file is None:
        file = own_settings()
        if not file.is_file():
            return {}, {}
    try:
        raw = tomllib.loads(file.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BadRequest(f"{file}: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise StorageFailed(f"the settings {file} cannot be read: {error}") from error
    values = {name.replace("-", "_"): value for name, value in raw.items()}
    for name in values:
        if name not in BridgeConfig.model_fields:
            known = [field.replace("_", "-") for field in BridgeConfig.model_fields]
            raise BadRequest(f"{file}, {name}: no such setting{nearest(name, known)}")
    return values, {name: f"{file}, {name}" for name in values}


def _address(host: str, port: str, otherwise: str) -> tuple[str, int]:
    """Host and port, where they can be that. Raises BadRequest with what to say otherwise."""
    if not host or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise BadRequest(otherwise)
    return host, int(port)


def _explain(error: ValidationError, sources: Mapping[str, str]) -> str:
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    field = BridgeConfig.model_fields.get(name)
    meaning = f" ({field.description})" if field is not None else ""
    return f"{sources.get(name, name)} = {first['input']!r}: {first['msg']}{meaning}"

"""Every setting of the server: from a flag, a variable ``MAGNET_…`` or a TOML file, in this order.

Wherever a value comes from, it is checked here, and a wrong one is named with its source.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from osc_server.contract.addresses import DEFAULT_PORT, nearest
from osc_server.contract.errors import BadRequest, StorageFailed
from osc_server.memory import total_memory_bytes
from osc_server.toml_lines import line_of

APPLICATION = "magnet-bridge"
ENVIRONMENT_PREFIX = "MAGNET_"
CONFIG_VARIABLE = "MAGNET_CONFIG"
OTHER_VARIABLES = {"hub": "HF_ENDPOINT", "offline": "HF_HUB_OFFLINE"}
"""Variables of the hub's own tools that are honoured too, below ours."""
_MEMORY_SHARE = 0.75


def _expanded(value: object) -> object:
    return Path(value).expanduser() if isinstance(value, str | Path) else value


def _folders(value: object) -> object:
    """One folder, or several as in PATH."""
    if isinstance(value, Path):
        return (value,)
    return tuple(value.split(os.pathsep)) if isinstance(value, str) else value


Folder = Annotated[Path, BeforeValidator(_expanded)]


def _user_data(name: str) -> Path:
    return platformdirs.user_data_path(APPLICATION, appauthor=False) / name


class ServerConfig(BaseModel):
    """How one server runs. Field names are the flags, with ``_`` for ``-``."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    host: str = Field("127.0.0.1", min_length=1, description="address of this machine to listen on")
    port: int = Field(DEFAULT_PORT, ge=0, le=65535, description="UDP and TCP; 0 = any that is free")
    model: str = Field("embedded", min_length=1, description="embedded, a name, or a folder")
    clips: Folder = Field(
        default_factory=lambda: platformdirs.user_music_path() / "magnet-bridge",
        description="where clips are written",
    )
    audio_folders: Annotated[tuple[Folder, ...], BeforeValidator(_folders)] = Field(
        (), description="where clips may start from, beside the clips folder"
    )
    models: Folder = Field(
        default_factory=lambda: _user_data("models"), description="where models are looked for"
    )
    presets: Folder = Field(
        default_factory=lambda: (
            platformdirs.user_config_path(APPLICATION, appauthor=False) / "presets"
        ),
        description="your own presets; they hide built-in ones of the same name",
    )
    device: str = Field(
        "auto",
        pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$",
        description="auto, cpu, cuda, cuda:1 or mps",
    )
    engine: Literal["magnet", "audiocraft"] = Field(
        "magnet", description="magnet; or audiocraft, the reference, where it is installed"
    )
    memory: float = Field(
        0, ge=0, le=10000, description="GB that models may use together; 0 = most of what is there"
    )
    precision: Literal["auto", "float32", "bfloat16", "float16", "int8"] = Field(
        "auto",
        description="of the model's products: float32 is exact, int8 the fastest on a CPU, auto is "
        "float16 on a GPU and bfloat16 on a CPU that has it",
    )
    offline: bool = Field(False, description="never ask the network for a model")
    hub: str = Field(
        "https://huggingface.co",
        pattern=r"^https?://\S+$",
        description="where models are fetched from; HF_ENDPOINT sets it too",
    )
    token_file: Folder | None = Field(None, description="a file with the secret of other machines")
    threads: int = Field(
        0, ge=0, le=1024, description="CPU threads of the model; 0 = its own choice"
    )
    wav_format: Literal["pcm24", "float"] = Field("pcm24", description="24-bit or 32-bit float")
    queue_limit: int = Field(64, ge=1, le=10000, description="jobs that may wait")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "WARNING", description="how much is said on the terminal"
    )

    def memory_bytes(self) -> int:
        """What models may use together: as set, or this share of the computer's memory."""
        return int(self.memory * 1e9) if self.memory else int(total_memory_bytes() * _MEMORY_SHARE)

    def token(self) -> str:
        """The shared secret; empty where none is asked for.

        Raises:
            StorageFailed: where the token file cannot be read.
            BadRequest: where it holds nothing.
        """
        if self.token_file is None:
            return ""
        try:
            token = self.token_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise StorageFailed(
                f"the token file {self.token_file} cannot be read: {error}"
            ) from error
        if not token:
            raise BadRequest(f"the token file {self.token_file} is empty: write a secret into it")
        return token


def load_config(
    flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ, file: Path | None = None
) -> ServerConfig:
    """Put the settings together.

    Args:
        flags: by field name; None = not given.
        environment: read for ``MAGNET_PORT`` and so on; names of no field are other programs'.
        file: a TOML file that must exist; None = ``MAGNET_CONFIG``, or ``server.toml`` in the
            user's configuration folder if it is there.

    Raises:
        BadRequest: naming flag, variable, or file and line of what is wrong.
        StorageFailed: where the file cannot be read.
    """
    values, sources = _from_file(file, environment)
    for name in ServerConfig.model_fields:
        for variable in (OTHER_VARIABLES.get(name, ""), ENVIRONMENT_PREFIX + name.upper()):
            if environment.get(variable, "") != "":
                values[name], sources[name] = environment[variable], variable
        if flags.get(name) is not None:
            values[name], sources[name] = flags[name], f"--{name.replace('_', '-')}"
    try:
        return ServerConfig.model_validate(values)
    except ValidationError as error:
        raise BadRequest(_explain(error, sources)) from error


def _from_file(
    file: Path | None, environment: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Values by field name, and where each stands."""
    if file is None and environment.get(CONFIG_VARIABLE):
        file = Path(environment[CONFIG_VARIABLE]).expanduser()
    if file is None:
        file = platformdirs.user_config_path(APPLICATION, appauthor=False) / "server.toml"
        if not file.is_file():
            return {}, {}
    try:
        text = file.read_text("utf-8")
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadRequest(f"{file}: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise StorageFailed(f"the settings {file} cannot be read: {error}") from error
    sources = {}
    for raw in list(values):
        name = raw.replace("-", "_")
        values[name] = values.pop(raw)
        sources[name] = f"{file}, line {line_of(raw, text)}, {raw}"
        if name not in ServerConfig.model_fields:
            known = [field.replace("_", "-") for field in ServerConfig.model_fields]
            raise BadRequest(f"{sources[name]}: no such setting{nearest(raw, known)}")
    return values, sources


def _explain(error: ValidationError, sources: Mapping[str, str]) -> str:
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    field = ServerConfig.model_fields.get(name)
    meaning = f" ({field.description})" if field is not None else ""
    return f"{sources.get(name, name)} = {first['input']!r}: {first['msg']}{meaning}"

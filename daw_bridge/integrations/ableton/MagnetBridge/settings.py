"""What a musician can set: ``settings.ini`` beside this file, which an install never touches."""

from __future__ import annotations

import configparser
from dataclasses import dataclass, fields, replace
from pathlib import Path

RATE_MIN_HZ, RATE_MAX_HZ = 8000, 192000


@dataclass(frozen=True)
class Settings:
    """Where the bridge is, and what it is told.

    Attributes:
        port: of the bridge or server, on this computer: clips come as paths on its disk.
        listen: the port on which this script hears requests; the next ones if it is taken.
        clock: whether the bridge hears Live's tempo, meter, transport and beat.
        rate: sample rate of the clips in Hz; 0 = what a device in the set says, else the server's
            own. Live itself does not tell a script its rate.
        token: of a bridge that asks for one.
    """

    port: int = 12100
    listen: int = 12110
    clock: bool = True
    rate: int = 0
    token: str = ""


def read_settings(path: Path) -> tuple[Settings, list[str]]:
    """The settings of a file, and what is wrong with it in sentences; no file = the defaults."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
        given = dict(parser["magnet"]) if parser.has_section("magnet") else {}
    except (configparser.Error, OSError, UnicodeDecodeError) as error:
        return Settings(), [f"{path} cannot be read: {error}".replace("\n", " ")]
    settings, problems = Settings(), []
    known = {field.name for field in fields(Settings)}
    for name, text in given.items():
        try:
            if name not in known:
                raise ValueError(f"there is no such setting; there are {', '.join(sorted(known))}")
            settings = replace(settings, **{name: _value(name, text)})  # type: ignore[arg-type]
        except ValueError as error:
            problems.append(f"{path.name}: {name} = {text}: {error}")
    return settings, problems


def _value(name: str, text: str) -> int | bool | str:
    if name == "token":
        return text.strip()
    if name == "clock":
        if text.lower() not in ("0", "1", "on", "off", "yes", "no", "true", "false"):
            raise ValueError("must be on or off")
        return text.lower() in ("1", "on", "yes", "true")
    number = int(text) if text.strip().isdigit() else -1
    if name == "rate":
        if number and not RATE_MIN_HZ <= number <= RATE_MAX_HZ:
            raise ValueError(f"must be 0, or {RATE_MIN_HZ} to {RATE_MAX_HZ}")
    elif not 1 <= number <= 65535:
        raise ValueError("must be a port, 1 to 65535")
    return number

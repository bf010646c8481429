"""The musician's own map file: what was learned is added at once, and nothing else changed."""

from __future__ import annotations

import glob
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

from daw_bridge.midi.device_map import Control, Setting
from daw_bridge.midi.map_reading import SUFFIX, parse_map
from daw_bridge.midi.scale import Scale
from daw_bridge.midi.toml_table import table_lines
from osc_server.contract.errors import StorageFailed

_HEAD = "# Learned by magnet-bridge. Edit it as you like: what is learned later goes to the end.\n"
_PORT_NUMBER = re.compile(r"\s\d+(:\d+)?$")
"""ALSA and Windows end a port's name with numbers that change when it is plugged in again."""


def learned_path(folder: Path, port: str) -> Path:
    """The file for what is learned on a port."""
    name = _PORT_NUMBER.sub("", port).rpartition(":")[2] or port
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "device"
    return folder / f"learned-{slug}{SUFFIX}"


def save_learned(folder: Path, port: str, control: Control) -> Path:
    """Add a learned control to the file of its device.

    It replaces what was learned for the same control or the same address before.

    Args:
        folder: the musician's maps.
        port: the device's port, as the system names it.
        control: what was learned.

    Returns:
        The file, which holds it when this returns.

    Raises:
        BadRequest: where the file was edited and is wrong, with its line; it is left as it is.
        StorageFailed: where it cannot be read or written.
    """
    path = learned_path(folder, port)
    try:
        text = path.read_text("utf-8") if path.exists() else _new_text(port)
        parse_map(text, path)
        text = _without(text, control, path).rstrip() + "\n\n" + control_text(control)
        parse_map(text, path)
        _write_whole(path, text)
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or error
        raise StorageFailed(f"what was learned cannot be kept in {path}: {said}") from error
    return path


def control_text(control: Control) -> str:
    """A control as a map file has it."""
    source = control.source
    number = "true" if source.kind == "pitchbend" else str(source.number)
    fields = [f"{source.kind} = {number}"]
    if source.channel is not None:
        fields.append(f"channel = {source.channel}")
    fields.append(f"address = {_quoted(control.address)}")
    if control.mode == "turn":
        fields += _scale_fields(control.scale)
    elif control.mode == "press" and control.value != 1:
        fields.append(f"value = {_written(control.value)}")
    elif control.mode != "press":
        fields.append(f"mode = {_quoted(control.mode)}")
    return "[[control]]\n" + "\n".join(fields) + "\n"


def _scale_fields(scale: Scale) -> list[str]:
    fields = [f"range = [{scale.low:.10g}, {scale.high:.10g}]"]
    if scale.curve != "linear":
        fields.append(f"curve = {_quoted(scale.curve)}")
    if scale.bottom is not None:
        fields.append(f"bottom = {scale.bottom:.10g}")
    if scale.step:
        fields.append(f"step = {scale.step:.10g}")
    return fields


def _written(value: Setting) -> str:
    return _quoted(value) if isinstance(value, str) else f"{value:.10g}"


def _quoted(text: str) -> str:
    """A basic string of TOML: control characters are escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda m: f"\\u{ord(m[0]):04x}", escaped) + '"'


def _new_text(port: str) -> str:
    name = _PORT_NUMBER.sub("", port)
    # fnmatch takes brackets and stars in a port's name for patterns unless they are escaped
    pattern = glob.escape(name) + "*"
    return f"{_HEAD}name = {_quoted(name)}\ndevices = [{_quoted(pattern)}]\n"


def _without(text: str, control: Control, path: Path) -> str:
    """The text without the blocks that this control takes the place of."""
    lines = text.splitlines()
    headers = sorted(line for line, _ in table_lines(text).values() if _is_header(lines, line))
    for start in reversed([line for line in headers if lines[line - 1].strip() == "[[control]]"]):
        end = min([line for line in headers if line > start], default=len(lines) + 1) - 1
        while end > start and (not lines[end - 1].strip() or lines[end - 1].lstrip()[0] == "#"):
            end -= 1  # a comment above the next block is the next block's
        block = "\n".join(lines[start - 1 : end])
        held = parse_map(f'devices = "*"\n{block}', path).controls if "light" not in block else ()
        if len(held) == 1 and (
            held[0].source == control.source or held[0].address == control.address
        ):
            del lines[start - 1 : end]
    return "\n".join(lines)


def _is_header(lines: list[str], line: int) -> bool:
    return 0 < line <= len(lines) and lines[line - 1].lstrip().startswith("[")


def _write_whole(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=".part", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink()

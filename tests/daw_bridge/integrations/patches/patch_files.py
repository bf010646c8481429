"""Reading patches back, and what Max's own reference says of an object's inlets and outlets."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path
from typing import Any

from py2max.maxref import get_inlet_count, get_object_info, get_outlet_count

from daw_bridge.integrations.patches.making import INTEGRATIONS

Box = dict[str, Any]


def read_amxd(data: bytes) -> tuple[bytes, str]:
    """The kind of a device and the text of its patcher; every length in it has to be right."""
    assert data[:4] == b"ampf"
    assert struct.unpack_from("<I", data, 4) == (4,)
    kind = data[8:12]
    assert data[12:16] == b"meta"
    assert struct.unpack_from("<II", data, 16) == (4, 0)
    assert data[24:28] == b"ptch"
    (length,) = struct.unpack_from("<I", data, 28)
    body = data[32:]
    assert len(body) == length
    assert body[-1:] == b"\0"
    return kind, body[:-1].decode("utf-8")


def patcher_of(path: Path) -> dict[str, Any]:
    """The patcher of a ``.maxpat``, ``.maxhelp`` or ``.amxd``."""
    data = (INTEGRATIONS / path).read_bytes()
    text = read_amxd(data)[1] if path.suffix == ".amxd" else data.decode("utf-8")
    patcher: dict[str, Any] = json.loads(text)["patcher"]
    return patcher


def boxes_of(path: Path) -> list[Box]:
    return [entry["box"] for entry in patcher_of(path)["boxes"]]


def words_of(box: Box) -> list[str]:
    """An object's name and its arguments."""
    if box["maxclass"] == "newobj":
        return str(box["text"]).split()
    return [box["maxclass"], *str(box.get("text", "")).split()]


def ports_by_reference(box: Box) -> tuple[int, int]:
    """Inlets and outlets, by Max's reference and, where arguments decide, by its rule."""
    name, *args = words_of(box)
    args = args[: next((i for i, arg in enumerate(args) if arg[0] == "@"), len(args))]
    if name == "route":
        return len(args) + 1, len(args) + 1
    if name == "trigger":
        return 1, len(args)
    if name == "js":
        (script,) = INTEGRATIONS.rglob(args[0])
        text = script.read_text("utf-8")
        inlets, outlets = re.search(r"^inlets = (\d+);\noutlets = (\d+);", text, re.M).groups()
        return int(inlets), int(outlets)
    if name == "magnet~":
        inside = [words_of(b)[0] for b in boxes_of(Path("max/patchers/magnet~.maxpat"))]
        return inside.count("inlet"), inside.count("outlet")
    if name in _NOT_COUNTED:
        return _NOT_COUNTED[name]
    assert get_object_info(name), f"Max has no object {name}"
    return get_inlet_count(name), get_outlet_count(name)


_NOT_COUNTED = {
    "udpsend": (1, 0),
    "inlet": (0, 1),
    "outlet": (1, 0),
    "send": (1, 0),
    "receive": (0, 1),
}
"""The reference leaves their ports out, or counts those inside of the abstraction too."""

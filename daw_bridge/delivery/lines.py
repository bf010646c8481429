"""Names and texts in a file, one a line: what a host without JSON can read and write.

::

    magnet-bridge 1
    prompt dusty breakbeat
    bars 4
    end

Inside a text a line break is written as backslash and n, a backslash twice. The last line says that
the file is whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from osc_server.contract.errors import BadRequest

HEADER = "magnet-bridge 1"
"""The first line: raised when an old reader would misread a new file."""
END = "end"

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ESCAPED = re.compile(r"\\(.)")


def to_lines(values: Mapping[str, object]) -> bytes:
    """A file that holds these values, each as its text.

    Raises:
        BadRequest: for a name that is not made of small letters, digits and ``_``, or is ``end``.
    """
    lines = [HEADER]
    for name, value in values.items():
        if name == END or not _NAME.fullmatch(name):
            raise BadRequest(f"{name!r} cannot be a name: small letters, digits and _ make one")
        text = str(value).replace("\\", "\\\\").replace("\r", "").replace("\n", "\\n")
        lines.append(f"{name} {text}")
    return "\n".join([*lines, END, ""]).encode("utf-8", "replace")


def from_lines(data: bytes) -> dict[str, str]:
    """The values of a file.

    Raises:
        BadRequest: where it is not such a file, or not whole.
    """
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    if lines[0] != HEADER:
        raise BadRequest(f"a file of another version: it begins with {lines[0][:40]!r}")
    if END not in lines:
        raise BadRequest("the file is not whole: its last line is missing")
    values = {}
    for line in lines[1 : lines.index(END)]:
        name, _, text = line.partition(" ")
        values[name] = _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], text)
    return values

"""Where a TOML file sets a name: tomllib says it for syntax, not for values."""

from __future__ import annotations

import re


def line_of(name: str, text: str) -> int:
    """The line, from 1, on which a top-level name is set; 1 where it is not found."""
    pattern = re.compile(rf"""\s*\[*\s*["']?{re.escape(name)}["']?\s*[=.\]]""")
    lines = text.splitlines()
    return next((number for number, line in enumerate(lines, 1) if pattern.match(line)), 1)

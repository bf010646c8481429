"""Help over OSC, from the table: what ``/magnet/help`` answers, one line a reply."""

from __future__ import annotations

from osc_server.contract.addresses import REQUESTS, Row, nearest
from osc_server.contract.errors import BadRequest
from osc_server.contract.parameters import Parameter


def help_lines(topic: str = "") -> list[str]:
    """Every request in a line, or one request with its names.

    Args:
        topic: an address, with or without ``/magnet/``; empty for all.

    Raises:
        BadRequest: for an address that does not exist, naming the nearest.
    """
    if not topic:
        return [f"{row.address} id{_names(row)}: {row.doc}" for row in REQUESTS]
    address = topic if topic.startswith("/") else f"/magnet/{topic}"
    for row in REQUESTS:
        if row.address == address:
            return [f"{row.address} id{_names(row)}: {row.doc}"] + [
                _line(row, parameter) for parameter in row.named if not parameter.refused
            ]
    known = [row.address.removeprefix("/magnet/") for row in REQUESTS]
    raise BadRequest(f"no help on {topic[:80]!r}{nearest(address.removeprefix('/magnet/'), known)}")


def default_text(row: Row, parameter: Parameter) -> str:
    """What holds where a name is not given, for people: ``default 120``; empty for nothing."""
    if parameter.required:
        return "required"
    default = parameter.default or row.default_of(parameter)
    if isinstance(default, bool):
        default = int(default)
    if default in (None, "", ()):
        return ""
    return f"default {default:g}" if isinstance(default, float) else f"default {default}"


def _names(row: Row) -> str:
    if len(row.named) > 3:
        return " name value …"
    return "".join(
        f" {p.name} <{p.name}>" if p.required else f" [{p.name} <{p.name}>]" for p in row.named
    )


def _line(row: Row, parameter: Parameter) -> str:
    facts = [parameter.range_text, default_text(row, parameter)]
    return f"{parameter.name}: {parameter.doc}" + "".join(f"; {fact}" for fact in facts if fact)

"""A row of the table: one address, and what it carries."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from typing import Literal

from osc_server.contract import requests
from osc_server.contract.parameters import Parameter


@dataclass(frozen=True, slots=True)
class Row:
    """One address.

    Attributes:
        address: the OSC address.
        record: the request or reply that it carries.
        doc: one line for the reference.
        positional: arguments in order; a request's first is always its id.
        named: names that may follow, in any order, each before its value.
        answers: addresses of the replies to it.
        owner: which process handles or sends it.
        start: for a request that makes a clip from another, how.
    """

    address: str
    record: type
    doc: str
    positional: tuple[Parameter, ...] = ()
    named: tuple[Parameter, ...] = ()
    answers: tuple[str, ...] = ()
    owner: Literal["server", "bridge"] = "server"
    start: type[requests.Start] | None = None

    def default_of(self, parameter: Parameter) -> object:
        """What the record holds where a name is not given; None for nothing."""
        group, _, attribute = (parameter.attribute or parameter.name).rpartition(".")
        inner = {"decoding": requests.DecodingOptions, "hint": requests.Hint, "start": self.start}
        record = inner.get(group) or self.record
        defaults = {field.name: field.default for field in fields(record)}
        default = defaults.get(attribute, MISSING)
        return None if default is MISSING else default

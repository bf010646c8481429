"""Reading and writing ``xp.cfg``, the YAML text that a checkpoint carries its configuration in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import yaml

from osc_server.contract.errors import ModelUnavailable

T = TypeVar("T", int, float, str, bool)
MAX_CHARS = 1_000_000
MAX_REFERENCES = 8  # ``${a}`` may point to ``${b}``, but not for ever
_REFERENCE = re.compile(r"\$\{([\w.]+)\}")
_REQUIRED: Any = object()


class XpConfig:
    """A parsed configuration. Values are looked up by dotted path; ``${path}`` is followed."""

    def __init__(self, tree: Mapping[str, Any], source: str) -> None:
        """Wrap a parsed tree; ``source`` names the file in error messages."""
        self.tree = tree
        self.source = source

    @classmethod
    def parse(cls, text: object, source: str) -> XpConfig:
        """Parse YAML text.

        Raises:
            ModelUnavailable: it is not text, or not a YAML mapping.
        """
        if not isinstance(text, str) or len(text) > MAX_CHARS:
            raise ModelUnavailable(f"{source}: xp.cfg is missing or is not text")
        try:
            tree = yaml.load(text, _Loader)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise ModelUnavailable(f"{source}: xp.cfg cannot be read: {error}") from error
        if not isinstance(tree, Mapping):
            raise ModelUnavailable(f"{source}: xp.cfg is not a mapping")
        return cls(tree, source)

    def get(self, path: str, default: Any = None) -> Any:  # noqa: ANN401  (YAML holds anything)
        """The value at ``path``, or ``default`` where there is none."""
        value = self._find(path)
        for _ in range(MAX_REFERENCES):
            match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
            if match is None:
                return default if value is None else value
            value = self._find(match[1])
        raise ModelUnavailable(f"{self.source}: xp.cfg: {path} refers to itself")

    def integer(self, path: str, low: int, high: int, default: int = _REQUIRED) -> int:
        """The whole number at ``path``, checked to lie in ``low``..``high``."""
        value = self._required(path, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ModelUnavailable(
                f"{self.source}: xp.cfg: {path} is {value!r:.80}, not a whole number {low}..{high}"
            )
        return value

    def number(self, path: str, low: float, high: float, default: float = _REQUIRED) -> float:
        """The number at ``path``, checked to lie in ``low``..``high``."""
        value = self._required(path, default)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not low <= value <= high:
            raise ModelUnavailable(
                f"{self.source}: xp.cfg: {path} is {value!r:.80}, not a number {low}..{high}"
            )
        return float(value)

    def text(self, path: str, default: str = _REQUIRED) -> str:
        """The text at ``path``."""
        value = self._required(path, default)
        if not isinstance(value, str):
            raise ModelUnavailable(f"{self.source}: xp.cfg: {path} is {value!r:.80}, not text")
        return value

    def expect(self, path: str, wanted: object) -> None:
        """Refuse a configuration whose ``path`` is given and is not ``wanted``."""
        value = self.get(path, wanted)
        if value != wanted:
            raise ModelUnavailable(
                f"{self.source}: xp.cfg: {path} is {value!r:.80}; only {wanted!r} is supported"
            )

    def _required(self, path: str, default: Any) -> Any:  # noqa: ANN401
        value = self.get(path, default)
        if value is _REQUIRED:
            raise ModelUnavailable(f"{self.source}: xp.cfg lacks {path}")
        return value

    def _find(self, path: str) -> Any:  # noqa: ANN401
        value: Any = self.tree
        for key in path.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        return value


class _Loader(yaml.SafeLoader):
    """Plain values only, each once: aliases can make a small text into an endless one."""

    def compose_node(self, parent: Any, index: Any) -> Any:  # noqa: ANN401  (yaml is untyped)
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it refers to itself or to another place")
        return super().compose_node(parent, index)


def dump(tree: Mapping[str, Any]) -> str:
    """The YAML text of a configuration."""
    return yaml.safe_dump(dict(tree), sort_keys=False)

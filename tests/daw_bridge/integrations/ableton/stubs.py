"""Live's API as ``ableton-live-stubs`` writes it down, and classes that are held to it.

The stubs were made from a running Live 12.3.6. ``like_live`` holds a class of the stand-in to
them: it may have no member that Live has not, no setter where Live has none, and no other
arguments; and whoever uses it may give only what Live would take.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Member:
    """A property or a method, with the types of what it takes, as they are written."""

    is_method: bool
    takes: tuple[str, ...] = ()
    n_needed: int = 0
    settable: bool = False


class ArgumentError(TypeError):
    """What Live's Python raises for arguments of the wrong number or type."""


@functools.cache
def members(path: str) -> dict[str, Member]:
    """The members of a class of Live, such as ``Song.Song.View``: module, class, class in it."""
    module, *names = path.split(".")
    node: Any = ast.parse(_file(module).read_text("utf-8"))
    for name in names:
        node = next(n for n in node.body if isinstance(n, ast.ClassDef) and n.name == name)
    found: dict[str, Member] = {}
    for function in (n for n in node.body if isinstance(n, ast.FunctionDef)):
        decorators = [ast.unparse(d) for d in function.decorator_list]
        args = [*function.args.posonlyargs, *function.args.args][1:]
        takes = tuple(ast.unparse(arg.annotation) for arg in args if arg.annotation)
        if "property" in decorators:
            found[function.name] = Member(False)
        elif any(d.endswith(".setter") for d in decorators):
            found[function.name] = Member(False, takes, settable=True)
        else:
            found[function.name] = Member(True, takes, len(takes) - len(function.args.defaults))
    return found


@functools.cache
def _file(module: str) -> Path:
    for file in metadata.files("ableton-live-stubs") or ():
        if file.name == f"{module}.pyi":
            return Path(str(file.locate()))
    raise LookupError(f"the stubs have no module {module}")


class LiveObject:
    """A thing of a Live set: looked at and changed on the main thread only, and not once deleted.

    ``_set`` is the set with its rules; it has ``_look`` and ``_change``.
    """

    _set: Any
    _deleted = False

    def _look(self) -> None:
        self._set._check_thread()
        if self._deleted:
            raise RuntimeError("this object was deleted")

    def _change(self) -> None:
        self._look()
        self._set._check_change()

    def __setattr__(self, name: str, value: object) -> None:
        if name[0] != "_" and not isinstance(getattr(type(self), name, None), property):
            raise AttributeError(f"Live's {type(self).__name__} has no {name}")
        object.__setattr__(self, name, value)


def like_live(path: str) -> Callable[[type], type]:
    """Hold a class to the stubs' one at ``path``, and its users to what that says."""

    def hold(cls: type) -> type:
        known = members(path)
        for name, value in list(vars(cls).items()):
            if name.startswith("_"):
                continue
            if name not in known:
                raise AssertionError(f"Live's {path} has no {name}")
            if isinstance(value, property):
                _hold_property(cls, path, name, value, known[name])
            else:
                _hold_method(cls, path, name, value, known[name])
        return cls

    return hold


def _hold_property(cls: type, path: str, name: str, value: property, member: Member) -> None:
    assert not member.is_method, f"{path}.{name} is a method"
    assert value.fset is None or member.settable, f"{path}.{name} cannot be set"
    getter, setter = value.fget, value.fset
    assert getter is not None

    def get(self: LiveObject) -> object:
        self._look()
        return getter(self)

    def put(self: LiveObject, given: object) -> None:
        self._change()
        _check(path, name, member.takes[0], given)
        assert setter is not None
        setter(self, given)

    setattr(cls, name, property(get, put if setter else None))


def _hold_method(
    cls: type, path: str, name: str, value: Callable[..., object], member: Member
) -> None:
    assert member.is_method, f"{path}.{name} is a property"

    def call(self: LiveObject, *args: object) -> object:
        self._change()
        if not member.n_needed <= len(args) <= len(member.takes):
            raise ArgumentError(f"{path}.{name} takes {member.takes}, not {args}")
        for wanted, given in zip(member.takes, args, strict=False):
            _check(path, name, wanted, given)
        return value(self, *args)

    setattr(cls, name, call)


_PLAIN: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "float": (float, int),
    "int": (int,),
    "bool": (bool, int),
}


def _check(path: str, name: str, wanted: str, given: object) -> None:
    for one in wanted.split(" | "):
        if one == "None" and given is None:
            return
        if one in _PLAIN and isinstance(given, _PLAIN[one]):
            return
        if any(cls.__name__ == one for cls in type(given).__mro__):
            return
    raise ArgumentError(f"{path}.{name} takes {wanted}, not {given!r}")

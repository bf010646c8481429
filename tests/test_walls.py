"""The walls of the house: who may import what, who may build what, what happens on import.

Read from the source, so that a wall holds for a module that no test imports; and once from a fresh
interpreter, because an import can bring another in.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("daw_bridge", "osc_server")
ROOTS_OF_COMPOSITION = ("osc_server/app.py", "daw_bridge/session/")
OTHER_BUILDERS = {
    "osc_server/jobs/worker.py": "the root of the worker process, which nothing can be handed to",
    "daw_bridge/client/sync_client.py": "the client for programs without asyncio is the other one",
    "daw_bridge/serving.py": "starts a server and its client for one command",
    "daw_bridge/playing.py": "plays one clip to its end",
    "daw_bridge/doctor.py": "opens the device to see whether it opens",
}
"""Who else may build what a root builds, and why; nobody else."""
MAX_LINES = 400

HOMES = {
    "torch": ("osc_server/magnet/", "osc_server/training/"),
    "transformers": ("osc_server/magnet/", "osc_server/training/"),
    "safetensors": ("osc_server/magnet/", "osc_server/training/"),
    "sounddevice": ("daw_bridge/audio/",),
    "mido": ("daw_bridge/midi/",),
    "rtmidi": ("daw_bridge/midi/",),
    "aiohttp": ("daw_bridge/page/", "daw_bridge/query/"),
    "jack": ("daw_bridge/midi/",),
    "zeroconf": ("daw_bridge/query/announcing.py",),
    "pyloudnorm": ("osc_server/rendering/finishing.py",),
    "pythonosc": ("osc_server/contract/packets.py",),
}
"""Libraries that live in one room only. What is a prefix of a path is a room."""


class Module(NamedTuple):
    """A source file of the product."""

    path: str  # from the root, with slashes
    tree: ast.Module
    n_lines: int

    def imports(self) -> set[str]:
        """Every module that is imported here, anywhere in the file, by its full name."""
        found = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                base = "." * node.level + (node.module or "")
                found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
        return found

    def lives_in(self, *rooms: str) -> bool:
        return self.path.startswith(rooms)


def read(path: Path) -> Module:
    text = path.read_text("utf-8")
    return Module(path.relative_to(ROOT).as_posix(), ast.parse(text), text.count("\n"))


MODULES = [read(path) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def offenders(package: str, *homes: str) -> list[str]:
    """Modules outside ``homes`` that import ``package``."""
    return [
        f"{module.path} imports {name}"
        for module in MODULES
        if not module.lives_in(*homes)
        for name in sorted(module.imports())
        if within(name, package)
    ]


def test_there_are_modules_to_judge() -> None:
    assert len(MODULES) > 50
    assert {root for root in ROOTS_OF_COMPOSITION if not (ROOT / root).exists()} == set()


@pytest.mark.parametrize("library", HOMES)
def test_a_library_is_imported_in_its_own_room_only(library: str) -> None:
    assert offenders(library, *HOMES[library]) == []


def test_the_libraries_are_found_where_they_live() -> None:
    users = {library for library in HOMES if offenders(library)}
    assert {"torch", "transformers", "sounddevice", "mido", "pyloudnorm", "pythonosc"} <= users


def test_the_contract_imports_the_standard_library_numpy_and_pythonosc_only() -> None:
    allowed = sys.stdlib_module_names | {"numpy", "pythonosc"}
    strangers = [
        f"{module.path} imports {name}"
        for module in MODULES
        if module.lives_in("osc_server/contract/")
        for name in sorted(module.imports())
        if not within(name, "osc_server.contract") and name.partition(".")[0] not in allowed
    ]
    assert strangers == []


def test_the_bridge_imports_nothing_of_the_server_but_the_contract() -> None:
    strangers = [
        f"{module.path} imports {name}"
        for module in MODULES
        if module.lives_in("daw_bridge/")
        for name in sorted(module.imports())
        if within(name, "osc_server") and not within(name, "osc_server.contract")
        if name != "osc_server"
    ]
    assert strangers == []


def test_the_server_does_not_know_the_bridge() -> None:
    assert [line for line in offenders("daw_bridge", "daw_bridge/")] == []


HOSTED = "daw_bridge/integrations/ableton/MagnetBridge/"
"""Live imports this folder by itself, under the name that it has there."""
LIVE_OWN = (HOSTED + "surface.py", HOSTED + "older.py")
"""What needs Live's own classes to be imported."""


def test_imports_are_absolute() -> None:
    relative = [
        f"{module.path} imports {name}"
        for module in MODULES
        if not module.lives_in(HOSTED)
        for name in sorted(module.imports())
        if name.startswith(".")
    ]
    assert relative == []


def test_what_runs_inside_live_imports_nothing_that_live_has_not() -> None:
    """Its own files, the standard library, and in two files Live's modules."""
    allowed = sys.stdlib_module_names | {"Live"}
    strangers = [
        f"{module.path} imports {name}"
        for module in MODULES
        if module.lives_in(HOSTED)
        for name in sorted(module.imports())
        if not name.startswith(".") and name.partition(".")[0] not in allowed
        if not (module.path in LIVE_OWN and within(name, "ableton.v2"))
    ]
    assert strangers == []


def collaborators(root: str) -> set[str]:
    """Our own classes that a root of composition builds and that do something.

    Records (frozen dataclasses) carry values and may be built anywhere.
    """
    built = {name for module in MODULES if module.lives_in(root) for name in called(module)}
    return built & {cls.name for cls in classes() if not is_record(cls)}


def called(module: Module) -> set[str]:
    """The last names of what is called: ``Deck`` for ``Deck()`` and ``deck.Deck()`` alike."""
    return {
        node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
    }


def classes() -> Iterator[ast.ClassDef]:
    for module in MODULES:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                yield node


def is_record(cls: ast.ClassDef) -> bool:
    return any("dataclass" in ast.unparse(decorator) for decorator in cls.decorator_list)


@pytest.mark.parametrize("root", ROOTS_OF_COMPOSITION)
def test_what_a_root_of_composition_builds_nobody_else_builds(root: str) -> None:
    found = collaborators(root)
    assert len(found) >= 5
    strays = [
        f"{module.path} builds {name}"
        for module in MODULES
        if not module.lives_in(root, *OTHER_BUILDERS)
        for name in sorted(called(module) & found)
    ]
    assert strays == []


def import_time_work(tree: ast.Module) -> Iterator[ast.stmt]:
    """Statements that do more than name things when a module is imported.

    A call may complete an object of this module, such as ``app.command()(run)``.
    """
    own = {
        target.id
        for statement in tree.body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for target in ast.walk(statement)
        if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store)
    }
    for node in tree.body:
        if isinstance(node, ast.For | ast.While | ast.With | ast.Raise | ast.Delete | ast.Try):
            yield node
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        is_call = isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)
        if is_call and not own & names:
            yield node


def test_importing_a_module_does_no_work() -> None:
    work = [
        f"{module.path}:{node.lineno}"
        for module in MODULES
        for node in import_time_work(module.tree)
    ]
    assert work == []


def test_there_are_no_global_statements() -> None:
    found = [
        f"{module.path}:{node.lineno}"
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Global)
    ]
    assert found == []


def test_input_is_not_checked_by_assert() -> None:
    """``python -O`` drops assertions, and a musician cannot read them."""
    found = [
        f"{module.path}:{node.lineno}"
        for module in MODULES
        if not module.lives_in("osc_server/training/")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Assert)
    ]
    assert found == []


def test_no_module_is_longer_than_a_room_with_one_purpose() -> None:
    assert [f"{m.path}: {m.n_lines}" for m in MODULES if m.n_lines > MAX_LINES] == []


TEXT = (
    *(".py", ".toml", ".md", ".pd", ".sc", ".scd", ".schelp", ".txt", ".quark", ".js", ".maxpat"),
    *(".maxhelp", ".lua", ".ReaperOSC"),
    *(".c", ".h", ".ttl", ".in"),
    "",
)
SOMEBODYS_MACHINE = re.compile(r"/(?:home|Users|root|work)/(?!you/)\w|[A-Z]:\\+Users\\", re.A)


def written_files() -> Iterator[Path]:
    """Every text file of the project that people write."""
    folders = (*PACKAGES, "presets", "docs", "benchmarks", "tests", ".ci")
    files = [path for path in ROOT.iterdir() if path.is_file()]
    files += [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    yield from (path for path in sorted(files) if path.suffix in TEXT and path.name[0] != ".")


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    named = [
        f"{path.relative_to(ROOT).as_posix()}: {match[0]}"
        for path in written_files()
        if path != Path(__file__)
        for match in SOMEBODYS_MACHINE.finditer(path.read_text("utf-8"))
    ]
    assert named == []


@pytest.mark.parametrize(
    ("modules", "heavy"),
    [
        (
            "osc_server.contract.addresses, osc_server.contract.clip",
            "torch librosa scipy soundfile",
        ),
        ("osc_server.cli, osc_server.app", "torch transformers sounddevice mido matplotlib"),
        ("daw_bridge.cli, daw_bridge.client", "torch transformers librosa matplotlib aiohttp"),
    ],
)
def test_a_fresh_interpreter_stays_light(modules: str, heavy: str) -> None:
    """Torch takes seconds to import: the worker process alone pays for it."""
    program = f"import sys, {modules}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=ROOT
    ).stdout.split()
    assert set(heavy.split()) & set(loaded) == set()

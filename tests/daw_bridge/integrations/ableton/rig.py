"""MagnetBridge in the stand-in of Live, as Live runs it, and somebody who asks it over OSC."""

from __future__ import annotations

import importlib
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import daw_bridge.integrations
from osc_server.contract.packets import OscMessage, decode, encode
from tests.daw_bridge.integrations.ableton.live_clips import WARP_MODES, WarpMarker
from tests.daw_bridge.integrations.ableton.live_set import Application, LiveSet

FOLDER = Path(daw_bridge.integrations.__file__).parent / "ableton"
PATIENCE_SECONDS = 30.0


_NAMES_OF_LIVES_CLASS = {
    *("song", "application", "show_message", "log_message", "schedule_message", "components"),
    *("controls", "mxd_midi_scheduler", "instance_identifier", "refresh_state", "receive_midi"),
    *("receive_midi_chunk", "build_midi_map", "port_settings_changed", "can_lock_to_devices"),
    *("suggest_input_port", "suggest_output_port", "suggest_map_mode", "map_mode", "update"),
    *("connect_script_instances", "request_rebuild_midi_map", "set_session_highlight"),
    *("lock_to_device", "unlock_from_device", "toggle_lock", "restore_bank", "register_slot"),
    *("set_appointed_device", "register_component", "component_guard", "preferences"),
}


class ControlSurface:
    """What Live's own base class does, as far as a script without a controller meets it.

    It uses its own names: a subclass may take over two of them and no other.
    """

    def __init_subclass__(cls) -> None:
        taken = set(vars(cls)) & _NAMES_OF_LIVES_CLASS
        assert taken == set(), f"{cls.__name__} takes over {taken} of Live's class"

    def __init__(self, c_instance: Any) -> None:
        self._c_instance = c_instance
        self.connected = True

    def show_message(self, text: str) -> None:
        assert isinstance(text, str)
        self._c_instance.shown.append(text)

    def update_display(self) -> None:
        assert self.connected

    def disconnect(self) -> None:
        self.connected = False


class CInstance:
    """Live's end of a script: it keeps what is shown and logged."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.logged: list[str] = []

    def log_message(self, text: str) -> None:
        assert isinstance(text, str)
        self.logged.append(text)


class Live:
    """Live with one set and the script chosen in its settings."""

    def __init__(self, surface: Any, c_instance: CInstance, application: Application) -> None:
        self.surface = surface
        self.application = application
        self._c_instance = c_instance

    @property
    def set(self) -> LiveSet:
        return self.application._live_set

    @property
    def shown(self) -> list[str]:
        """What the status bar said."""
        return self._c_instance.shown

    @property
    def logged(self) -> list[str]:
        """What Log.txt says."""
        return self._c_instance.logged

    def vanish(self) -> None:
        """Live crashes: its sockets are gone, and it said goodbye to nobody."""
        desk = self.surface._desk
        desk._bridge.close()
        desk._desk.close()
        self.surface._desk = None

    def run_until(self, done: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        """Let Live call the script until something is true."""
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, "\n".join([*self.shown[-5:], *self.logged[-15:]])
            self.surface.update_display()
            time.sleep(0.005)


@contextmanager
def live(folder: Path, live_set: LiveSet, *, port: int, listen: int, **settings: Any) -> Iterator:
    """Live, with MagnetBridge installed in a Remote Scripts folder of its own.

    Args:
        folder: for the Remote Scripts.
        live_set: what is open.
        port: of the bridge.
        listen: of the script; the next ones if it is taken.
        settings: further lines of settings.ini.
    """
    scripts = folder / "Remote Scripts"
    shutil.copytree(FOLDER / "MagnetBridge", scripts / "MagnetBridge")
    lines = [f"{name} = {value}" for name, value in settings.items()]
    (scripts / "MagnetBridge" / "settings.ini").write_text(
        "\n".join(["[magnet]", f"port = {port}", f"listen = {listen}", *lines])
    )
    application, c_instance = Application(live_set), CInstance()
    before = _take_out_modules()
    sys.modules.update(_live_modules(application))
    sys.path.insert(0, str(scripts))
    try:
        surface = importlib.import_module("MagnetBridge").create_instance(c_instance)
        yield Live(surface, c_instance, application)
        if surface.connected:
            surface.disconnect()
    finally:
        sys.path.remove(str(scripts))
        _take_out_modules()
        sys.modules.update(before)


def _take_out_modules() -> dict[str, ModuleType]:
    """Forget the script and Live's modules: each Live is a program of its own."""
    roots = ("MagnetBridge", "Live", "ableton")
    names = [name for name in sys.modules if name.split(".")[0] in roots]
    return {name: sys.modules.pop(name) for name in names}


def _live_modules(application: Application) -> dict[str, ModuleType]:
    names = ("Live", "ableton", "ableton.v2", "ableton.v2.control_surface")
    modules: dict[str, Any] = {name: ModuleType(name) for name in names}
    modules["Live"].Clip = SimpleNamespace(
        WarpMarker=WarpMarker, WarpMode=SimpleNamespace(**WARP_MODES)
    )
    modules["Live"].Application = SimpleNamespace(get_application=lambda: application)
    modules["ableton.v2.control_surface"].ControlSurface = ControlSurface
    return modules


class Asker:
    """A Max for Live device, a surface, a script: it asks MagnetBridge and hears it answer."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self._port = port
        self.heard: list[OscMessage] = []

    def __enter__(self) -> Asker:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def say(self, verb: str, *args: Any) -> None:
        self._socket.sendto(encode(f"/live-magnet/{verb}", *args), ("127.0.0.1", self._port))

    def listen(self) -> None:
        while True:
            try:
                packet = self._socket.recv(1 << 16)
            except BlockingIOError:
                return
            self.heard += decode(packet)

    def all(self, verb: str) -> list[tuple[Any, ...]]:
        """The arguments of every answer of a kind so far."""
        self.listen()
        return [m.args for m in self.heard if m.address == f"/live-magnet/{verb}"]


class Listener:
    """A UDP port that stands for a bridge that only listens."""

    def __init__(self, port: int = 0) -> None:
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self.heard: list[OscMessage] = []
        self.sender: Any = None
        self._n_read = 0

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def listen(self) -> list[OscMessage]:
        while True:
            try:
                packet, self.sender = self._socket.recvfrom(1 << 16)
            except BlockingIOError:
                return self.heard
            self.heard += decode(packet)

    def all(self, address: str) -> list[tuple[Any, ...]]:
        return [m.args for m in self.listen() if m.address == address]

    def answer_pings(self) -> None:
        """As a bridge that is there does."""
        for message in self.listen()[self._n_read :]:
            if message.address == "/magnet/ping":
                self.answer("/magnet/pong", *message.args)
        self._n_read = len(self.heard)

    def answer(self, address: str, *args: Any) -> None:
        self._socket.sendto(encode(address, *args), self.sender)

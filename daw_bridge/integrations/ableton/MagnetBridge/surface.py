"""The control surface itself: the only file that needs Live's own modules to be imported."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import Live
from ableton.v2.control_surface import ControlSurface  # type: ignore[import-not-found]

from .desk import Desk
from .landing import LiveKit
from .settings import read_settings
from .wire import Wire

if TYPE_CHECKING:
    from Live.Song import Song


class MagnetSurface(ControlSurface):  # type: ignore[misc]
    """Lives as long as a set is open; Live calls ``update_display`` ten times a second.

    What it adds has names that Live's class has not: ``song`` and ``application`` are taken.

    Args:
        c_instance: Live's end of the script.
    """

    def __init__(self, c_instance: object) -> None:
        super().__init__(c_instance)
        self._desk: Desk | None = None
        self._last_error = ""
        mode = Live.Clip.WarpMode
        self.kit = LiveKit(Live.Clip.WarpMarker, mode.beats, mode.texture)  # type: ignore[arg-type]
        settings, problems = read_settings(Path(__file__).with_name("settings.ini"))
        for problem in problems:
            self.log(problem)
            self.show(problem)
        try:
            desk = Wire(settings.listen)
        except OSError as error:
            self.show(f"MAGNeT cannot listen on port {settings.listen}: {error}")
            self.log(f"no port to listen on from {settings.listen} on: {error}")
            return
        self._desk = Desk(settings, Wire(), desk, self)
        taken = f"; {settings.listen} is taken" if desk.port != settings.listen else ""
        self.show(f"MAGNeT listens on port {desk.port}{taken}")
        self.log(f"listens on port {desk.port}, the bridge is on {settings.port}")

    def update_display(self) -> None:
        """Live's own clock, on its main thread: the only moment in which a set may be changed."""
        super().update_display()
        if self._desk is None:
            return
        try:
            self._desk.tick(time.monotonic())
        except Exception as error:  # noqa: BLE001 - the door: Live would switch the script off
            text = f"this should not happen: {type(error).__name__}: {error}"
            if text != self._last_error:  # ten times a second would fill the log
                self.log(text)
            self._last_error = text

    def disconnect(self) -> None:
        """Live closes the set, or the musician chooses another surface."""
        if self._desk is not None:
            self._desk.close()
            self._desk = None
        super().disconnect()

    def open_set(self) -> Song:
        """The set that is open."""
        song: Song = Live.Application.get_application().get_document()
        return song

    def focused_view(self) -> str:
        """``Session`` or ``Arranger``."""
        return Live.Application.get_application().view.focused_document_view

    def show(self, text: str) -> None:
        """Show a line in the status bar."""
        self.show_message(text)

    def log(self, text: str) -> None:
        """Write a line to Live's Log.txt."""
        self._c_instance.log_message(f"MagnetBridge: {text}")

"""A backend of mido in which two controllers are plugged in; somebody plays them all the time."""

from __future__ import annotations

import threading
import time

import mido
from mido.ports import BaseInput

PLAYED = {
    "Keystation 49": [mido.Message("note_on", note=48, velocity=9)],
    "Knobs": [mido.Message("control_change", control=20, value=value) for value in range(9)],
}


def get_devices(**_):
    return [{"name": name, "is_input": True, "is_output": False} for name in PLAYED]


class Input(BaseInput):
    """Hands its messages over in a thread of its own, as the system's libraries do."""

    over = False

    def _open(self, callback=None, **_):
        def play():
            while not self.over:
                for message in PLAYED[self.name]:
                    callback(message)
                time.sleep(0.05)

        threading.Thread(target=play, daemon=True).start()

    def _close(self):
        self.over = True

"""A backend of mido in which two controllers are plugged in; somebody plays them at once."""

from __future__ import annotations

import threading

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

    def _open(self, callback=None, **_):
        messages = PLAYED[self.name]
        threading.Thread(target=lambda: [callback(message) for message in messages]).start()

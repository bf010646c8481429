"""The pattern file that joins Reaper's faders to our decks, from the table of faders.

``python -m daw_bridge.reaper.osc_pattern`` writes it to standard output; it lies in
``daw_bridge/integrations/reaper/OSC``.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from osc_server.contract.addresses import DEFAULT_PORT, FADERS

N_DECKS = 8

_PAIRS = (
    ("TRACK_VOLUME", "/magnet/deck/N/level"),
    ("TRACK_MUTE", "/magnet/deck/N/mute"),
    ("TRACK_SOLO", "/magnet/deck/N/solo"),
    ("MASTER_VOLUME", "/magnet/mix/level"),
    ("TEMPO", "/magnet/clock/bpm"),
)
"""What Reaper calls it, and what we do. Buttons with a lamp are not joined: Reaper would take the
light for a press, and stop when the decks do."""

_FLAGS = {"number": "f", "switch": "b"}

_HEAD = f"""\
# Reaper's faders and magnet-bridge's decks: moved on one side, they move on the other.
#
# Preferences > Control/OSC/web > Add > OSC, mode "Configure device IP+local port":
# device port {DEFAULT_PORT}, device IP 127.0.0.1, any free local listen port.
# Made by `python -m daw_bridge.reaper.osc_pattern`: change the table there, not this.

DEVICE_TRACK_COUNT {N_DECKS}
DEVICE_SEND_COUNT 0
DEVICE_RECEIVE_COUNT 0
DEVICE_FX_COUNT 0
DEVICE_FX_PARAM_COUNT 0
DEVICE_FX_INST_PARAM_COUNT 0
DEVICE_MARKER_COUNT 0
DEVICE_REGION_COUNT 0

REAPER_TRACK_FOLLOWS REAPER
DEVICE_TRACK_FOLLOWS DEVICE
DEVICE_TRACK_BANK_FOLLOWS DEVICE
DEVICE_FX_FOLLOWS DEVICE
"""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A line of the file: what Reaper calls it, what it carries, and the address.

    Attributes:
        action: Reaper's word.
        flag: ``f`` a number in its own unit (dB, BPM), ``b`` on or off.
        address: ours; ``@`` stands for the track's number.
    """

    action: str
    flag: str
    address: str

    def __str__(self) -> str:
        return f"{self.action} {self.flag}{self.address}"


def patterns() -> list[Pattern]:
    """Every pair, as the table of faders has it."""
    rows = {row.address: row for row in FADERS}
    return [
        Pattern(action, _FLAGS[rows[address].value.kind], _wild(address))
        for action, address in _PAIRS
    ]


def pattern_file() -> str:
    """The whole file."""
    return "\n".join([_HEAD, *map(str, patterns()), ""])


def _wild(address: str) -> str:
    return address.replace("/N/", "/@/")


if __name__ == "__main__":
    sys.stdout.buffer.write(pattern_file().encode())  # the same bytes on every system

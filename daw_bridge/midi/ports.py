"""Which MIDI ports there are."""

from __future__ import annotations

from dataclasses import dataclass

from daw_bridge.quiet import quiet_libraries
from osc_server.contract.errors import DeviceUnavailable


@dataclass(frozen=True, slots=True)
class MidiPorts:
    """The names of the MIDI ports of this computer."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def midi_ports() -> MidiPorts:
    """The MIDI ports.

    Raises:
        DeviceUnavailable: where the system gives no access to MIDI, with what to do.
    """
    try:
        import mido

        with quiet_libraries():
            return MidiPorts(tuple(mido.get_input_names()), tuple(mido.get_output_names()))
    except (ImportError, OSError, SystemError) as error:  # rtmidi raises SystemError
        raise DeviceUnavailable(
            f"no MIDI here ({error}): on Linux the ALSA sequencer must be there "
            "(modprobe snd-seq), or JACK with MIDO_BACKEND=mido.backends.rtmidi/UNIX_JACK"
        ) from error

"""A live set without a sound card: what would be heard, written to a file."""

from __future__ import annotations

from pathlib import Path

import soundfile

from daw_bridge.audio.offline_output import OfflineOutput
from daw_bridge.delivery.deck_sink import LEAD_SECONDS
from daw_bridge.delivery.folder_sink import whole_file
from daw_bridge.live.asking import Ask
from daw_bridge.live.conductor import Conductor
from daw_bridge.live.rig import Rig
from osc_server.contract.errors import BadRequest

_AT_ONCE_SECONDS = 10


async def render(
    conductor: Conductor,
    rig: Rig,
    output: OfflineOutput,
    ask: Ask,
    seconds: float,
    path: Path,
) -> None:
    """Render a live set as fast as the machine can.

    Making a clip takes no musical time here: the first starts on bar 1, and each new take is there
    when its bar comes.

    Args:
        conductor: makes the clips.
        rig: the deck that they are cued on.
        output: the rig's own; started on its mixer.
        ask: the first wish.
        seconds: how much to write.
        path: a WAV, 32-bit float; written whole or not at all.

    Raises:
        MagnetError: what the server named.
        StorageFailed: where the file cannot be written.
    """
    if path.suffix.lower() != ".wav":
        raise BadRequest(f"{path.name} must end in .wav")
    end = round(seconds * output.rate_hz)
    with (
        whole_file(path) as temporary,
        soundfile.SoundFile(
            temporary, "w", output.rate_hz, output.n_channels, "FLOAT", format="WAV"
        ) as file,
    ):
        while output.heard_sample() < end:
            loop = rig.sink.load(await conductor.maker.make(ask))
            began = rig.sink.cue(loop, earliest=ask.earliest)
            following = conductor.following(ask, began)
            until = end
            if following.earliest > began:
                lead = round(2 * LEAD_SECONDS * output.rate_hz)
                until = min(end, rig.clock.sample_at(following.earliest) - lead)
            _write(file, output, until)
            ask = following


def _write(file: soundfile.SoundFile, output: OfflineOutput, until: int) -> None:
    while (left := until - output.heard_sample()) > 0:
        file.write(output.render(min(left, _AT_ONCE_SECONDS * output.rate_hz)))

"""Landing all clips of a job, and confirming each to the bridge and to the asker."""

from __future__ import annotations

import sys
from collections.abc import Callable

from .host import Errand, Host
from .jobs import Send
from .landing import Landed, Landing, NeedsDragging, land
from .made import Made
from .naming import clip_name
from .places import Refused, Target
from .teller import Teller

ShowFile = Callable[[str, str], None]

_AGAIN_SECONDS = 2.0
_N_TRIES = 5


class Lander:
    """Lands what was made, where it was asked for.

    Args:
        host: Live.
        send: to the bridge.
        teller: tells people.
        show_file: shows a file that Live would not take, on a platform.
    """

    def __init__(self, host: Host, send: Send, teller: Teller, show_file: ShowFile) -> None:
        self._host = host
        self._send = send
        self._teller = teller
        self._show_file = show_file
        self._n_notes = 0
        self._notes: dict[str, tuple[tuple[str, ...], float, int]] = {}

    def land_all(self, clips: tuple[Made, ...], errand: Errand, now: float) -> None:
        """Land the best where it was asked for and its other takes behind it.

        A clip that cannot land stays in the bridge's library, and everybody is told why.
        """
        target = errand.target
        for made in clips:
            try:
                landed = self._land(made, errand, target)
            except Refused as refusal:
                self._note(made, "problem", str(refusal), now)
                text = f"{refusal}; the clip is kept: {made.path}"
                self._teller.fail(errand.asker, errand.id, "not_landed", text)
                continue
            place = landed.place + (f" ({landed.warning})" if landed.warning else "")
            self._note(made, "place", place, now)
            self._teller.answer(errand.asker, "landed", errand.id, made.clip, place)
            self._teller.show(f"landed in {place}", now)
            self._teller.log(f"{made.clip} landed in {place}")
            after = None if landed.slot is None else landed.slot + 1
            target = Target(target.track, after, landed.end_beat)

    def heard(self, note: object) -> None:
        """The bridge has kept a note, or will not."""
        if isinstance(note, str):
            self._notes.pop(note, None)

    def tick(self, now: float) -> None:
        """Say again what the bridge has not confirmed."""
        for note, (words, said_at, n_tries) in list(self._notes.items()):
            if n_tries >= _N_TRIES:
                del self._notes[note]
            elif now - said_at >= _AGAIN_SECONDS:
                self._say(note, words, now, n_tries)

    def _land(self, made: Made, errand: Errand, target: Target) -> Landed:
        song = self._host.open_set()
        if song != errand.song:
            raise Refused("the set was closed meanwhile")
        name = clip_name(made.prompt, made.bars, made.bpm, made.key, made.seed)
        rhythmic = made.bpm_measured > 0
        landing = Landing(made.path, name, made.seconds, made.bpm, rhythmic, made.loop)
        try:
            return land(song, target, landing, self._host.kit)
        except NeedsDragging:
            self._show_file(made.path, sys.platform)
            raise

    def _note(self, made: Made, name: str, text: str, now: float) -> None:
        self._n_notes += 1
        self._say(f"landing-{self._n_notes}", ("clip", made.clip, name, text), now, 0)

    def _say(self, note: str, words: tuple[str, ...], now: float, n_tries: int) -> None:
        self._notes[note] = (words, now, n_tries + 1)
        self._send("/magnet/clip/landed", note, *words)

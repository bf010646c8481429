"""The commands in their order, and how each host gives them; or why it cannot, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

COMMANDS: Mapping[str, str] = {
    "generate": "a clip from words",
    "vary": "some of a clip made anew",
    "infill": "some beats of a clip made anew; outside of them every sample stays",
    "continue": "what comes after a clip: only the new part",
    "loop": "the seam of a clip closed: its end runs into its beginning",
    "capture": "what you play becomes a clip to start from",
    "takes": "several at once, the best first",
    "preview": "a coarse version is heard until the whole one is there",
    "get": "any clip of the library again",
    "cancel": "what is under way is stopped",
}
"""By name, with what they do; every table has them in this order."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a host gives a command.

    Attributes:
        how: what the musician does.
        starts_from: what it is made from.
        lands: where it goes.
    """

    how: str
    starts_from: str
    lands: str


@dataclass(frozen=True, slots=True)
class Host:
    """What the page of a host says of its commands.

    Attributes:
        name: for people.
        page: the page in ``docs/``.
        ways: by command: how, or a sentence on what to do instead.
    """

    name: str
    page: str
    ways: Mapping[str, Way | str]

    def can(self, command: str) -> bool:
        """Whether it has a command."""
        return isinstance(self.ways[command], Way)


_ANY = "any of these"
_SAME = "the same"

ABLETON = Host(
    "Ableton Live",
    "ableton.md",
    {
        "generate": Way(
            "*Generate*",
            "the words, at the set's tempo, meter and scale",
            "the selected scene's slot, or the next empty one below; in the Arrangement View the "
            "first bar line from the playhead on",
        ),
        "vary": Way(
            "*Vary*; *Amount* says how far",
            "the clip in the Clip View if it is on this track, else the one that plays, else the "
            "selected slot",
            "the next empty slot below it, or behind it in the arrangement; the clip itself stays",
        ),
        "infill": Way("*Infill*", "what lies in that clip's loop brace", _SAME),
        "continue": Way("*Continue*, as long as *Bars*", "that clip", _SAME),
        "loop": Way("*Loop*", "that clip", _SAME),
        "capture": "record in Live itself, and start from that clip: [below](#your-own-recordings)",
        "takes": Way("*Takes*, 1 to 8", _ANY, "the best first, the others in the slots below"),
        "preview": "a clip lands when it is whole",
        "get": "drag it from the clips folder (*Places → Add Folder*)",
        "cancel": Way("*Cancel*: the newest request", "", "nothing"),
    },
)

REAPER = Host(
    "Reaper",
    "reaper.md",
    {
        "generate": Way(
            "**Generate**, or Enter",
            "the time selection, out to its nearest bar lines; without one, so many bars from the "
            "edit cursor",
            "a new item on the selected track; without one, on a new track",
        ),
        "vary": Way(
            "**Vary**; `vary` says how far, 0 to 1", "the selected item", "new takes of the item"
        ),
        "infill": Way(
            "**Infill**",
            "the selected item, and the time selection inside it",
            "a new take of the item; outside the selection every sample stays",
        ),
        "continue": Way(
            "**Continue**, as long as `bars`",
            "the selected item",
            "a new item that begins where that one ends",
        ),
        "loop": Way("**Loop**", "the selected item", "a new take of the item"),
        "capture": "record in Reaper itself, and select the item",
        "takes": Way("`takes`, 1 to 8", _ANY, "all as takes of one item, the best active"),
        "preview": "a clip lands when it is whole",
        "get": "drag it from the clips folder, in the Media Explorer",
        "cancel": Way("**×** beside a clip, **Cancel** for all", "", "nothing"),
    },
)

ARDOUR = Host(
    "Ardour",
    "ardour.md",
    {
        "generate": Way(
            '`magnet-bridge generate "dusty breakbeat" --bars 4 --bpm 128.5 --rate 48000`',
            "the words",
            "the library; `magnet-bridge land` brings it onto its bar",
        ),
        "vary": Way(
            "`magnet-bridge vary CLIP --amount 0.4`", "a clip's id, or the path of a WAV", _SAME
        ),
        "infill": Way("`magnet-bridge infill CLIP --from 4 --to 8`: these beats", _SAME, _SAME),
        "continue": Way("`magnet-bridge continue CLIP --bars 4`", _SAME, _SAME),
        "loop": Way("`magnet-bridge loop CLIP`", _SAME, _SAME),
        "capture": "record in Ardour, export the range as a WAV, and start from that",
        "takes": Way("`--takes 4`", _ANY, "the library; the best is the newest, and landed"),
        "preview": "a clip lands when it is whole",
        "get": Way("`magnet-bridge land CLIP`", "the library", "the track, on its bar"),
        "cancel": Way("Ctrl+C", "", "nothing"),
    },
)

_ONLY_GENERATES = "`magnet-bridge live` or a command such as `magnet-bridge {}`"

PLUGIN = Host(
    "the plugin (LV2)",
    "plugin.md",
    {
        "generate": Way(
            "`Generate`",
            "`prompt` or `preset`, at the host's tempo, meter and rate",
            "this track, on the host's bars, from the next `quantum` on",
        ),
        "vary": _ONLY_GENERATES.format("vary"),
        "infill": _ONLY_GENERATES.format("infill"),
        "continue": _ONLY_GENERATES.format("continue"),
        "loop": "every loop is made closed",
        "capture": "`magnet-bridge live` captures what you play",
        "takes": "another `seed` is another take",
        "preview": Way("`Preview` is 1", "generate", "this track, at once, if nothing plays yet"),
        "get": "the session keeps the loop of each track",
        "cancel": "`Generate` again takes the place of what is under way",
    },
)

MAX = Host(
    "Max",
    "max.md",
    {
        "generate": Way(
            "`generate`, or a bang",
            "the words, `bars`, the transport's tempo and meter",
            "this `magnet~`, where its loop begins again",
        ),
        "vary": Way(
            "`vary 0.4`: how much of it, 0 to 1; `vary` alone: `amount`",
            "the newest clip, or the one that `clip` names",
            _SAME,
        ),
        "infill": Way("`infill 4 8`: these beats", _SAME, _SAME),
        "continue": Way("`continue`, as long as `bars`", _SAME, _SAME),
        "loop": Way("`loop`", _SAME, _SAME),
        "capture": "record with `record~` into a WAV in the clips folder, then `clip path bpm`",
        "takes": Way("`takes 4` before any of them; then `take 2`", _ANY, "the best plays"),
        "preview": "a clip is heard when it is whole",
        "get": Way("`get clip-id`", "the library", _SAME),
        "cancel": Way("`cancel`: the newest request", "", "nothing"),
    },
)

PURE_DATA = Host(
    "Pure Data",
    "pure-data.md",
    {
        "generate": Way(
            "`generate`, or a bang",
            "the words, `bars` and `bpm`",
            "this `magnet~`, at the end of a pass",
        ),
        "vary": Way(
            "`vary 0.4`: how much of it, 0 to 1; `vary` alone: `amount`",
            "the newest clip or recording, or the one that `clip` names",
            _SAME,
        ),
        "infill": Way("`infill 4 8`: these beats", _SAME, _SAME),
        "continue": Way("`continue`, as long as `bars`", _SAME, _SAME),
        "loop": Way("`loop`", _SAME, _SAME),
        "capture": Way(
            "`record 4`: so many bars, now; `record` alone: `bars`",
            "the inlets 2 and 3, such as from `adc~`",
            "a WAV in the clips folder; the four above start from it",
        ),
        "takes": Way("`takes 4` before any of them; then `take 2`", _ANY, "the best plays"),
        "preview": Way("`preview 1` before any of them", _ANY, _SAME),
        "get": Way("`get clip-id`", "the library", _SAME),
        "cancel": Way("`cancel`: the newest request", "", "nothing"),
    },
)

SUPERCOLLIDER = Host(
    "SuperCollider",
    "supercollider.md",
    {
        "generate": Way(
            '`m.generate("warm pad", bars: 4)`',
            "the words, at the clock's tempo",
            "`m.clip`, `m.buffer`; it plays from the next line of the grid",
        ),
        "vary": Way(
            '`m.vary(0.4, "busier")`',
            "`m.source`: the newest clip or capture; or `from:` a clip, an id, a path",
            _SAME,
        ),
        "infill": Way('`m.infill(4, 8, "drum fill")`: these beats', _SAME, _SAME),
        "continue": Way("`m.continue(4)`", _SAME, _SAME),
        "loop": Way("`m.closeLoop`: `loop` is a word of the language", _SAME, _SAME),
        "capture": Way(
            "`m.capture(nil, 4)`: so many bars of the first two inputs; or a `Bus`",
            "what the bus carries, from the next line of the grid on",
            "a WAV in the clips folder; it becomes `m.source`",
        ),
        "takes": Way("`options: (takes: 4)`; then `m.take(2)`", _ANY, "the best plays"),
        "preview": Way("`options: (preview: 1)`", _ANY, _SAME),
        "get": Way('`m.get("clip id")`', "the library", "as a new clip"),
        "cancel": Way("`m.cancel`: the newest request", "", "nothing"),
    },
)

HOSTS = (ABLETON, REAPER, ARDOUR, PLUGIN, MAX, PURE_DATA, SUPERCOLLIDER)

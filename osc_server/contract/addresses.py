"""THE table: every address of protocol version 1, who owns it, and what it carries.

Parsing (``parsing``), replies (``reply_args``), the help, the reference page (``reference``) and
the tests are made from these rows. To add an address or a name, add a row.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import MISSING, dataclass, fields
from typing import Literal

from osc_server.contract import replies, requests
from osc_server.contract.clip_names import (
    CLOSE_LOOP,
    CONTINUE,
    DELIVERY,
    GENERATE,
    INFILL,
    VARY,
)
from osc_server.contract.errors import BadRequest
from osc_server.contract.parameters import Parameter

PROTOCOL_VERSION = 1
DEFAULT_PORT = 12100
MAX_DATAGRAM_BYTES = 1400
"""No datagram that leaves is longer."""
TIME_TAG_WINDOW_SECONDS = 10.0
"""How far from now a bundle's time tag is honoured."""

P = Parameter


@dataclass(frozen=True, slots=True)
class Row:
    """One address.

    Attributes:
        address: the OSC address.
        record: the request or reply that it carries.
        doc: one line for the reference.
        positional: arguments in order; a request's first is always its id.
        named: names that may follow, in any order, each before its value.
        answers: addresses of the replies to it.
        owner: which process handles or sends it.
        start: for a request that makes a clip from another, how.
    """

    address: str
    record: type
    doc: str
    positional: tuple[Parameter, ...] = ()
    named: tuple[Parameter, ...] = ()
    answers: tuple[str, ...] = ()
    owner: Literal["server", "bridge"] = "server"
    start: type[requests.Start] | None = None

    def default_of(self, parameter: Parameter) -> object:
        """What the record holds where a name is not given; None for nothing."""
        group, _, attribute = (parameter.attribute or parameter.name).rpartition(".")
        inner = {"decoding": requests.DecodingOptions, "hint": requests.Hint, "start": self.start}
        record = inner.get(group) or self.record
        defaults = {field.name: field.default for field in fields(record)}
        default = defaults.get(attribute, MISSING)
        return None if default is MISSING else default


ID = P("id", "id", "your own whole number or short text; every reply to it carries it")
_REPLY_ID = P("id", "id", "of the request that this answers")
_COUNT = P("count", "integer", "how many came before this end")
_JOB = (
    *("accepted", "progress", "preview/audio", "preview", "audio", "take"),
    *("ready", "failed", "cancelled"),
)

REQUESTS = (
    Row(
        "/magnet/generate",
        requests.GenerateClip,
        "Make a clip from words, exactly as long as asked.",
        (ID,),
        GENERATE,
        _JOB,
    ),
    Row(
        "/magnet/continue",
        requests.GenerateClip,
        "Go on from a clip: only the new part comes back, on the bar.",
        (ID,),
        CONTINUE,
        _JOB,
        start=requests.Continue,
    ),
    Row(
        "/magnet/infill",
        requests.GenerateClip,
        "Make a part of a clip anew; outside of it every sample stays as it is.",
        (ID,),
        INFILL,
        _JOB,
        start=requests.Infill,
    ),
    Row(
        "/magnet/vary",
        requests.GenerateClip,
        "Make some of a clip anew: near to it, or far from it.",
        (ID,),
        VARY,
        _JOB,
        start=requests.Vary,
    ),
    Row(
        "/magnet/loop",
        requests.GenerateClip,
        "Close the seam of a clip: its end and its start are made anew to run into each other.",
        (ID,),
        CLOSE_LOOP,
        _JOB,
        start=requests.CloseLoop,
    ),
    Row(
        "/magnet/cancel",
        requests.Cancel,
        "Stop the job with this id, waiting or being rendered.",
        (ID,),
        (),
        ("cancelled", "failed"),
    ),
    Row("/magnet/ping", requests.Ping, "Is anybody there?", (ID,), (), ("pong",)),
    Row(
        "/magnet/sync",
        requests.Sync,
        "Answer once everything that you sent before is handled; jobs may still be waiting.",
        (ID,),
        (),
        ("synced",),
    ),
    Row(
        "/magnet/status",
        requests.Status,
        "What the server is doing.",
        (ID,),
        (),
        ("status/reply",),
    ),
    Row(
        "/magnet/notify",
        requests.Notify,
        "Send your replies to another port of your own host (UDP).",
        (ID,),
        (P("port", "integer", "UDP port; 0 = the one you send from", "", 0, 65535, required=True),),
        ("notified", "failed"),
    ),
    Row(
        "/magnet/hello",
        requests.Hello,
        "Show the token of a server that asks for one; once per sender.",
        (ID,),
        (P("token", "word", "the server's shared token"),),
        ("welcome", "failed"),
    ),
    Row(
        "/magnet/help",
        requests.Help,
        "Explain an address, or list them all.",
        (ID,),
        (P("topic", "word", "such as generate or /magnet/generate", default="all"),),
        ("help/line", "help/end"),
    ),
    Row(
        "/magnet/model/list",
        requests.ListModels,
        "Every model that can be loaded.",
        (ID,),
        (),
        ("model/item", "model/end", "failed"),
    ),
    Row(
        "/magnet/model/load",
        requests.LoadModel,
        "Make a model the current one.",
        (ID,),
        (P("model", "text", "its name or folder", required=True),),
        ("model/loaded", "failed"),
    ),
    Row(
        "/magnet/model/unload",
        requests.UnloadModel,
        "Free the memory of a model.",
        (ID,),
        (P("model", "text", "its name or folder", default="the current one"),),
        ("model/unloaded", "failed"),
    ),
    Row(
        "/magnet/model/fetch",
        requests.FetchModel,
        "Bring a model, and all that it needs, onto the server's disk; cancel stops it, and "
        "asking again goes on where it stopped.",
        (ID,),
        (P("model", "text", "such as magnet-small-10secs, or owner/name", required=True),),
        ("model/licence", "model/fetching", "model/fetched", "failed", "cancelled"),
    ),
    Row(
        "/magnet/preset/list",
        requests.ListPresets,
        "Every preset.",
        (ID,),
        (),
        ("preset/item", "preset/end", "failed"),
    ),
    Row(
        "/magnet/clip/list",
        requests.ListClips,
        "The clips on disk, the newest first.",
        (ID,),
        (P("limit", "integer", "at most this many", "clips", 1, 1000),),
        ("clip/item", "clip/end", "failed"),
    ),
    Row(
        "/magnet/clip/get",
        requests.GetClip,
        "One clip again, as when it was new.",
        (ID,),
        (P("clip", "word", "the clip's own id, as ready says it", required=True), DELIVERY),
        ("audio", "ready", "failed"),
    ),
)

_CLIP = P("clip", "word", "the clip's own id, for clip/get")
_PATH = P("path", "word", "of the WAV")
_TEXT = P("text", "text", "one sentence that says what to do")
_ETA = P("eta", "number", "until it is ready, estimated", "s")
_SECONDS = P("seconds", "number", "length", "s")
_BARS = P("bars", "number", "length", "bars")
_BPM = P("bpm", "number", "tempo asked for", "quarter notes a minute")
_BPM_MEASURED = P("bpm_measured", "number", "0 where no beat was found", "quarter notes a minute")
_SEAM = P("seam", "number", "jump at the loop's seam against those inside; about 1 is clean")
_CONFIDENCE = P("confidence", "number", "how sure the model was of its codes", "", 0, 1)
_SAMPLES = P("samples", "blob", "float32, little-endian, channels interleaved")
_SEED = P("seed", "integer", "that made it")
_NAME = P("name", "word", "for model/load and generate")
_PROMPT = P("prompt", "text", "its words")
_WINDOW = P("window_seconds", "number", "the longest it makes at once", "s")
_TAKES_TEMPO = P("takes_tempo", "switch", "tempo is an input of it, not only a word")

REPLIES = (
    Row(
        "/magnet/accepted",
        replies.Accepted,
        "Your job is queued.",
        (_REPLY_ID, P("place", "integer", "jobs before it; 0 = it renders now"), _ETA),
    ),
    Row(
        "/magnet/progress",
        replies.Progress,
        "A step is done.",
        (
            _REPLY_ID,
            P("fraction", "number", "of the job that is done", "", 0, 1),
            P("step", "integer", "steps done"),
            P("steps", "integer", "steps in all"),
            _ETA,
        ),
    ),
    Row(
        "/magnet/preview",
        replies.Preview,
        "A first, coarse version can be heard; ready brings the same music in full, to be swapped "
        "in its place.",
        (
            _REPLY_ID,
            P("path", "word", "of a WAV as long as the clip; empty where it was streamed"),
            P("codebooks", "integer", "of the model that it is made of"),
        ),
    ),
    Row(
        "/magnet/preview/audio",
        replies.PreviewChunk,
        "A piece of a preview, where the audio is streamed; preview follows the last.",
        (
            _REPLY_ID,
            P("index", "integer", "of this piece, from 0"),
            P("count", "integer", "of all pieces"),
            P("rate", "integer", "sample rate", "Hz"),
            P("n_channels", "integer", "1 or 2"),
            _SAMPLES,
        ),
    ),
    Row(
        "/magnet/take",
        replies.Take,
        "One of several takes, the best first; ready follows and names the best again.",
        (
            _REPLY_ID,
            P("rank", "integer", "1 = the best"),
            P("count", "integer", "of takes"),
            _CLIP,
            P("path", "word", "of the WAV; empty where the audio is streamed"),
            P(
                "score",
                "number",
                "what they are ranked by, from tempo, seam and confidence",
                "",
                0,
                1,
            ),
            _BPM_MEASURED,
            _SEAM,
            _CONFIDENCE,
            _SEED,
        ),
    ),
    Row(
        "/magnet/ready",
        replies.Ready,
        "The clip is there. With delivery stream all its audio chunks came before.",
        (
            _REPLY_ID,
            _CLIP,
            P("path", "word", "of the WAV; empty where it was streamed"),
            _SECONDS,
            _BARS,
            _BPM,
            _BPM_MEASURED,
            _SEAM,
            P("lufs", "number", "integrated loudness", "LUFS"),
            _SEED,
            P("rate", "integer", "sample rate", "Hz"),
            P("rtf", "number", "compute seconds per audio second"),
            P("notes", "text", "what could not be met, if anything"),
            P("seam_flux", "number", "change of the spectrum at the seam against the mean inside"),
            P("seam_perplexity", "number", "surprise of the model at the seam against inside"),
            _CONFIDENCE,
            P("takes", "integer", "how many were made"),
        ),
    ),
    Row(
        "/magnet/failed",
        replies.Failed,
        "It did not work, and why.",
        (_REPLY_ID, P("code", "word", "stable; see the list of codes"), _TEXT),
    ),
    Row("/magnet/cancelled", replies.CancelledReply, "The job is stopped.", (_REPLY_ID,)),
    Row("/magnet/error", replies.ErrorLine, "One line, where no id is known.", (_TEXT,)),
    Row(
        "/magnet/audio",
        replies.AudioChunk,
        "A piece of a clip; its channels are samples in all / (seconds * rate) of ready.",
        (
            _REPLY_ID,
            P("index", "integer", "of this piece, from 0"),
            P("count", "integer", "of all pieces"),
            _SAMPLES,
        ),
    ),
    Row(
        "/magnet/welcome",
        replies.Welcome,
        "You may go on.",
        (_REPLY_ID, P("version", "integer", "of the protocol")),
    ),
    Row(
        "/magnet/notified",
        replies.Notified,
        "Your replies go there from now on.",
        (_REPLY_ID, P("port", "integer", "UDP port of your host")),
    ),
    Row("/magnet/pong", replies.Pong, "Somebody is there.", (_REPLY_ID,)),
    Row("/magnet/synced", replies.Synced, "All that you sent before is handled.", (_REPLY_ID,)),
    Row(
        "/magnet/status/reply",
        replies.StatusReply,
        "Pairs of name and value; a later version may add some.",
        (_REPLY_ID,),
        (
            P("model", "text", "the current model; empty where none is loaded"),
            P("device", "text", "cpu, cuda or mps"),
            P("state", "text", "loading, idle, rendering or restarting"),
            P("queue_length", "integer", "jobs that wait"),
            P("jobs_done", "integer", "since the start"),
            P("version", "text", "of the server"),
            P("clips_folder", "text", "where clips are written"),
            _TAKES_TEMPO,
            P("uptime_seconds", "number", "since the start", "s"),
            P("malformed_packets", "integer", "packets that were not OSC, since the start"),
            P("models_loaded", "text", "all that are in memory, with commas between"),
            P("memory_used_bytes", "number", "by these, estimated", "bytes"),
            P("memory_budget_bytes", "number", "that they may use together", "bytes"),
            P("companion", "text", "what the model writes hints and rescores with; empty for none"),
        ),
    ),
    Row("/magnet/help/line", replies.HelpLine, "A line of help.", (_REPLY_ID, _TEXT)),
    Row("/magnet/help/end", replies.HelpEnd, "The help ends.", (_REPLY_ID, _COUNT)),
    Row(
        "/magnet/model/item",
        replies.ModelItem,
        "One model.",
        (
            _REPLY_ID,
            _NAME,
            P("loaded", "switch", "it is in memory"),
            P("on_disk", "switch", "it needs no network"),
            P("licence", "text", "of its weights"),
            P("rate", "integer", "its own sample rate", "Hz"),
            _WINDOW,
            _TAKES_TEMPO,
            P("size", "number", "of its files", "bytes"),
            P("memory", "number", "that it takes when it is loaded, estimated", "bytes"),
            P("missing", "text", "what it lacks, and how to get it; empty where nothing"),
        ),
    ),
    Row("/magnet/model/end", replies.ModelEnd, "The list ends.", (_REPLY_ID, _COUNT)),
    Row("/magnet/model/loaded", replies.ModelLoaded, "It is the current one.", (_REPLY_ID, _NAME)),
    Row("/magnet/model/unloaded", replies.ModelUnloaded, "Its memory is free.", (_REPLY_ID,)),
    Row(
        "/magnet/model/licence",
        replies.ModelLicence,
        "What its weights may be used for; said once, before the first such model is fetched.",
        (_REPLY_ID, _NAME, P("text", "text", "the licence in a sentence")),
    ),
    Row(
        "/magnet/model/fetching",
        replies.ModelFetching,
        "So much of it is here; at most twice a second.",
        (
            _REPLY_ID,
            _NAME,
            P("fraction", "number", "of its bytes", "", 0, 1),
            P("received", "number", "bytes that are here", "bytes"),
            P("total", "number", "bytes of all its files", "bytes"),
            _ETA,
        ),
    ),
    Row(
        "/magnet/model/fetched",
        replies.ModelFetched,
        "All of it is on disk, and its checksums are right.",
        (_REPLY_ID, _NAME),
    ),
    Row(
        "/magnet/preset/item",
        replies.PresetItem,
        "One preset.",
        (
            _REPLY_ID,
            P("name", "word", "for generate"),
            P("description", "text", "what it is for"),
            _PROMPT,
        ),
    ),
    Row("/magnet/preset/end", replies.PresetEnd, "The list ends.", (_REPLY_ID, _COUNT)),
    Row(
        "/magnet/clip/item",
        replies.ClipItem,
        "One clip.",
        (
            _REPLY_ID,
            _CLIP,
            _PATH,
            _PROMPT,
            _BARS,
            _BPM,
            _SECONDS,
            P("created", "word", "ISO 8601, UTC"),
        ),
    ),
    Row("/magnet/clip/end", replies.ClipEnd, "The list ends.", (_REPLY_ID, _COUNT)),
)


def request_row(address: str) -> Row:
    """The row of a request.

    Raises:
        BadRequest: for an address that no request has, naming the nearest.
    """
    for row in REQUESTS:
        if row.address == address:
            return row
    raise BadRequest(
        f"unknown address {address[:80]!r}"
        + nearest(address, [row.address for row in REQUESTS])
        + "; /magnet/help lists them"
    )


def nearest(word: str, known: Iterable[str]) -> str:
    """``"; did you mean bars?"`` where something known is near, else nothing."""
    matches = difflib.get_close_matches(word[:80], list(known), 1)
    return f"; did you mean {matches[0]}?" if matches else ""

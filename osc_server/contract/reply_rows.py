"""What is answered: one row an address."""

from __future__ import annotations

from osc_server.contract import replies
from osc_server.contract.parameters import Parameter
from osc_server.contract.row import Row

P = Parameter

_REPLY_ID = P("id", "id", "of the request that this answers")
_COUNT = P("count", "integer", "how many came before this end")
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
        (
            _REPLY_ID,
            P("place", "integer", "jobs before it; 0 = it renders now"),
            _ETA,
            P("notes", "text", "a deadline that can hardly be kept, if it is known already"),
        ),
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
            P(
                "tempo_confidence",
                "number",
                "how regularly its onsets repeat at bpm_measured; 0 where no beat was found",
                "",
                0,
                1,
            ),
            P("stretch", "number", "tempo that it was drawn at over bpm; 1 = not stretched"),
            P("turned_beats", "number", "by which it was turned to its bar", "quarter notes"),
            P("unknown_words", "text", "of the prompt that the model has never learned"),
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
    Row(
        "/magnet/clip/noted",
        replies.ClipNoted,
        "It is in the clip's sidecar, under landings.",
        (_REPLY_ID, _CLIP),
    ),
)

"""The reference page of the protocol, from the table.

``python -m osc_server.contract.reference > docs/osc.md``
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from osc_server.contract.addresses import (
    DEFAULT_PORT,
    FADERS,
    MAX_DATAGRAM_BYTES,
    PROTOCOL_VERSION,
    REPLIES,
    REQUESTS,
    TIME_TAG_WINDOW_SECONDS,
    Fader,
    Row,
)
from osc_server.contract.clip_names import own_names
from osc_server.contract.errors import ERRORS_BY_CODE
from osc_server.contract.faders import FEEDBACK_HZ
from osc_server.contract.help_lines import default_text
from osc_server.contract.packets import MAX_ARGUMENTS, MAX_DEPTH, MAX_MESSAGES, MAX_PACKET_BYTES
from osc_server.contract.parameters import Parameter

_INTRODUCTION = f"""\
# OSC reference, protocol version {PROTOCOL_VERSION}

<!-- Made by `python -m osc_server.contract.reference > docs/osc.md`: change the table, not this -->

The server listens on UDP and TCP port {DEFAULT_PORT} of 127.0.0.1 unless told otherwise.

    /magnet/generate 1 prompt "dusty breakbeat" bars 4 bpm 128.5
    -> /magnet/accepted 1 0 2.5
    -> /magnet/progress 1 0.02 1 50 2.4  …
    -> /magnet/ready 1 dusty-breakbeat_4bars_128.5bpm_seed7_20261103-141500-1f0a "/…/….wav" 7.4766 …

A clip's id is the name of its file: prompt, length, tempo, key and seed (and lane, such as a deck),
then what keeps it apart from others. Nothing is to be read from it: the replies say all of that.

## How to ask

`/magnet/<verb> <id> <name> <value> …`

- The **id** is your own whole number or short text. Every reply carries it. Ids belong to a sender:
  two clients may both use 1. A job's id may be used again once it has ended; while it is alive a
  second `generate` with it is refused with the code `busy`, and the first goes on.
- **Names** come in any order, each once, each before its value. Where only one value can be meant,
  its name may be left out: `/magnet/model/load 1 magnet-small`, `/magnet/notify 1 9001`.
- **Numbers** may be int, float, double or a text such as `"128.5"`; an int may be an integral float
  (Pd sends only floats). A 32-bit float means the shortest decimal that it stands for: 127.3 is
  127.3. A number out of range is refused with its range; nothing is clipped here.
- **Switches** take 1, 0, any other number as on, `T`, `F`, and the texts 1, 0, on, off, yes, no,
  true, false.
- **steps** takes a total, split over the codebooks as near to 2:1:1:1 as it goes, or four numbers,
  or a text `"20 10 10 10"`.
- **Texts** are best sent as one argument. Text that was split into words (Max splits lists) is
  joined with single spaces, as follows.
  1. The argument right after the name is always text, even if it reads like a name.
  2. If it holds a space, or is empty, somebody quoted it: it is the whole text.
  3. Otherwise the text goes on to the next name: an argument that equals a name and is followed by
     a value of its kind. `prompt four bars of funk bars 4` is the prompt "four bars of funk" and
     4 bars. Names with an underscore are names wherever they stand.
  4. A word that is nearly a name and is followed by a value of its kind is refused, not guessed
     at: `prompt techno barz 4`.

  So a prompt that contains `loop 1`, `bars 4` or `lane x` must be sent as one quoted text.

## Several prompts

Several prompts are mixed while the clip is made, not one after the other on tape:

    /magnet/generate 1 prompt "dusty breakbeat" 0.7 prompt "warm pad" 0.3 bars 4

- Each of several prompts is followed by its **weight**; only their proportion counts. The same
  split into words: `prompt dusty breakbeat 0.7 prompt warm pad 0.3 bars 4`. A number that belongs
  to the words goes into quotes with them. Where there is one prompt only, a number at its end is
  part of it: `prompt kick 808`.
- `from_bar` and `to_bar` after a prompt and its weight say where it sounds, in bars from the clip's
  start: 0 is the start, 2 is where the third bar begins. Without them it sounds all the time. Every
  bar needs a prompt.

      /magnet/generate 1 prompt "warm pad" 1 to_bar 2 prompt "dusty breakbeat" 1 from_bar 2 bars 4

## From audio that is there

`/magnet/continue`, `/magnet/infill`, `/magnet/vary` and `/magnet/loop` start from a **clip**: the
id that `ready` said, or the path of a WAV in the clips folder or in one of the folders that the
server was started with (`--audio-folders`). They take nearly all names of `/magnet/generate`,
answer as it does, and share its ids and its queue:

    /magnet/continue 2 pad_2bars_90bpm_seed3_20261103-141500-1f0a bars 4
    /magnet/infill 3 clip pad_2bars_90bpm_seed3_20261103-141500-1f0a from 8 to 12 prompt "drum fill"
    /magnet/vary 4 pad_2bars_90bpm_seed3_20261103-141500-1f0a amount 0.3 takes 4
    /magnet/loop 5 "/…/field recording.wav" bpm 92

A clip that the server made brings its tempo, meter and words along; of another WAV say the `bpm`.

## While you wait

With `preview 1` comes `/magnet/preview` as soon as the model's first codebook is drawn: a coarse
version of the clip, of the same length, to be played until `ready` brings the whole. With
`delivery stream` its audio comes before it, as `/magnet/preview/audio`.

With `takes 4` four clips are made at once. `/magnet/take` comes for each, the best first, and then
`ready` with the best. All of them are kept and can be had by `/magnet/clip/get`.

With `hint 4` an autoregressive model writes the first four beats, and the rest is made around them;
with `rescore 0.3` it has its say on all of it. `/magnet/status` names that model as `companion`; a
model without one refuses both. `companion musicgen-medium` takes another: any MusicGen in the
models folder that writes the codes of the model.

With `deadline 800` the clip shall be ready 800 ms after it was accepted. Steps are left out where
they do not fit, which `notes` in `ready` says. One that even the fewest steps can hardly keep is
told of in `notes` of `accepted`, once the model has been tried out (when it is loaded, or in the
first quiet second). Where the time is over before the job begins it is refused with the code
`late`.

## How it answers

Replies are positional, in the order given below; switches are 1 or 0. They go to the address and
port that you send from, to the port you gave to `/magnet/notify` (UDP), or over your connection
(TCP). What is wrong with a request comes as `/magnet/failed id code text`; where no id can be read,
as `/magnet/error text`. Unknown addresses and names are answered with the nearest match. Address
patterns (`*`, `?`, …) are not taken. No datagram is longer than {MAX_DATAGRAM_BYTES} bytes:
long texts are cut and end in `…`, lists come item by item and end with a count.

Progress comes at most 30 times a second for each job.

## Audio over TCP

Ask `delivery stream`. The clip comes as `/magnet/audio` 0, 1, … count-1, no faster than you read,
and then as `/magnet/ready` with an empty path: `ready` always means that all of it is there. The
clip is written on the server's disk all the same and can be had again with `/magnet/clip/get`. When
a TCP connection ends, its waiting jobs are cancelled; one that is being rendered is finished and
kept.

On TCP each packet has a 4-byte big-endian length before it (OSC 1.0) or is framed by SLIP with an
END on both sides (OSC 1.1). The server tells which by your first byte and answers in the same.

## Time tags

A bundle runs when its time tag says, if that is within {TIME_TAG_WINDOW_SECONDS:.0f} s of the
server's clock; a tag that has passed runs at once. Beyond that it runs at once too, and
`/magnet/error` says so. The time tag says when the request is due, never when the sound is.

## Limits

A packet has at most {MAX_PACKET_BYTES} bytes, {MAX_MESSAGES} messages, bundles {MAX_DEPTH} deep and
{MAX_ARGUMENTS} arguments a message. A malformed packet is counted (`malformed_packets` in
`/magnet/status`) and answered by `/magnet/error`, at most once a second to each sender.

## A server with a token

Beyond loopback the server asks for a token. Send `/magnet/hello id token <token>` once from each
UDP port or TCP connection; everything else is refused with the code `forbidden` until then.
"""

_FADER_INTRODUCTION = f"""\
## Faders, knobs and pads

In `magnet-bridge live` the bridge holds the front port and owns these addresses: one address, one
value, as Reaper, TouchOSC, Max and grids speak. `N` is counted from 1.

    /magnet/deck/1/prompt dusty breakbeat
    /magnet/deck/1/generate 1
    /magnet/deck/1/level -6.0
    /magnet/deck/1/state
    -> /magnet/deck/1/state "playing"

- A message **without an argument asks**; the answer has the same address.
- Whoever has sent one of these hears every change from then on, on the same address, each value at
  most {FEEDBACK_HZ} times a second, the last one always.
- A number out of range is **clipped**, and what holds comes back. A choice may be its number, from
  0.
- A **button** acts on any argument but 0, which is its release. Its own feedback is its lamp.
- Several text arguments are joined with spaces, as Max splits them.
- What cannot be done is answered by `/magnet/error text`, and changes nothing.
"""


def reference_page() -> str:
    """The whole page, in Markdown."""
    parts = [_INTRODUCTION, "## Requests\n"]
    parts += [_request(row) for row in REQUESTS]
    parts += ["## Replies\n"]
    parts += [_reply(row) for row in REPLIES]
    parts += [_FADER_INTRODUCTION, *_table(("address", "", "what", "value"), _faders()), ""]
    parts += ["## Codes of `/magnet/failed`\n", _codes()]
    return "\n".join(parts)


def _request(row: Row) -> str:
    lines = [f"### `{row.address} id{' name value …' if row.named else ''}`", "", row.doc, ""]
    names = own_names(row.named) if row.start else row.named
    if names:
        cells = [(f"`{p.name}`", p.doc, p.range_text, _default(row, p)) for p in names]
        lines += [*_table(("name", "meaning", "values", "if not given"), cells), ""]
    if row.start:
        refused = [f"`{p.name}`" for p in row.named if p.refused]
        but = f", but for {', '.join(refused)}" if refused else ""
        lines += [f"It takes all other names of `/magnet/generate` too{but}.", ""]
    answers = ", ".join(f"`/magnet/{answer}`" for answer in row.answers)
    return "\n".join([*lines, f"Answers: {answers}.", ""])


def _reply(row: Row) -> str:
    names = " ".join(p.name for p in row.positional)
    title = f"### `{row.address} {names}{' name value …' if row.named else ''}`"
    known = (p for p in (*row.positional, *row.named) if p.name != "id")
    cells = [(f"`{p.name}`", p.doc, p.unit) for p in known]
    table = [*_table(("field", "meaning", "unit"), cells), ""] if cells else []
    return "\n".join([title, "", row.doc, "", *table])


def _faders() -> list[tuple[str, str, str, str]]:
    return [(f"`{row.address}`", row.role, row.doc, _fader_value(row)) for row in FADERS]


def _fader_value(row: Fader) -> str:
    value = row.value
    doc = f"lamp: {value.doc}" if row.role == "button" else value.doc
    shape = "" if value.kind in ("switch", "text", "word", "key") else value.range_text
    return f"{doc}; {shape}" if shape else doc


def _default(row: Row, parameter: Parameter) -> str:
    text = default_text(row, parameter)
    return "refused" if parameter.required else text.removeprefix("default ")


def _codes() -> str:
    cells = [
        (f"`{code}`", (kind.__doc__ or "").splitlines()[0]) for code, kind in ERRORS_BY_CODE.items()
    ]
    cells[0] = (cells[0][0], "A fault of the server itself: please report it.")
    return "\n".join([*_table(("code", "meaning"), cells), ""])


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]
    return lines + ["| " + " | ".join(cells) + " |" for cells in rows]


if __name__ == "__main__":
    sys.stdout.buffer.write(reference_page().encode())  # UTF-8 on every system

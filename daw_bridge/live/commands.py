"""What can be typed in a live set: a prompt, or a setting that begins with a slash."""

from __future__ import annotations

from collections.abc import Callable

from daw_bridge.live.state import LiveState
from osc_server.contract.errors import BadRequest, MagnetError
from osc_server.contract.musical_time import check_bpm

HELP = (
    "type a prompt; /bpm 124  /bars 2  /every 4 (a new take each so many bars, 0 = off)  "
    "/seed 7 (/seed off)  /level -6  /again  /stop  /deck 2 (type to another deck)  /quit"
)


class Commands:
    """Carries out typed lines.

    Args:
        state: the settings.
        ask: makes a clip of a prompt.
        stop: lets the deck fall silent.
        set_level: moves the deck's level, in dB.
        tell_bpm: gives a tempo to somebody else who leads the clock.
        end: ends the live set.
    """

    def __init__(
        self,
        state: LiveState,
        ask: Callable[[str], None],
        stop: Callable[[], None],
        set_level: Callable[[float], None],
        tell_bpm: Callable[[float], None],
        end: Callable[[], None],
    ) -> None:
        self._state = state
        self._ask = ask
        self._set_level = set_level
        self._tell_bpm = tell_bpm
        self._plain = {"stop": stop, "quit": end, "help": self._help, "again": self._again}
        self._with_value = {
            "bpm": self._bpm,
            "bars": self._bars,
            "every": self._every,
            "seed": self._seed,
            "level": self._level,
            "deck": self._deck,
        }

    def run(self, line: str) -> None:
        """Carry out a line; a mistake is a message and nothing else."""
        if not line.startswith("/"):
            self._state.message = ""
            self._ask(line)
            return
        word, _, value = line[1:].partition(" ")
        try:
            if word in self._plain:
                self._plain[word]()
            elif word in self._with_value:
                self._with_value[word](value.strip())
            else:
                raise BadRequest(f"no command /{word}; {HELP}")
        except MagnetError as error:
            self._state.message = str(error)

    def _help(self) -> None:
        self._state.message = HELP

    def _again(self) -> None:
        if not self._state.deck.prompt:
            raise BadRequest("nothing was asked for yet: type a prompt")
        self._ask(self._state.deck.prompt)

    def _bpm(self, value: str) -> None:
        bpm = check_bpm(_number("bpm", value))
        if self._state.follows:
            self._tell_bpm(bpm)
            self._state.message = f"{bpm:g} BPM for everybody who follows"
            return
        self._state.bpm = bpm
        self._announce(f"{self._state.bpm:g} BPM")

    def _bars(self, value: str) -> None:
        self._state.deck.bars = _within("bars", _number("bars", value), 0.0625, 256)
        self._announce(f"{self._state.deck.bars:g} bars")

    def _every(self, value: str) -> None:
        self._state.deck.every_bars = _within("every", _number("every", value), 0, 1024)
        every = self._state.deck.every_bars
        self._announce(f"a new take every {every:g} bars" if every else "one take")

    def _seed(self, value: str) -> None:
        if value in ("", "off"):
            self._state.deck.seed = None
            self._announce("another seed each time")
            return
        if not value.isdecimal() or int(value) >= 2**31:
            raise BadRequest("seed must be a whole number from 0 to 2147483647, or off")
        self._state.deck.seed = int(value)
        self._announce(f"seed {value}")

    def _level(self, value: str) -> None:
        self._state.deck.level_db = _within("level", _number("level", value), -90, 12)
        self._set_level(self._state.deck.level_db)
        self._state.message = f"level {self._state.deck.level_db:g} dB"

    def _deck(self, value: str) -> None:
        number = _within("deck", _number("deck", value), 1, len(self._state.decks))
        if not number.is_integer():
            raise BadRequest(f"/deck takes a whole number from 1 to {len(self._state.decks)}")
        self._state.chosen = int(number) - 1
        self._state.message = f"what you type goes to deck {number:g}"

    def _announce(self, setting: str) -> None:
        self._state.message = f"{setting} from the next clip on (/again makes it now)"


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadRequest(f"/{name} takes a number, such as /{name} 4") from None


def _within(name: str, value: float, low: float, high: float) -> float:
    if not low <= value <= high:
        raise BadRequest(f"{name} {value:g} is out of range: {low:g} to {high:g}")
    return value

"""What a deck wishes for, and what it wishes for next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from daw_bridge.client.options import GenerateOptions
from daw_bridge.live.state import DeckState
from daw_bridge.live.takes import HeldTake
from osc_server.contract.musical_time import Meter
from osc_server.contract.requests import CloseLoop, Continue, Infill, Start, Vary

_MOST_GROWN_BARS = 16.0


@dataclass(frozen=True, slots=True)
class Ask:
    """One wish: a prompt with the settings that held when it was made.

    Attributes:
        prompt: what the musician wants to hear.
        bars: its length.
        bpm: its tempo.
        seed: None = another each time.
        earliest: the clock's beat before which it shall not begin.
        start: the clip that it is made from, and how; None = from the words alone.
        of_a_file: whether that is a WAV, of which the server knows neither tempo nor meter.
    """

    prompt: str
    bars: float
    bpm: float
    seed: int | None
    earliest: Fraction = Fraction(0)
    start: Start | None = None
    of_a_file: bool = False


def options_of(deck: DeckState, ask: Ask, meter: Meter) -> GenerateOptions:
    """A wish in the names of ``/magnet/generate``; what is left to the model is left out."""
    options: GenerateOptions = {"lane": f"deck {deck.number}"}
    if ask.start is None or ask.of_a_file:
        options |= {"bpm": ask.bpm, "meter": str(meter)}
    if ask.start is None or isinstance(ask.start, Continue):
        options["bars"] = ask.bars
    if ask.seed is not None:
        options["seed"] = ask.seed
    if deck.model:
        options["model"] = deck.model
    if deck.preset:
        options["preset"] = deck.preset
    if deck.key:
        options["key"] = deck.key
    if deck.temperature:
        options["temperature"] = max(deck.temperature, 0.01)
    if deck.guidance:
        options["guidance_max"] = deck.guidance
        options["guidance_min"] = min(1.0, deck.guidance)
    if deck.steps:
        options["steps"] = max(deck.steps, 4)
    return options


def following(deck: DeckState, ask: Ask, bpm: float, earliest: Fraction) -> Ask:
    """The wish of a deck's follow action, where ``ask`` is what it plays.

    Args:
        deck: its settings, as they are now.
        ask: the wish before.
        bpm: tempo of the next take.
        earliest: the clock's beat on which it is to begin.
    """
    seed = None if ask.seed is None else ask.seed + 1
    wish = Ask(ask.prompt, deck.bars, bpm, seed, earliest)
    current = deck.history.current
    if deck.follow == "vary" and current is not None:
        of_it = _from(deck, current, Vary(current.clip, deck.amount), bpm)
        prompt = of_it.prompt or ask.prompt
        return replace(of_it, prompt=prompt, bars=ask.bars, seed=seed, earliest=earliest)
    if deck.follow == "grow":
        return replace(wish, bars=max(ask.bars, min(2 * ask.bars, _MOST_GROWN_BARS)))
    if deck.follow == "next" and (prompts := prompt_list(deck.prompts)):
        place = prompts.index(ask.prompt) + 1 if ask.prompt in prompts else 0
        return replace(wish, prompt=prompts[place % len(prompts)])
    return wish


def variation(deck: DeckState, bpm: float) -> Ask | None:
    """The wish for a variation of a deck's take; None where it has none."""
    take = deck.history.current
    return None if take is None else _from(deck, take, Vary(take.clip, deck.amount), bpm)


def infill(deck: DeckState, bpm: float) -> Ask | None:
    """The wish for a deck's take with a part made anew; None where it has none.

    Raises:
        BadRequest: where the part does not lie within the take.
    """
    take = deck.history.current
    if take is None:
        return None
    start = Infill(take.clip, deck.infill_from, min(deck.infill_to, float(take.beats)))
    return _from(deck, take, start, bpm)


def continuation(deck: DeckState, bpm: float) -> Ask | None:
    """The wish for what comes after a deck's take; None where it has none."""
    take = deck.history.current
    return None if take is None else _from(deck, take, Continue(take.clip), bpm)


def closed_loop(deck: DeckState, bpm: float) -> Ask | None:
    """The wish for a deck's take with its seam closed; None where it has none."""
    take = deck.history.current
    return None if take is None else _from(deck, take, CloseLoop(take.clip), bpm)


def _from(deck: DeckState, take: HeldTake, start: Start, bpm: float) -> Ask:
    """A wish that begins with a take: what the words of a clip are the server knows."""
    if not take.is_captured:
        return Ask("", deck.bars, bpm, deck.seed, start=start)
    return Ask(deck.prompt, deck.bars, take.bpm, deck.seed, start=start, of_a_file=True)


def prompt_list(text: str) -> list[str]:
    """The prompts of a text with ``;`` between them."""
    return [prompt.strip() for prompt in text.split(";") if prompt.strip()]

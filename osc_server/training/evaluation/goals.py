"""What the model and its judges must reach, and whether they do."""

from __future__ import annotations

from osc_server.training.evaluation.measures import Record

GOOD_FAMILY = 0.9


def goals(record: Record) -> list[Record]:
    """From the figures to a list of goals: name, value, goal, and whether it is met.

    A value is a share with its hits, total and interval, or a share alone.
    """
    families, keys, rhythm = record["families"], record["keys"], record["rhythm"]
    closing = record["closing"]
    seams = [
        (f"seams of circular decoding less surprising than of plain, {whose}", by, 0.5)
        for whose, by in (
            ("to a reader as in LoopGen", _lower(closing["reader"], "circular again")),
            ("to the network from both sides", _lower(closing["sources"], "circular")),
        )
        if by is not None
    ]
    wanted = (
        ("the asked kind of sound, of seven", record["kinds"]["overall"], 0.75),
        ("the asked family of sounds", families["generated"]["overall"], GOOD_FAMILY),
        ("the asked family of sounds, in free words", families["free"]["overall"], GOOD_FAMILY),
        ("all that has a beat at the asked tempo within 2 %", rhythm["generated"]["all"], 0.9),
        ("drums at the asked tempo within 2 %", record["tempo"]["right"], 0.9),
        ("the asked key within a fifth", keys["generated"]["within_a_fifth"], 0.8),
        *seams,
        ("words it does not know named, prompts that have some", record["words"]["named"], 0.95),
        ("judge: classifier on corpus clips", record["classifier"]["clean"]["overall"], 0.93),
        ("judge: classifier through the codec", record["classifier"]["codec"]["overall"], 0.93),
        ("judge: families on corpus clips", families["clean"]["overall"], GOOD_FAMILY),
        ("judge: families through the codec", families["codec"]["overall"], GOOD_FAMILY),
        ("judge: tempo of corpus drums", record["tempo"]["ladder"]["corpus"], 0.95),
        ("judge: tempo of all corpus clips that have a beat", rhythm["corpus"]["all"], 0.9),
        ("judge: key of corpus clips within a fifth", keys["corpus"]["within_a_fifth"], 0.9),
        ("judge: key through the codec within a fifth", keys["codec"]["within_a_fifth"], 0.9),
    )
    return [
        {"name": name, "value": value, "goal": goal, "met": value["share"] >= goal}
        for name, value, goal in wanted
    ]


def _lower(sources: Record | None, name: str) -> Record | None:
    """By how much less; None where nobody judged."""
    if sources is None:
        return None
    found: Record = sources[name]["lower_than_plain"]
    return found

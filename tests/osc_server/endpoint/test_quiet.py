"""The log stays readable whatever comes in."""

import logging

from osc_server.endpoint.quiet import QuietLog, Seldom


class Hand:
    """A clock that is turned by hand."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_one_event_passes_in_each_interval():
    clock = Hand()
    seldom = Seldom(1.0, clock)
    passed = []
    for clock.seconds in (0.0, 0.5, 0.99, 1.0, 1.5, 5.0, 5.5):
        passed.append(seldom.allows())
    assert passed == [True, False, False, True, False, True, False]


def test_lines_held_back_are_counted_in_the_next(caplog):
    clock = Hand()
    log = QuietLog(logging.getLogger("quiet"), clock)
    for _ in range(1000):
        log.warning("first\nline")
    clock.seconds = 1.0
    log.warning("x" * 5000)
    first, second = (record.getMessage() for record in caplog.records)
    assert first == "first line"
    assert second == "x" * 300 + " (999 more lines were held back)"

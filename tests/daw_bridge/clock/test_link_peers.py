"""Ableton Link beside a peer of another library, in a network of their own."""

from __future__ import annotations

import sys

import pytest

from tests.daw_bridge.networks import seen_by
from tests.tools import require_package

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="network namespaces, so that nobody else hears it"
)


@pytest.fixture(scope="module")
def seen():
    """What two peers saw of each other in some seconds."""
    require_package("link", package="LinkPython-extern")
    require_package("aalink", package="aalink")
    return seen_by("tests.daw_bridge.clock.link_peers")


def test_we_join_a_session_and_its_tempo_stays_what_it_was(seen):
    assert (seen["peers"], seen["leader"]) == (1, "link")
    assert seen["their_bpm"] == pytest.approx(133.25, abs=0.001)
    assert seen["our_bpm"] == pytest.approx(133.25, abs=0.001)


def test_our_bars_are_theirs_within_2_ms(seen):
    off_ms = sorted(abs(off) for off in seen["off_ms"])
    assert off_ms[len(off_ms) // 2] < 2


def test_a_tempo_that_is_proposed_holds_for_both(seen):
    assert seen["their_bpm_then"] == pytest.approx(120.5, abs=0.001)
    assert seen["our_bpm_then"] == pytest.approx(120.5, abs=0.001)

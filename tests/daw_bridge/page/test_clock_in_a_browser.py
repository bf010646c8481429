"""The page's clock in a real browser: alone, tapped, and while a program leads it by OSC."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.daw_bridge.page.bridges import chromium, generate, in_state, opened, running_bridge
from tests.daw_bridge.page.time_teller import telling

__all__ = ["chromium"]


@pytest.fixture(scope="module")
def bridge(tmp_path_factory, chromium):
    with running_bridge(tmp_path_factory.mktemp("bridge")) as one:
        yield one


@pytest.fixture
def pages(chromium, bridge):
    """Two pages of one bridge whose clock is as it was at the beginning."""
    with opened(chromium, bridge.url) as one, opened(chromium, bridge.url) as other:
        for page in (one, other):
            expect(page.locator("#deck-1")).to_be_visible()
        yield one, other
        for word, value in (("meter", "4/4"), ("quantum", "bar"), ("source", "internal")):
            bridge.osc(f"clock/{word}", value)
        expect(leads(one)).to_have_text("internal clock")
        bridge.osc("clock/bpm", 240.0)
        expect(tempo(one)).to_have_value("240")
        bridge.osc("clock/source", "auto")
        expect(source(one)).to_have_value("auto")
        expect(leads(one)).to_have_text("internal clock")


@pytest.fixture
def page(pages):
    return pages[0]


def tempo(page):
    return page.get_by_label("Tempo in BPM")


def leads(page):
    return page.get_by_label("Who leads the clock")


def source(page):
    return page.get_by_label("Clock source")


def message(page):
    return page.locator(".message")


NOTE_WHO_LEADS = """() => {
    window.led = [];
    const leads = document.querySelector(".leads");
    const note = () => window.led.push(leads.textContent);
    new MutationObserver(note).observe(leads, {childList: true});
}"""


def type_tempo(page, bpm):
    tempo(page).fill(str(bpm))
    tempo(page).press("Enter")


def test_a_program_that_leads_is_named_and_its_tempo_and_meter_are_followed(pages, bridge):
    with telling(bridge.port, 125.5, "Live") as live:
        live.say("meter", "3/4")
        for page in pages:
            expect(leads(page)).to_have_text("Live")
            expect(tempo(page)).to_have_value("125.5")
            expect(page.get_by_label("Meter", exact=True)).to_have_value("3/4")
            expect(page.locator(".lamps i")).to_have_count(3)
        live.turn_to(118.25)
        for page in pages:
            expect(tempo(page)).to_have_value("118.25")
    for page in pages:
        expect(leads(page)).to_have_text("internal clock")
        expect(tempo(page)).to_have_value("118.25")


def test_a_tempo_that_is_measured_from_beats_is_followed(page, bridge):
    with telling(bridge.port, 100.0) as patch:
        expect(leads(page)).to_have_text("OSC transport")
        expect(tempo(page)).to_have_value(re.compile(r"^(99|100)(\.\d+)?$"))
        patch.turn_to(150.0)
        expect(tempo(page)).to_have_value(re.compile(r"^(149|150)(\.\d+)?$"))


@pytest.mark.parametrize(
    ("name", "who", "shown"),
    [("Live", "Live", "Live"), ("", "a program that sends its beats", "OSC transport")],
)
def test_a_tempo_that_is_somebody_elses_cannot_be_typed_and_is_shown_again(
    pages, bridge, name, who, shown
):
    page, other = pages
    with telling(bridge.port, 125.0, name):
        expect(leads(page)).to_have_text(shown)
        expect(tempo(page)).to_have_value(re.compile("^12[45]"))
        type_tempo(page, 140)
        expect(message(page)).to_contain_text(f"the tempo comes from {who}: change it there")
        expect(tempo(page)).to_have_value(re.compile("^12[45]"))
        assert round(bridge.osc("clock/bpm")) == 125
        page.get_by_label("Tempo up").click(force=True)  # which is dimmed, where it has a name
        expect(tempo(page)).to_have_value(re.compile("^12[45]"))
        assert round(bridge.osc("clock/bpm")) == 125
        expect(tempo(other)).to_have_value(re.compile("^12[45]"))
        expect(message(other)).not_to_contain_text("comes from")


def test_following_nobody_gives_the_tempo_back_to_the_page(pages, bridge):
    page, other = pages
    with telling(bridge.port, 125.0, "Live"):
        expect(leads(page)).to_have_text("Live")
        source(page).select_option("internal")
        expect(leads(other)).to_have_text("internal clock")
        expect(source(other)).to_have_value("internal")
        type_tempo(page, 131)
        expect(tempo(other)).to_have_value("131")
        assert bridge.osc("clock/bpm") == 131.0
        source(other).select_option("auto")
        expect(leads(page)).to_have_text("Live")
        expect(tempo(page)).to_have_value("125")


def test_who_vanishes_leaves_the_loops_playing_at_its_tempo(page, bridge):
    with telling(bridge.port, 200.0, "Live") as live:
        expect(leads(page)).to_have_text("Live")
        generate(page, 1, "drums")
        in_state(page, 1, "playing")
        expect(page.locator("#deck-1 .loop")).to_have_text("1 bar · 200.0 BPM")
        live.vanish()
        expect(message(page)).to_contain_text("Live) is silent: the clock goes on alone at 200 BPM")
        expect(leads(page)).to_have_text("internal clock")
        expect(tempo(page)).to_have_value("200")
        in_state(page, 1, "playing")
        beat = bridge.osc("clock/beat")
        place = page.locator(".place").inner_text()
        expect(page.locator(".place")).not_to_have_text(place)
        assert bridge.osc("clock/beat") > beat
        type_tempo(page, 180)  # which is ours again
        expect(page.locator("#deck-1 .loop")).to_have_text("1 bar · 180.0 BPM")
    page.get_by_label("Stop all decks").click()


def test_a_stop_of_who_leads_is_shown_and_silences_the_decks(page, bridge):
    with telling(bridge.port, 200.0, "Live") as live:
        expect(leads(page)).to_have_text("Live")
        generate(page, 1, "drums")
        in_state(page, 1, "playing")
        page.evaluate(NOTE_WHO_LEADS)
        live.vanish()
        live.say("stop", 1)
        in_state(page, 1, "stopped")
        expect(leads(page)).to_have_text("internal clock")  # who has stopped is gone a second later
        assert page.evaluate("window.led")[0] == "■ Live"
        expect(message(page)).to_contain_text("the decks go on when it starts")
    with telling(bridge.port, 200.0, "Live"):
        in_state(page, 1, "playing")
    page.get_by_label("Stop all decks").click()


def test_taps_on_the_page_set_the_tempo_which_stays_when_they_end(pages):
    page, other = pages
    for _ in range(6):
        page.get_by_role("button", name="Tap", exact=True).click()
        page.wait_for_timeout(400)
    expect(leads(page)).to_have_text("tapped")
    expect(leads(other)).to_have_text("tapped")
    expect(leads(page)).to_have_text("internal clock")
    bpm = tempo(page).input_value()
    assert bpm != "240"
    expect(tempo(other)).to_have_value(bpm)


def test_taps_that_would_not_count_say_so_and_count_once_tap_is_chosen(pages, bridge):
    page, other = pages
    tap = page.get_by_role("button", name="Tap", exact=True)
    with telling(bridge.port, 125.0, "Live"):
        expect(leads(page)).to_have_text("Live")
        expect(tap).to_have_attribute("aria-disabled", "true")
        tap.click(force=True)
        expect(message(page)).to_contain_text("a tap does not count while osc (Live) leads")
        source(page).select_option("tap")
        expect(leads(other)).to_have_text("waits for tap")
        expect(tap).to_have_attribute("aria-disabled", "false")
        for _ in range(6):
            tap.click()
            page.wait_for_timeout(400)
        expect(leads(other)).to_have_text("tapped")


def test_a_clock_that_is_not_there_cannot_be_chosen_and_one_that_is_silent_is_waited_for(pages):
    page, other = pages
    source(page).select_option("link")
    expect(message(page)).to_contain_text("--no-link")
    expect(source(page)).to_have_value("auto")
    source(page).select_option("midi")
    for one in pages:
        expect(leads(one)).to_have_text("waits for MIDI")
        expect(source(one)).to_have_value("midi")
    type_tempo(other, 99.5)  # meanwhile it is ours
    expect(tempo(page)).to_have_value("99.5")


def test_meter_and_quantum_are_chosen_on_one_page_and_shown_on_the_other(pages, bridge):
    page, other = pages
    page.get_by_label("Meter", exact=True).select_option("7/8")
    expect(other.get_by_label("Meter", exact=True)).to_have_value("7/8")
    expect(other.locator(".lamps i")).to_have_count(7)
    other.get_by_label("Quantum").select_option("4 bars")
    expect(page.get_by_label("Quantum")).to_have_value("4 bars")
    assert (bridge.osc("clock/meter"), bridge.osc("clock/quantum")) == ("7/8", "4 bars")
    bridge.osc("clock/meter", "11/8")  # of which the page has no list
    expect(page.get_by_label("Meter", exact=True)).to_have_value("11/8")


def test_the_pages_own_transport_starts_and_stops_the_decks(pages):
    page, other = pages
    play, stop = page.get_by_label("Transport: play"), page.get_by_label("Transport: stop")
    generate(page, 1, "drums")
    in_state(page, 1, "playing")
    expect(stop).to_have_attribute("aria-disabled", "true")  # nobody's transport runs
    play.click()
    expect(leads(other)).to_have_text("OSC transport")
    expect(stop).to_have_attribute("aria-disabled", "false")
    type_tempo(page, 210)  # a hand may move what a hand has started
    expect(tempo(other)).to_have_value("210")
    stop.click()
    in_state(other, 1, "stopped")
    play.click()
    in_state(other, 1, "playing")
    stop.click()
    in_state(page, 1, "stopped")


def test_a_transport_that_is_somebody_elses_is_dimmed_and_says_whose_it_is(page, bridge):
    with telling(bridge.port, 125.0, "Live"):
        expect(leads(page)).to_have_text("Live")
        stop = page.get_by_label("Transport: stop")
        expect(stop).to_have_attribute("aria-disabled", "true")
        stop.click(force=True)
        expect(message(page)).to_contain_text("the transport comes from Live: change it there")
        expect(leads(page)).to_have_text("Live")


def test_a_phone_says_who_leads_and_all_of_it_where_the_clock_is_unfolded(chromium, bridge):
    how = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    with opened(chromium, bridge.url, **how) as phone, telling(bridge.port, 125.5, "Live"):
        expect(leads(phone)).to_be_visible()
        expect(leads(phone)).to_have_text("Live")
        expect(source(phone)).to_be_hidden()
        phone.get_by_label("Clock and tools").tap()
        expect(source(phone)).to_be_visible()
        expect(phone.locator(".leader")).to_have_text("osc (Live)")
        assert phone.evaluate("document.documentElement.scrollWidth") == 360
        box = phone.locator(".top .clock").bounding_box()
        inside = phone.evaluate(
            """[...document.querySelectorAll(".clock select, .clock button")]
            .map((one) => one.getBoundingClientRect()).map(({left, right}) => [left, right])
            .sort((a, b) => a[0] - b[0])"""
        )
        assert all(a[1] <= b[0] for a, b in pairwise(inside))
        assert inside[-1][1] <= box["x"] + box["width"]

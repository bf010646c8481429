"""The page in a real browser, on a real bridge with the tone engine."""

from __future__ import annotations

import os
import re
import signal
import time

import pytest
from playwright.sync_api import expect

from osc_server.contract.fader_rows import FADERS
from tests.daw_bridge.page.bridges import (
    SECONDS,
    chromium,
    generate,
    in_state,
    opened,
    running_bridge,
)

__all__ = ["chromium"]


@pytest.fixture(scope="module")
def bridge(tmp_path_factory, chromium):
    with running_bridge(tmp_path_factory.mktemp("bridge")) as one:
        yield one


@pytest.fixture
def page(chromium, bridge):
    with opened(chromium, bridge.url) as one:
        expect(one.locator("#deck-1")).to_be_visible()
        yield one


def deck(page, number):
    return page.locator(f"#deck-{number}")


def head_places(page, number, seconds):
    """Where a playhead was seen, in pixels."""
    places = set()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        style = deck(page, number).locator(".head").get_attribute("style") or ""
        places |= set(re.findall(r"translateX\(([\d.]+)px\)", style))
    return {float(place) for place in places}


def test_a_typed_prompt_becomes_a_loop_that_plays(page, bridge):
    generate(page, 1, "deep techno drums")
    in_state(page, 1, "playing")
    assert bridge.osc("deck/1/prompt") == "deep techno drums"
    assert bridge.osc("deck/1/state") == "playing"
    expect(deck(page, 1).locator(".facts")).to_contain_text(re.compile(r"LUFS-1[34]\.\d"))
    expect(deck(page, 1).locator(".loop")).to_have_text("1 bar · 240.0 BPM")
    painted = page.evaluate(
        """() => { const c = document.querySelector("#deck-1 canvas");
        const picture = c.getContext("2d").getImageData(0, 0, c.width, c.height);
        return picture.data.some((value) => value > 0); }"""
    )
    assert painted
    width = deck(page, 1).locator(".wave").bounding_box()["width"]
    places = head_places(page, 1, 2.0)
    assert len(places) > 8
    assert all(0 <= place <= width for place in places)
    assert max(places) > width * 0.6
    assert min(places) < width * 0.4


def test_the_page_counts_as_the_bridge_does(page, bridge):
    generate(page, 1, "drums")
    difference = []
    for _ in range(20):
        beat = bridge.osc("clock/beat")
        bar, in_bar = map(int, page.locator(".place").inner_text().split("."))
        difference.append((bar - 1) * 4 + in_bar - 1 - beat)
        time.sleep(0.03)
    assert abs(sorted(difference)[10]) <= 1  # asking takes a part of a beat, which lasts 250 ms


def test_a_fader_moves_by_as_much_as_the_finger_and_never_leaps(page, bridge):
    track = deck(page, 2).get_by_role("slider")
    box = track.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 5, y)
    page.mouse.down()
    page.mouse.up()
    assert bridge.osc("deck/2/level") == 0.0
    page.mouse.move(box["x"] + box["width"] - 5, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 5 - box["width"] * 0.2, y, steps=5)
    page.mouse.up()
    expect(track).to_have_attribute("aria-valuetext", "−10.0 dB")
    assert bridge.osc("deck/2/level") == pytest.approx(-10.0, abs=0.2)
    track.dblclick()
    expect(track).to_have_attribute("aria-valuetext", "0.0 dB")


def test_a_fader_is_moved_by_keys_and_says_its_value(page, bridge):
    track = deck(page, 2).get_by_role("slider")
    track.focus()
    page.keyboard.press("Home")
    expect(track).to_have_attribute("aria-valuetext", "−∞ dB")
    assert bridge.osc("deck/2/level") == -90.0
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    expect(track).to_have_attribute("aria-valuenow", "0.5")
    assert bridge.osc("deck/2/level") == 0.5
    for _ in range(21):  # faster than the bridge tells: none is lost to an older value
        page.keyboard.press("ArrowDown")
    expect(track).to_have_attribute("aria-valuenow", "-10.0")
    assert bridge.osc("deck/2/level") == -10.0
    page.keyboard.press("End")
    time.sleep(0.5)
    expect(track).to_have_attribute("aria-valuenow", "0.0")


def test_two_pages_are_in_step(page, bridge, chromium):
    with opened(chromium, bridge.url) as other:
        deck(page, 3).get_by_label("mute").click()
        expect(deck(other, 3).get_by_label("mute")).to_have_attribute("aria-pressed", "true")
        deck(other, 3).get_by_label("prompt").fill("from the other page")
        deck(other, 3).get_by_label("prompt").blur()
        expect(deck(page, 3).get_by_label("prompt")).to_have_value("from the other page")
        deck(other, 3).get_by_label("mute").click()
        expect(deck(page, 3).get_by_label("mute")).to_have_attribute("aria-pressed", "false")


def test_what_is_being_typed_is_not_written_over(page, bridge):
    typed = deck(page, 3).get_by_label("prompt")
    typed.fill("half a thou")
    bridge.osc("deck/3/prompt", "from a controller")
    deck(page, 1).get_by_label("prompt").wait_for()
    bridge.osc("deck/3/bars", 2)
    expect(deck(page, 3).get_by_role("button", name="2", exact=True)).to_have_class("lit")
    assert typed.input_value() == "half a thou"
    typed.press("Escape")
    expect(typed).to_have_value("from a controller")
    assert bridge.osc("deck/3/prompt") == "from a controller"
    bridge.osc("deck/3/bars", 1)


def test_scenes_are_stored_and_bring_back_what_played(page, bridge):
    generate(page, 1, "drums")
    in_state(page, 1, "playing")
    page.locator(".scene").nth(2).click(delay=900)  # held
    expect(page.locator(".scene").nth(2)).to_have_class(re.compile("stored"))
    page.get_by_label("Stop all decks").click()
    in_state(page, 1, "stopped")
    page.locator(".scene").nth(2).click()
    in_state(page, 1, "playing")
    expect(page.locator(".scene").nth(2)).to_have_class(re.compile("lit"))


def test_an_earlier_take_is_recalled_from_the_list(page, bridge):
    generate(page, 4, "first take")
    generate(page, 4, "second take")
    deck(page, 4).locator(".takes").click()
    sheet = page.locator("#sheet")
    expect(sheet.get_by_role("listitem")).to_have_count(2)
    expect(sheet).to_contain_text(re.compile(r"-1[34]\.\d LUFS"))
    sheet.get_by_role("button", name="Recall take 1").click()
    expect(deck(page, 4).locator(".takes")).to_have_text("take 1/2")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    deck(page, 4).get_by_label("redo").click()
    expect(deck(page, 4).locator(".takes")).to_have_text("take 2/2")
    deck(page, 4).get_by_label("keep").click()
    expect(deck(page, 4).get_by_label("keep")).to_have_class(re.compile("lit"))


def test_presets_of_the_server_can_be_chosen(page, bridge):
    preset = deck(page, 2).get_by_label("preset")
    expect(preset.locator("option")).not_to_have_count(1)
    preset.select_option("acid-bass")
    expect(preset).to_have_value("acid-bass")
    deadline = time.monotonic() + SECONDS
    while bridge.osc("deck/2/preset") != "acid-bass":
        assert time.monotonic() < deadline
    preset.select_option("")


def test_every_setting_of_the_table_can_be_reached(page):
    deck(page, 1).locator(".more").click()
    expect(page.locator("#sheet .setting").first).to_be_visible()
    there = set(
        page.evaluate(
            "[...document.querySelectorAll('[data-address]')].map((e) => e.dataset.address)"
        )
    )
    wanted = {
        fader.at(1)
        for fader in FADERS
        if fader.role != "readout" and fader.address.startswith("/magnet/deck/")
    }
    assert wanted - there == {"/magnet/deck/1/take"}  # which is the list of takes


def test_every_setting_of_the_set_can_be_reached_too(page):
    page.get_by_label("More settings of the set").click()
    sheet = page.locator("#sheet")
    expect(sheet.locator(".setting").first).to_be_visible()
    there = page.evaluate(
        """[...document.querySelectorAll("[data-address]")].map((one) => one.dataset.address)"""
    )
    wanted = {
        fader.address
        for fader in FADERS
        if fader.role != "readout"
        and not fader.address.startswith(("/magnet/deck/", "/magnet/scene/"))
    }
    told_by_others = {"/magnet/midi/learn", "/magnet/clock/beat", "/magnet/clock/position"}
    assert wanted - set(there) - told_by_others == set()


def test_a_setting_is_moved_in_the_drawer(page, bridge):
    deck(page, 2).locator(".more").click()
    page.get_by_label("seed").fill("4711")
    page.get_by_label("seed").press("Enter")
    page.get_by_label("hold").click()
    expect(page.get_by_label("hold")).to_have_text("on")
    assert bridge.osc("deck/2/seed") == 4711
    page.get_by_label("hold").click()
    expect(page.get_by_label("hold")).to_have_text("off")


def test_a_control_is_learned_by_touching_it(page, bridge):
    page.get_by_role("button", name="Learn").click()
    deck(page, 1).get_by_role("slider").click()
    expect(page.locator("#learning")).to_contain_text("deck 1 level")
    assert bridge.osc("midi/learn") == "/magnet/deck/1/level"
    deck(page, 1).get_by_label("mute").click()
    expect(page.locator("#learning")).to_contain_text("deck 1 mute")
    assert bridge.osc("deck/1/mute") == 0  # it was named, not moved
    page.get_by_role("button", name="Done").click()
    expect(page.locator("#learning")).to_be_hidden()
    assert bridge.osc("midi/learn") == ""


def test_letters_and_digits_play_the_decks(page, bridge):
    page.keyboard.press("3")
    page.keyboard.press("m")
    expect(deck(page, 3).get_by_label("mute")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("m")
    expect(deck(page, 3).get_by_label("mute")).to_have_attribute("aria-pressed", "false")
    deck(page, 3).get_by_label("prompt").fill("mmm")  # letters of a prompt play nothing
    assert bridge.osc("deck/3/mute") == 0
    page.keyboard.press("Escape")


def test_a_mistake_is_told_in_words(page):
    page.locator(".scene").nth(7).click()
    expect(page.locator(".message")).to_contain_text("scene 8 is empty")


@pytest.mark.parametrize("width", [360, 390, 820, 1280, 1920])
def test_nothing_hangs_over_the_edge_at_any_width(chromium, bridge, width):
    with opened(chromium, bridge.url, viewport={"width": width, "height": 740}) as one:
        expect(deck(one, 1)).to_be_visible()
        assert one.evaluate("document.documentElement.scrollWidth") == width


def test_a_phone_shows_one_deck_and_brings_in_the_others(chromium, bridge):
    how = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    with opened(chromium, bridge.url, **how) as one:
        expect(deck(one, 1)).to_be_in_viewport(ratio=0.9)
        expect(deck(one, 3)).not_to_be_in_viewport()
        one.get_by_role("button", name=re.compile("Show deck 3")).tap()
        expect(deck(one, 3)).to_be_in_viewport(ratio=0.9)
        small = one.evaluate(
            """[...document.querySelectorAll("button, select, textarea, [role=slider]")]
            .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 44)
            .map((e) => e.outerHTML)"""
        )
        assert small == []


def test_without_motion_playheads_step_from_beat_to_beat(chromium, bridge):
    with opened(chromium, bridge.url, reduced_motion="reduce") as one:
        generate(one, 1, "drums")
        in_state(one, 1, "playing")
        one.wait_for_timeout(1000)
        assert 1 < len(head_places(one, 1, 3.0)) <= 4


def test_a_wrong_token_is_refused_and_the_right_one_opens_the_page(chromium, tmp_path):
    with running_bridge(tmp_path, token="stage left") as guarded:
        with opened(chromium, guarded.url + "?token=wrong") as one:
            expect(one.locator("#deck-1")).to_have_count(0)
            one.get_by_label("Token").fill("wrong again")
            one.get_by_role("button", name="Come in").click()
            expect(one.locator("#deck-1")).to_have_count(0)
            one.get_by_label("Token").fill("stage left")
            one.get_by_role("button", name="Come in").click()
            expect(deck(one, 1)).to_be_visible()
        with opened(chromium, guarded.url + "?token=stage%20left") as two:
            expect(deck(two, 1)).to_be_visible()
            assert two.url == guarded.url  # the token does not stay in sight
            two.reload()
            expect(deck(two, 1)).to_be_visible()


def test_a_page_comes_back_when_a_killed_bridge_does(chromium, tmp_path):
    with running_bridge(tmp_path) as first:
        context = opened(chromium, first.url)
        one = context.__enter__()
        expect(deck(one, 1)).to_be_visible()
        os.kill(first.program.pid, signal.SIGKILL)
        expect(one.locator("#away")).to_contain_text("does not answer")
    with running_bridge(tmp_path, page_port=first.page_port) as second:
        expect(one.locator("#away")).to_be_hidden()
        generate(one, 1, "back again")
        in_state(one, 1, "playing")
        assert second.osc("deck/1/prompt") == "back again"
        context.__exit__(None, None, None)

"""The page's server: who gets in, what is said over the socket, and who must not hold up whom."""

from __future__ import annotations

import asyncio
import socket

import aiohttp
import pytest

from daw_bridge.page.frames import MAX_FRAME_BYTES
from daw_bridge.page.server import MAX_PAGES
from osc_server.contract.errors import DeviceUnavailable
from osc_server.contract.fader_rows import FADERS
from tests.daw_bridge.live.sets import BAR
from tests.daw_bridge.page.pages import Served, serve

LEVEL = "/magnet/deck/1/level"


def test_the_page_and_its_files_are_served_with_a_strict_policy():
    async def talk(served):
        front, text = await served.get("/")
        script, _ = await served.get("/static/main.js")
        again, _ = await served.get("/static/main.js", **{"If-None-Match": script.headers["ETag"]})
        return front, text, script, again.status

    front, text, script, again = serve(talk)
    assert front.status == script.status == 200
    assert "/static/main.js" in text
    assert script.content_type == "text/javascript"
    assert again == 304
    for answer in (front, script):
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    "path",
    ["/static/../server.py", "/static/%2e%2e/server.py", "/static/index.html", "/server.py", "/x"],
)
def test_nothing_but_the_page_is_served(path):
    async def talk(served):
        return (await served.get(path))[0].status

    assert serve(talk) == 404


def test_a_foreign_name_is_turned_away_everywhere():
    async def talk(served):
        host = {"Host": "evil.example"}
        statuses = [(await served.get(path, **host))[0].status for path in ("/", "/static/main.js")]
        return [*statuses, await served.refusal(**host)]

    assert serve(talk) == [421, 421, 421]


def test_a_foreign_page_cannot_open_the_socket():
    async def talk(served):
        return [
            await served.refusal(origin=origin)
            for origin in ("http://evil.example", "null", "", served.url)
        ]

    assert serve(talk) == [403, 403, 403, 101]


def test_with_a_token_nothing_is_told_or_done_without_it():
    async def talk(served):
        front, text = await served.get("/")
        return front.status, "Token" in text, await served.refusal()

    assert serve(talk, token="secret") == (401, True, 401)


def test_the_token_in_the_address_becomes_a_cookie():
    async def talk(served):
        wrong, _ = await served.get("/?token=wrong")
        right, text = await served.get("/?token=secret")
        cookie = right.cookies[f"magnet-page-{served.port}"]
        again, _ = await served.get("/")
        browser = await served.browser()
        await browser.until(lambda page: "hello" in page.told)
        await browser.close()
        return wrong, right.status, cookie, text, again.status

    wrong, right, cookie, text, again = serve(talk, token="secret")
    assert wrong.status == 403
    assert not wrong.cookies
    assert right == again == 200
    assert "main.js" in text
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert "secret" not in cookie.value


def test_the_token_can_be_typed():
    async def talk(served):
        return await served.post_token("wrong"), await served.post_token("secret")

    assert serve(talk, token="secret") == (403, 303)


def test_guessing_is_slowed_down_and_who_is_in_stays_in():
    async def talk(served):
        assert await served.post_token("secret") == 303
        jar, served.session._cookie_jar = served.session.cookie_jar, aiohttp.DummyCookieJar()
        guesses = [await served.post_token(f"guess {n}") for n in range(7)]
        late = await served.post_token("secret")
        served.session._cookie_jar = jar
        inside, _ = await served.get("/")
        return guesses, late, inside.status

    assert serve(talk, token="secret") == ([403] * 5 + [429] * 2, 429, 200)


def test_a_page_is_told_the_table_and_all_that_holds_before_it_asks():
    async def talk(served):
        browser = await served.browser()
        await browser.until(lambda page: "beat" in page.told)
        await browser.close()
        return browser

    browser = serve(talk)
    assert browser.frames[0][0] == "hello"
    rows = browser.told["hello"]["rows"]
    assert len(rows) == len(FADERS)
    assert browser.told["set"]["decks"] == 2
    for fader in FADERS:
        assert fader.at(1) in browser.told
    assert "/magnet/deck/2/state" in browser.told
    assert "/magnet/scene/8/store" in browser.told
    assert "/magnet/error" not in browser.told


def test_two_pages_are_in_step_and_a_mistake_is_told_to_its_own_page_only():
    async def talk(served):
        one, two = await served.browser(), await served.browser()
        await one.until(lambda page: "beat" in page.told)
        await two.until(lambda page: "beat" in page.told)
        await one.say(LEVEL, -6)
        await one.say("/magnet/deck/9/level", -6)
        await one.until(lambda page: "/magnet/error" in page.told)
        await served.tick()
        await one.hears(LEVEL, -6.0)
        await two.hears(LEVEL, -6.0)
        await one.close()
        await two.close()
        return one.told["/magnet/error"], two.told

    sentence, other = serve(talk)
    assert sentence == "there is no deck 9: there are 1 to 2"
    assert "/magnet/error" not in other


def test_a_take_comes_with_what_was_measured_its_waveform_and_its_playhead():
    async def talk(served):
        browser = await served.browser()
        await browser.until(lambda page: "beat" in page.told)
        await served.live.take(1, 0.5)
        served.live.hear(BAR + BAR // 2)
        await served.tick()
        await browser.until(lambda page: page.told.get("wave 1", {}).get("high"))
        await browser.until(lambda page: "seed 7" in str(page.told.get("said")))
        await browser.close()
        return browser.told

    told = serve(talk)
    (take,) = told["takes 1"]["takes"]
    assert (take["seed"], take["lufs"], take["seam"], take["rtf"]) == (7, -14.0, 1.0, 0.4)
    assert told["takes 1"]["place"] == 0
    assert told["head 1"] == {"deck": 1, "beats": 4.0, "origin": 0.0}
    assert told["wave 1"]["high"] == [50] * 360
    assert told["machine"]["rtf"] == 0.4


def test_nothing_is_told_where_nothing_has_changed():
    async def talk(served):
        browser = await served.browser()
        await served.live.take(1, 0.5)
        await served.tick()
        for _ in range(20):  # until it has seen that this clock stands still
            await asyncio.sleep(0.03)
            await served.tick()
        await browser.until(lambda page: "takes 1" in page.told)
        count = len(browser.frames)
        for _ in range(5):
            await served.tick()
        await browser.say("ping", 1.5)
        await browser.until(lambda page: page.frames[-1][0] == "/magnet/clock/bpm")
        await browser.close()
        return [name for name, _ in browser.frames[count:]]

    assert serve(talk) == ["pong", "/magnet/clock/bpm"]


@pytest.mark.parametrize("frame", ["nonsense", "[]", '["/magnet/deck/1/level", NaN]', '["who"]'])
def test_bad_frames_are_answered_and_the_page_stays(frame):
    async def talk(served):
        browser = await served.browser()
        await browser.socket.send_str(frame)
        await browser.until(lambda page: "/magnet/error" in page.told)
        await browser.say("ping", 1)
        await browser.until(lambda page: "pong" in page.told)
        await browser.close()

    serve(talk)


def test_a_huge_frame_ends_its_own_page_only():
    async def talk(served):
        other, huge = await served.browser(), await served.browser()
        await huge.socket.send_str('["/magnet/deck/1/prompt", "' + "x" * MAX_FRAME_BYTES + '"]')
        await huge.until(lambda page: page.socket.closed)
        await other.say("ping", 1)
        await other.until(lambda page: "pong" in page.told)
        await other.close()
        return huge.socket.close_code

    assert serve(talk) == 1009


def test_a_page_that_does_not_read_is_let_go_and_holds_nobody_up():
    async def talk(served):
        deaf = await _deaf_page(served)
        other = await served.browser()
        await other.until(lambda page: "beat" in page.told)
        long = "ö" * 900
        for number in range(3000):  # more than the network buffers take
            for visitor in served.teller._visitors:
                visitor.outbox.put("note", f"{number} {long}", str(number))
            await asyncio.sleep(0)
        await other.until(lambda page: str(page.told.get("note")).startswith("2999"))
        async with asyncio.timeout(10):
            while len(served.teller._visitors) > 1:
                await asyncio.sleep(0.01)
        deaf.close()
        await other.close()

    serve(talk, patience_seconds=0.3)


def test_as_many_pages_as_there_is_room_for_and_no_more():
    async def talk(served):
        browsers = [await served.browser() for _ in range(MAX_PAGES)]
        full = await served.refusal()
        await browsers[0].say(LEVEL, -3)
        await browsers[0].say("ping", 1)
        await browsers[0].until(lambda page: "pong" in page.told)
        await served.tick()
        for browser in browsers:
            await browser.hears(LEVEL, -3.0)
        await browsers[0].close()
        async with asyncio.timeout(5):
            while await served.refusal() != 101:
                await asyncio.sleep(0.01)
        for browser in browsers:
            await browser.close()
        return full

    assert serve(talk) == 503


def test_a_page_that_the_panel_has_forgotten_is_known_again_by_its_next_ping():
    async def talk(served):
        browser = await served.browser()
        await browser.until(lambda page: "beat" in page.told)
        for surface in list(served.live.panel._surfaces):
            served.live.panel.forget(surface)
        await browser.say("ping", 1)
        await browser.until(lambda page: "pong" in page.told)
        served.live.send("deck/1/level", -7)
        await served.tick()
        await browser.hears(LEVEL, -7.0)
        await browser.close()

    serve(talk)


def test_a_page_that_is_gone_is_forgotten():
    async def talk(served):
        browser = await served.browser()
        await browser.until(lambda page: "beat" in page.told)
        await browser.close()
        async with asyncio.timeout(5):
            while served.teller._visitors or served.live.panel._surfaces:
                await asyncio.sleep(0.01)

    serve(talk)


def test_a_port_that_is_taken_is_said_with_what_to_do():
    async def run():
        served = Served()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", served.port))
            taken.listen()
            with pytest.raises(DeviceUnavailable, match=f"port {served.port} .*--page-port"):
                await served.server.open()

    asyncio.run(run())


def test_a_closing_server_hangs_up_on_its_pages():
    async def talk(served):
        browser = await served.browser()
        await browser.until(lambda page: "beat" in page.told)
        await served.server.close()
        await browser.until(lambda page: page.socket.closed)
        return browser.socket.close_code

    assert serve(talk) == 1001


async def _deaf_page(served):
    """A WebSocket that was opened and is never read from."""
    _, writer = await asyncio.open_connection("127.0.0.1", served.port, limit=1024)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    writer.transport.pause_reading()
    writer.write(
        f"GET /socket HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nOrigin: {served.url}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    async with asyncio.timeout(5):
        while not served.teller._visitors:
            await asyncio.sleep(0.01)
    return writer

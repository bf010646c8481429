"""Pictures of the page: a live set of the embedded model in Chromium, on a desk and a phone.

    python benchmarks/page_pictures.py [--model embedded] [--chromium /usr/bin/chromium]

Writes docs/pictures/{page,page-takes,page-phone,page-clock}.png. On the last one Link leads:
that needs the extra ``link``, the package ``aalink``, and a network in which nobody else plays,
such as ``unshare --net sh -c "ip link set lo up && python benchmarks/page_pictures.py"``.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from daw_bridge.server_process import free_port

OUT = Path(__file__).parent.parent / "docs/pictures"
PROMPTS = (
    ("house drums with open hats", 4),
    ("warm sub bass", 4),
    ("synthwave arp", 4),
    ("warm pad", 4),
    ("dusty breakbeat", 2),
)
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
THEIR_BPM = 126.5
N_COLOURS = 128
PATIENCE_MS = 240_000


def main() -> None:
    """Play a set, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    expect.set_options(timeout=PATIENCE_MS)
    with (
        tempfile.TemporaryDirectory() as folder,
        live(Path(folder), options.model) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=options.chromium, args=["--no-sandbox"]
        )
        take(browser, address, options.out)
        browser.close()


@contextmanager
def live(folder: Path, model: str) -> Iterator[str]:
    """A bridge; the address of its page."""
    port, page_port = free_port(), free_port()
    command = [sys.executable, "-m", "daw_bridge.cli", "live", "--bpm", "124", "--model", model]
    command += ["--port", str(port), "--page-port", str(page_port), "--clips", str(folder)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
    )
    try:
        for line in process.stdout or ():
            if b"server" in line and b" on " in line:
                break
        yield f"http://127.0.0.1:{page_port}/"
    finally:
        process.terminate()
        process.wait()


def take(browser: Browser, address: str, out: Path) -> None:
    """Bring the set to where every light has something to say, and photograph it."""
    page = browser.new_page(viewport=DESK)
    page.goto(address)
    for number, (prompt, bars) in enumerate(PROMPTS, 1):
        generate(page, number, prompt, bars)
        expect(page.locator(f"#deck-{number}")).to_have_attribute("data-state", "playing")
    store(page, 1)
    deck = [page.locator(f"#deck-{number}") for number in range(9)]
    generate(page, 2, "deep reese bass", 4)
    expect(deck[2].locator(".takes")).to_have_text("take 2/2")
    deck[2].get_by_label("keep").click()
    deck[3].get_by_label("stop").click()
    deck[5].get_by_label("mute").click()
    for number, presses in ((2, 6), (4, 12)):
        deck[number].get_by_role("slider").focus()
        for _ in range(presses):
            page.keyboard.press("ArrowDown")
    expect(deck[3]).to_have_attribute("data-state", "stopped")
    store(page, 2)
    generate(page, 6, "bright pluck arp", 4)
    expect(deck[6]).to_have_attribute("data-state", "cued")
    deck[1].get_by_label("vary").click()
    generate(page, 7, "rising noise effect", 2)
    page.wait_for_timeout(2500)
    save(page, out / "page.png")
    page.locator("#deck-2 .takes").click()
    save(page, out / "page-takes.png")
    phone = browser.new_context(
        viewport=PHONE, device_scale_factor=2, has_touch=True, is_mobile=True
    ).new_page()
    phone.goto(address)
    expect(phone.locator("#deck-1")).to_be_visible()
    phone.wait_for_timeout(500)
    save(phone, out / "page-phone.png")
    with link_peer():
        expect(phone.get_by_label("Who leads the clock")).to_have_text("Link")
        expect(phone.get_by_label("Tempo in BPM")).to_have_value(str(THEIR_BPM))
        phone.get_by_label("Clock and tools").tap()
        phone.wait_for_timeout(2000)
        save(phone, out / "page-clock.png", height=PHONE["height"] // 2)


@contextmanager
def link_peer() -> Iterator[None]:
    """Somebody of another library in our Link session, who has set a tempo."""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.daw_bridge.clock.link_peer", "100"],
        cwd=OUT.parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:

        def say(line: str) -> bytes:
            process.stdin.write(line.encode() + b"\n")
            process.stdin.flush()
            return process.stdout.readline()

        while not say("").startswith(b"[1"):  # until it has found us
            time.sleep(0.2)
        say(str(THEIR_BPM))
        yield
        process.terminate()


def generate(page: Page, number: int, prompt: str, bars: int) -> None:
    """Ask a deck for a take."""
    deck = page.locator(f"#deck-{number}")
    deck.get_by_role("button", name=str(bars), exact=True).click()
    deck.get_by_label("prompt").fill(prompt)
    deck.get_by_label("prompt").press("Enter")


def store(page: Page, scene: int) -> None:
    """Store what plays as a scene."""
    page.get_by_role("button", name="Store", exact=True).click()
    page.locator(".scene").nth(scene - 1).click()


def save(page: Page, path: Path, *, height: int = 0) -> None:
    """Write a PNG, with few colours, so that the repository stays small.

    ``height`` keeps so many pixels of the page, from the top; 0 = all.
    """
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    if height:
        scale = shot.width // page.viewport_size["width"] if page.viewport_size else 1
        shot = shot.crop((0, 0, shot.width, height * scale))
    shot.quantize(N_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()

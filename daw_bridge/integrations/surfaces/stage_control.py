"""A layout as a session of Open Stage Control, version 1 (openstagecontrol.ammd.net)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from daw_bridge.integrations.surfaces.controls import Area, Control, Layout

Widget = dict[str, object]

_TABS = 50
"""Height that a tab's title takes."""
_VERSION = "1.25.0"
# As in TouchOSC: what is there is asked for, over and over, for UDP is lossy and bridges restart.
_ASKING = """var addresses = {addresses}
{hello}for (var address of addresses) send(address)
var following = 0
setInterval('asking', function() {{
  if (following == 0) {{ {hello_again} }}
  send(addresses[following])
  following = (following + 1) % addresses.length
}}, 100)
"""


def pack(layout: Layout, token: str = "") -> bytes:
    """The file; with a token it lets itself in."""
    return (json.dumps(build(layout, token), indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def build(layout: Layout, token: str = "") -> Widget:
    """The session."""
    hello = f"send('/magnet/hello', 1, 'token', {json.dumps(token)})" if token else ""
    paged = len(layout.pages) > 1
    widgets: list[Widget] = []
    tabs: list[Widget] = []
    for page in layout.pages:
        made = [widget for control in page.controls for widget in _widgets(control)]
        if paged:
            tabs.append({"type": "tab", "id": _id(page.title), "label": page.title,
                         "widgets": made, "tabs": []})  # fmt: skip
        else:
            widgets = made
    root: Widget = {
        "type": "root",
        "id": "root",
        "width": layout.size.width,
        "height": layout.size.height + (_TABS if paged else 0),
        "colorBg": "#101418",
        "onCreate": _ASKING.format(
            addresses=json.dumps(list(layout.addresses)),
            hello=f"{hello}\n" if hello else "",
            hello_again=hello,
        ),
        "widgets": widgets,
        "tabs": tabs,
    }
    return {
        "createdWith": "Open Stage Control",
        "version": _VERSION,
        "type": "session",
        "content": root,
    }


def _widgets(control: Control) -> Iterator[Widget]:
    common: Widget = {
        "id": _id(control.name),
        **_place(control.area),
        "colorWidget": f"#{control.colour}",
    }
    if control.address:
        common["address"] = control.address
    yield common | _OWN[control.kind](control)


def _button(control: Control) -> Widget:
    """``tap`` sends at each touch and never at a release; it is lit while it is told 1."""
    tag = "s" if isinstance(control.value, str) else "i"
    mode = "toggle" if control.kind == "switch" else "tap"
    own: Widget = {"type": "button", "label": control.label, "mode": mode}
    return own | {"on": control.value, "off": 0, "typeTags": tag}


def _fader(control: Control) -> Widget:
    area = control.area
    return {
        "type": "fader",
        "horizontal": area.width > area.height,
        "design": "compact",
        "label": False,
        "range": {"min": control.low, "max": control.high},
        "typeTags": "f",
        "decimals": 1,
        "interaction": control.kind == "fader",
        "bypass": control.kind != "fader",
    }


def _text(control: Control) -> Widget:
    return {"type": "text", "value": control.label, "decimals": 1, "interaction": False}


_OWN: dict[str, Callable[[Control], Widget]] = {
    "press": _button,
    "switch": _button,
    "choice": _button,
    "fader": _fader,
    "progress": _fader,
    "reading": _text,
    "words": _text,
}


def _place(area: Area) -> Widget:
    return {"left": area.left, "top": area.top, "width": area.width, "height": area.height}


def _id(name: str) -> str:
    return name.replace(" ", "_").replace(",", "")

"""A layout as TouchOSC reads it: XML, compressed by zlib (`.tosc`; the current program, not Mk1).

What the elements mean is in TouchOSC's manual (hexler.net/touchosc/manual). Everything else a
control has, TouchOSC fills in when it opens the file.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from daw_bridge.integrations.surfaces.controls import STATE_COLOURS, Area, Control, Layout, Page

ANSWER_PORT = 9000
"""TouchOSC's receive port, as ``docs/surfaces.md`` has it set."""
TABS = 46
"""Height of the bar with the pages' titles."""
_OURS = uuid.uuid5(uuid.NAMESPACE_URL, "magnet-bridge/touchosc")
_MOMENTARY, _TOGGLE_AT_PRESS = "0", "2"
_EAST = "1"  # which way a fader goes: to the right
_LAMP = 5

_STATE_SCRIPT = """local colours = {{ {colours} }}

function onValueChanged(key)
  if key == 'text' then
    local colour = colours[self.values.text]
    if colour then self.color = Color(colour[1], colour[2], colour[3], 1) end
  end
end
"""
# UDP is lossy, and the bridge may have been started again: all is asked for, over and over.
_ASKING_SCRIPT = """local addresses = {{ {addresses} }}
local following, asked = 1, 0
{hello}
function init()
  hello()
  for _, address in ipairs(addresses) do sendOSC(address) end
end

function update()
  if getMillis() - asked < 100 then return end
  asked = getMillis()
  if following == 1 then hello() end
  sendOSC(addresses[following])
  following = following % #addresses + 1
end
"""


def pack(layout: Layout, token: str = "") -> bytes:
    """The file; with a token it lets itself in."""
    return zlib.compress(ET.tostring(build(layout, token), "utf-8", xml_declaration=True), 9)


def build(layout: Layout, token: str = "") -> ET.Element:
    """The document."""
    document = ET.Element("lexml", version="3")
    size, tabs = layout.size, TABS if len(layout.pages) > 1 else 0
    whole = Area(0, 0, size.width, size.height + tabs)
    root = _node(document, "GROUP", (layout.name, layout.name), whole, "101418")
    addresses = ", ".join(f"'{address}'" for address in layout.addresses)
    _property(root, "s", "script", _ASKING_SCRIPT.format(addresses=addresses, hello=_hello(token)))
    children = ET.SubElement(root, "children")
    if tabs:
        pager = _node(children, "PAGER", (layout.name, "pages"), whole, "101418")
        for name, kind, value in (
            ("tabbar", "b", "1"), ("tabLabels", "b", "1"), ("tabbarSize", "i", str(TABS)),
            ("textSizeOff", "i", "14"), ("textSizeOn", "i", "14"),
        ):  # fmt: skip
            _property(pager, kind, name, value)
        _value(pager, "page", "0")
        children = ET.SubElement(pager, "children")
    for page in layout.pages:
        place = Area(0, tabs, size.width, size.height)
        group = _node(children, "GROUP", (layout.name, page.title), place, "101418")
        if tabs:
            _tab(group, page)
        inner = ET.SubElement(group, "children")
        for control in page.controls:
            _control(inner, control, layout.name)
    return document


def _tab(group: ET.Element, page: Page) -> None:
    _property(group, "s", "tabLabel", page.title)
    colours = {"tabColorOff": "2b2f36", "tabColorOn": "3b82c4"}
    for name, colour in {**colours, "textColorOff": "ffffff", "textColorOn": "ffffff"}.items():
        _colour(group, name, colour)


def _control(parent: ET.Element, control: Control, layout: str) -> None:
    build_one = {
        "press": _press, "choice": _press, "switch": _switch, "fader": _fader,
        "progress": _fader, "reading": _label, "words": _label,
    }  # fmt: skip
    build_one[control.kind](parent, control, layout)


def _press(parent: ET.Element, control: Control, layout: str) -> None:
    """Sends at the touch, whether its lamp is lit or not; the lamp is a control of its own."""
    button = _node(parent, "BUTTON", (layout, control.name), control.area, control.colour)
    _property(button, "i", "buttonType", _MOMENTARY)
    _value(button, "x", "0")
    kind = "STRING" if isinstance(control.value, str) else "INTEGER"
    messages = ET.SubElement(button, "messages")
    argument = ("CONSTANT", kind, str(control.value), "0", "1")
    _osc(messages, control.address, argument, ("touch", "RISE"), receive=False)
    _caption(parent, control, layout)
    if control.kind == "press":
        area = control.area
        place = Area(area.left + 6, area.top + area.height - _LAMP - 3, area.width - 12, _LAMP)
        names = (layout, f"{control.name} lamp")
        lamp = _node(parent, "BUTTON", names, place, "f0f6fc", touch=False)
        _value(lamp, "x", "0")
        messages = ET.SubElement(lamp, "messages")
        _osc(
            messages, control.address, ("VALUE", "INTEGER", "x", "0", "1"), ("x", "ANY"), send=False
        )


def _switch(parent: ET.Element, control: Control, layout: str) -> None:
    button = _node(parent, "BUTTON", (layout, control.name), control.area, control.colour)
    _property(button, "i", "buttonType", _TOGGLE_AT_PRESS)
    _value(button, "x", "0")
    messages = ET.SubElement(button, "messages")
    _osc(messages, control.address, ("VALUE", "INTEGER", "x", "0", "1"), ("x", "ANY"))
    _caption(parent, control, layout)


def _fader(parent: ET.Element, control: Control, layout: str) -> None:
    touch = control.kind == "fader"
    names = (layout, control.name)
    fader = _node(parent, "FADER", names, control.area, control.colour, touch=touch)
    if control.area.width > control.area.height:
        _property(fader, "i", "orientation", _EAST)
    _property(fader, "b", "cursor", "1" if touch else "0")
    _value(fader, "x", "0")
    messages = ET.SubElement(fader, "messages")
    argument = ("VALUE", "FLOAT", "x", f"{control.low:g}", f"{control.high:g}")
    _osc(messages, control.address, argument, ("x", "ANY"), send=touch)


def _label(parent: ET.Element, control: Control, layout: str) -> None:
    names = (layout, control.name)
    label = _node(parent, "LABEL", names, control.area, control.colour, touch=False)
    _property(label, "i", "textSize", "14")
    _value(label, "text", control.label)
    if control.lit_by_state:
        _property(label, "s", "script", _STATE_SCRIPT.format(colours=_lua_colours()))
    if control.address:
        messages = ET.SubElement(label, "messages")
        argument = ("VALUE", "STRING", "text", "0", "1")
        _osc(messages, control.address, argument, ("text", "ANY"), send=False)


def _hello(token: str) -> str:
    """What shows the token, and says where to answer: TouchOSC may send from another port.

    Every character is written as a number, so that none can end the text.
    """
    shown = "".join(f"\\{byte:03d}" for byte in token.encode("utf-8"))
    lines = [f"  sendOSC('/magnet/hello', 1, 'token', '{shown}')"] if token else []
    lines += [f"  sendOSC('/magnet/notify', 1, {ANSWER_PORT})"]
    return "\n".join(["local function hello()", *lines, "end\n"])


def _lua_colours() -> str:
    rows = (
        f"{word} = {{ {', '.join(_channels(colour)[:3])} }}"
        for word, colour in STATE_COLOURS.items()
    )
    return ", ".join(rows)


def _caption(parent: ET.Element, control: Control, layout: str) -> None:
    """What is written on a button, which itself can hold no text; touches go through it."""
    names = (layout, f"{control.name} label")
    label = _node(parent, "LABEL", names, control.area, "00000000", touch=False)
    _property(label, "i", "textSize", "14")
    _value(label, "text", control.label)


def _node(
    parent: ET.Element,
    kind: str,
    names: tuple[str, str],
    area: Area,
    colour: str,
    *,
    touch: bool | None = None,
) -> ET.Element:
    """A control with the properties that all have.

    Args:
        parent: what it is put into.
        kind: TouchOSC's word for it.
        names: of the layout, and of itself in it.
        area: where it lies.
        colour: hexadecimal.
        touch: whether fingers reach it; None = as its kind has it.
    """
    layout, name = names
    own_id = str(uuid.uuid5(_OURS, f"{layout}/{kind}/{name}"))
    node = ET.SubElement(parent, "node", ID=own_id, type=kind)
    ET.SubElement(node, "properties")
    reached = touch if touch is not None else kind in ("BUTTON", "FADER", "PAGER")
    _property(node, "s", "name", name)
    frame = _property(node, "r", "frame")
    for axis, number in zip("xywh", (area.left, area.top, area.width, area.height), strict=True):
        ET.SubElement(frame, axis).text = str(number)
    _colour(node, "color", colour)
    _property(node, "b", "interactive", "1" if reached else "0")
    _property(node, "b", "visible", "1")
    _property(node, "b", "background", "0" if colour.endswith("00000000") else "1")
    _property(node, "b", "outline", "0")
    _property(node, "f", "cornerRadius", "3")
    ET.SubElement(node, "values")
    return node


def _property(node: ET.Element, kind: str, key: str, value: str = "") -> ET.Element:
    one = ET.SubElement(next(node.iter("properties")), "property", type=kind)
    ET.SubElement(one, "key").text = key
    element = ET.SubElement(one, "value")
    element.text = value or None
    return element


def _colour(node: ET.Element, key: str, colour: str) -> None:
    element = _property(node, "c", key)
    for channel, share in zip("rgba", _channels(colour), strict=True):
        ET.SubElement(element, channel).text = share


def _channels(colour: str) -> list[str]:
    """Red, green, blue and opacity, each as a share of 1."""
    digits = colour.ljust(8, "f")
    return [f"{int(digits[place : place + 2], 16) / 255:.4g}" for place in range(0, 8, 2)]


def _value(node: ET.Element, key: str, default: str) -> None:
    one = ET.SubElement(next(node.iter("values")), "value")
    ET.SubElement(one, "key").text = key
    ET.SubElement(one, "locked").text = "0"
    ET.SubElement(one, "lockedDefaultCurrent").text = "0"
    ET.SubElement(one, "default").text = default
    ET.SubElement(one, "defaultPull").text = "0"


def _osc(
    messages: ET.Element, address: str, argument: Sequence[str], trigger: tuple[str, str],
    *, send: bool = True, receive: bool = True,
) -> None:  # fmt: skip
    """A message: its address, one argument, and what makes it go out."""
    osc = ET.SubElement(messages, "osc")
    flags = {"enabled": True, "send": send, "receive": receive, "feedback": False}
    for name, on in flags.items():
        ET.SubElement(osc, name).text = "1" if on else "0"
    ET.SubElement(osc, "connections").text = "11111"
    one = ET.SubElement(ET.SubElement(osc, "triggers"), "trigger")
    ET.SubElement(one, "var").text, ET.SubElement(one, "condition").text = trigger
    _partial(ET.SubElement(osc, "path"), ("CONSTANT", "STRING", address, "0", "1"))
    _partial(ET.SubElement(osc, "arguments"), argument)


def _partial(parent: ET.Element, parts: Sequence[str]) -> None:
    partial = ET.SubElement(parent, "partial")
    for name, part in zip(
        ("type", "conversion", "value", "scaleMin", "scaleMax"), parts, strict=True
    ):
        ET.SubElement(partial, name).text = part

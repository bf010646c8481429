// Controls for addresses of the table. Each shows what the bridge tells, and never writes over what
// is being typed or held. All carry their address in data-address, for MIDI learn.

import { decibels, h, number, say } from "./dom.js";

const KEYS_DB = 0.5;
const SETTLE_MS = 350; // what is told so soon after a move may be older than it
const LAW = [[0, -90], [0.05, -60], [0.16, -40], [0.4, -20], [0.56, -10], [0.76, 0], [1, 12]];

export function button(link, address, label, properties = {}) {
  const element = h("button", {
    type: "button", "data-address": address, ...properties,
    onclick: () => link.send(address, 1),
  }, label);
  lamp(link, address, element);
  return element;
}

// Shows a switch or a button's light.
export function lamp(link, address, element) {
  link.store.on(address, (value) => {
    element.classList.toggle("lit", Boolean(value));
    if (element.dataset.role === "toggle") element.setAttribute("aria-pressed", String(Boolean(value)));
  });
}

export function toggle(link, address, label, properties = {}) {
  const element = h("button", {
    type: "button", "data-address": address, "data-role": "toggle", "aria-pressed": "false",
    ...properties,
    onclick: () => link.send(address, link.store.get(address) ? 0 : 1),
  }, label);
  lamp(link, address, element);
  return element;
}

// An input of text or a number: sent when it is left or Enter is pressed, taken back by Escape.
export function field(link, address, element, { read = (text) => text, show = String } = {}) {
  element.dataset.address = address;
  let told = "";
  let dirty = false;
  const commit = () => {
    if (!dirty) return;
    dirty = false;
    const value = read(element.value);
    if (value === null || !link.send(address, value)) element.value = told;
  };
  const back = () => {
    dirty = false;
    element.value = told;
  };
  element.addEventListener("input", () => {
    dirty = true;
  });
  element.addEventListener("change", commit);
  element.addEventListener("blur", commit);
  element.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      back();
      element.blur();
      event.stopPropagation();
      event.preventDefault();
    } else if (event.key === "Enter" && element.tagName === "INPUT") commit();
  });
  link.store.on(address, (value) => {
    told = show(value);
    if (!dirty && element.value !== told) element.value = told;
  });
  return { element, commit };
}

export function numberField(link, address, { low, high, step = "any", digits = 2, ...properties }) {
  const input = h("input", {
    type: "number", inputmode: "decimal", min: low, max: high, step, autocomplete: "off", ...properties,
  });
  const read = (text) => (text.trim() === "" || Number.isNaN(Number(text)) ? null : Number(text));
  field(link, address, input, { read, show: (value) => number(value, digits) });
  return input;
}

export function choice(link, address, options, properties = {}) {
  const element = h("select", {
    "data-address": address, ...properties,
    onchange: () => link.send(address, element.value),
  });
  const fill = (list) => {
    element.replaceChildren(...list.map(([value, label]) => h("option", { value }, label)));
    show(link.store.get(address));
  };
  const show = (value) => {
    if (value === undefined) return;
    const text = String(value);
    if (![...element.options].some((option) => option.value === text)) {
      element.append(h("option", { value: text }, text));
    }
    element.value = text;
  };
  fill(options);
  link.store.on(address, show);
  return { element, fill };
}

// A row of buttons of which one holds.
export function segments(link, address, values, label) {
  const buttons = values.map(([value, text]) => h("button", {
    type: "button", "aria-pressed": "false", onclick: () => link.send(address, value),
  }, text));
  link.store.on(address, (held) => values.forEach(([value], index) => {
    const on = String(held) === String(value);
    buttons[index].classList.toggle("lit", on);
    buttons[index].setAttribute("aria-pressed", String(on));
  }));
  return h("div", { class: "segments", role: "group", "aria-label": label, "data-address": address },
    ...buttons);
}

// A fader in dB. A finger moves it by as much as it moves, wherever it touches: no leap on stage.
export function fader(link, address, label) {
  const cap = h("div", { class: "cap" });
  const fill = h("div", { class: "fill" });
  const readout = h("output", {}, "");
  const track = h("div", {
    class: "track", role: "slider", tabindex: 0, "aria-label": label, "aria-valuemin": -90,
    "aria-valuemax": 12, "aria-orientation": "horizontal", "data-address": address,
  }, h("div", { class: "zero" }), fill, cap);
  let level = 0;
  let hand = null;
  let settling = 0;
  const show = (value) => {
    const place = `${(placeOf(value) * 100).toFixed(2)}%`;
    cap.style.left = place;
    fill.style.width = place;
    say(readout, decibels(value));
    track.setAttribute("aria-valuenow", value.toFixed(1));
    track.setAttribute("aria-valuetext", decibels(value));
  };
  const move = (value) => {
    level = Math.round(Math.min(12, Math.max(-90, value)) * 10) / 10;
    show(level);
    link.send(address, level);
    settle();
  };
  const settle = () => {
    clearTimeout(settling);
    settling = setTimeout(() => {
      settling = 0;
      const told = link.store.get(address);
      if (hand === null && told !== undefined) show((level = told));
    }, SETTLE_MS);
  };
  track.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    track.setPointerCapture(event.pointerId);
    hand = { x: event.clientX, place: placeOf(level) };
    track.classList.add("held");
  });
  track.addEventListener("pointermove", (event) => {
    if (hand === null) return;
    const fine = event.shiftKey ? 0.2 : 1;
    const way = ((event.clientX - hand.x) / track.clientWidth) * fine;
    if (way !== 0) move(levelOf(Math.min(1, Math.max(0, hand.place + way))));
  });
  const letGo = () => {
    hand = null;
    track.classList.remove("held");
    settle();
  };
  track.addEventListener("pointerup", letGo);
  track.addEventListener("pointercancel", letGo);
  track.addEventListener("dblclick", () => move(0));
  track.addEventListener("keydown", (event) => {
    const steps = {
      ArrowUp: KEYS_DB, ArrowRight: KEYS_DB, ArrowDown: -KEYS_DB, ArrowLeft: -KEYS_DB, PageUp: 6,
      PageDown: -6,
    };
    if (event.key in steps) move(level + steps[event.key]);
    else if (event.key === "Home") move(-90);
    else if (event.key === "End") move(0);
    else return;
    event.preventDefault();
  });
  link.store.on(address, (value) => {
    if (hand === null && settling === 0) show((level = value));
  });
  return h("div", { class: "fader" }, track, readout);
}

export function placeOf(level) {
  return between(LAW.map(([place, value]) => [value, place]), level);
}

export function levelOf(place) {
  return between(LAW, place);
}

function between(points, x) {
  if (x <= points[0][0]) return points[0][1];
  for (let index = 1; index < points.length; index += 1) {
    const [x1, y1] = points[index];
    const [x0, y0] = points[index - 1];
    if (x <= x1) return y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
  }
  return points.at(-1)[1];
}

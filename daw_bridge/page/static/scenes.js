// Scenes: a touch launches, a held touch (or Store, then a touch) stores what plays.

import { h } from "./dom.js";

const HOLD_MS = 600;
const COUNT = 8;

export function scenes(element, link) {
  let storing = false;
  const store = h("button", {
    type: "button", class: "store", "aria-pressed": "false", onclick: () => arm(!storing),
    title: "then touch a scene: it takes what plays now",
  }, "Store");
  const arm = (on) => {
    storing = on;
    store.setAttribute("aria-pressed", String(on));
    store.classList.toggle("lit", on);
    element.classList.toggle("storing", on);
  };
  const pads = Array.from({ length: COUNT }, (_, index) => pad(index + 1, link, () => storing, arm));
  element.replaceChildren(h("span", { class: "tag" }, "scenes"), store, ...pads);
}

function pad(index, link, isStoring, arm) {
  const at = (name) => `/magnet/scene/${index}/${name}`;
  let timer = 0;
  let held = false;
  const store = () => {
    link.send(at("store"), 1);
    element.classList.add("flash");
    setTimeout(() => element.classList.remove("flash"), 300);
    arm(false);
  };
  const element = h("button", {
    type: "button", class: "scene", "data-address": at("launch"), "aria-label": `Scene ${index}`,
    title: `launch scene ${index}; hold to store`,
    onpointerdown: () => {
      held = false;
      timer = setTimeout(() => {
        held = true;
        if (!document.body.classList.contains("learn")) store();
      }, HOLD_MS);
    },
    onpointerup: () => clearTimeout(timer),
    onpointerleave: () => clearTimeout(timer),
    onpointercancel: () => clearTimeout(timer),
    oncontextmenu: (event) => event.preventDefault(),
    onclick: () => {
      clearTimeout(timer);
      if (held) return;
      if (isStoring()) store();
      else link.send(at("launch"), 1);
    },
  }, String(index));
  link.store.on(at("store"), (stored) => {
    element.classList.toggle("stored", Boolean(stored));
    element.setAttribute("aria-label", `Scene ${index}${stored ? "" : ", empty"}`);
  });
  link.store.on(at("launch"), (last) => element.classList.toggle("lit", Boolean(last)));
  return element;
}

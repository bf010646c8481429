// MIDI learn: switch it on, touch a control here, move one there.

import { h, say } from "./dom.js";

const ADDRESS = "/magnet/midi/learn";
const NEEDS_VALUE = new Set(["TEXTAREA", "INPUT", "SELECT"]);

export class Learn {
  #on = false;

  constructor(bar, link) {
    this.link = link;
    this.bar = bar;
    this.text = h("span");
    this.bar.replaceChildren(this.text,
      h("button", { type: "button", onclick: () => this.#switch(false) }, "Done"));
    this.button = h("button", {
      type: "button", class: "learn-button", "aria-pressed": "false",
      title: "give a knob or a pad of a MIDI controller to a control of this page",
      onclick: () => this.#switch(!this.#on),
    }, "Learn");
    document.addEventListener("click", (event) => this.#pick(event), { capture: true });
    for (const kind of ["pointerdown", "mousedown", "dblclick"]) {
      document.addEventListener(kind, (event) => this.#hold(event), { capture: true });
    }
    document.addEventListener("keydown", (event) => {
      if (this.#on && event.key === "Escape") this.#switch(false);
    });
    link.store.on(ADDRESS, (address) => this.#show(address));
  }

  #switch(on) {
    this.#on = on;
    document.body.classList.toggle("learn", on);
    this.button.classList.toggle("lit", on);
    this.button.setAttribute("aria-pressed", String(on));
    if (!on && this.link.store.get(ADDRESS)) this.link.send(ADDRESS, "");
    this.#show(this.link.store.get(ADDRESS) ?? "");
  }

  #show(address) {
    for (const old of document.querySelectorAll(".learned")) old.classList.remove("learned");
    this.bar.hidden = !this.#on && !address;
    if (address) {
      const [path] = address.split(" ");
      document.querySelector(`[data-address="${CSS.escape(path)}"]`)?.classList.add("learned");
      say(this.text, `Move a knob, fader or pad: it will play ${named(address)}`);
    } else say(this.text, "MIDI learn: touch the control that you want to play");
  }

  // What is touched while learning is only named, not moved.
  #hold(event) {
    if (this.#on && event.target.closest("[data-address]")) {
      event.stopPropagation();
      event.preventDefault();
    }
  }

  #pick(event) {
    const target = this.#on && event.target.closest("[data-address]");
    if (!target) return;
    event.stopPropagation();
    event.preventDefault();
    const { address } = target.dataset;
    const value = NEEDS_VALUE.has(target.tagName) ? this.link.store.get(address) : undefined;
    const words = typeof value === "string" && value ? [address, value] : [address];
    this.link.send(ADDRESS, words.join(" "));
  }
}

function named(address) {
  return address.replace("/magnet/", "").replace(/^(deck|scene)\/(\d+)\//, "$1 $2 ").replaceAll("_", " ");
}

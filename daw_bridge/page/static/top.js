// The bar at the top: beat, tempo, clock, mix, tools.

import { clock, tempo } from "./clock.js";
import { button, fader, toggle } from "./controls.js";
import { h, say } from "./dom.js";
import { modulo } from "./beat.js";

export class Top {
  #lamps = h("div", { class: "lamps", "aria-hidden": "true" });
  #place = h("output", { class: "place", "aria-label": "Bar and beat" }, "–");
  #set = { bar_beats: 4, beat_beats: 1, line: 0, bar: 0 };
  #lit = -1;

  constructor(element, link, rows, learn, sheet) {
    this.link = link;
    this.has = (address) => rows.some((row) => row.address === address);
    this.element = element;
    const group = (name, ...children) => h("div", { class: `group ${name}` }, ...children.filter(Boolean));
    element.replaceChildren(
      group("time", this.#lamps, this.#place), group("tempo", ...tempo(link, this.has)), this.#more(), group("clock", ...clock(link, this.has)), group("mix", ...this.#mix()), group("tools", ...this.#tools(learn, sheet)));
    link.store.on("set", (set) => this.#meter(set));
  }

  // Called for every picture.
  turn(beat) {
    const { bar_beats: barBeats, beat_beats: beatBeats, line, bar } = this.#set;
    const phase = Math.floor(modulo(beat - line, barBeats) / beatBeats);
    const number = bar + Math.floor((beat - line) / barBeats) + 1;
    say(this.#place, `${number}.${phase + 1}`);
    if (phase === this.#lit) return;
    this.#lamps.children[this.#lit]?.classList.remove("on");
    this.#lamps.children[phase]?.classList.add("on");
    this.#lit = phase;
  }

  #meter(set) {
    const n = Math.round(set.bar_beats / set.beat_beats);
    if (this.#lamps.children.length !== n) {
      this.#lamps.replaceChildren(...Array.from({ length: n }, () => h("i")));
      this.#lit = -1;
    }
    this.#set = set;
  }

  // On a phone clock and tools are folded away.
  #more() {
    const element = h("button", {
      type: "button", class: "more-top", "aria-label": "Clock and tools", "aria-expanded": "false",
      onclick: () => element.setAttribute("aria-expanded", String(this.element.classList.toggle("unfolded"))),
    }, "⋯");
    return element;
  }

  #mix() {
    return [h("span", { class: "tag" }, "mix"), fader(this.link, "/magnet/mix/level", "Level of the mix"),
      button(this.link, "/magnet/mix/stop", "■ All", { class: "stop-all", "aria-label": "Stop all decks" })];
  }

  #tools(learn, sheet) {
    const rest = h("button", {
      type: "button", "aria-label": "More settings of the set", onclick: () => sheet.openRest(),
    }, "More");
    return [toggle(this.link, "/magnet/mix/record", "● Rec", { class: "record", "aria-label": "Record" }),
      this.has("/magnet/midi/learn") && learn.button,
      button(this.link, "/magnet/session/save", "Save", { class: "save", "aria-label": "Save the session" }),
      sheet.rest.length > 0 && rest];
  }
}

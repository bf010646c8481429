// The bar at the top: beat, tempo, clock, mix. Words of the clock that this bridge lacks are left out.

import { button, choice, fader, field, numberField, toggle } from "./controls.js";
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
      group("time", this.#lamps, this.#place), group("tempo", ...this.#tempo()), this.#more(), group("clock", ...this.#clock()), group("mix", ...this.#mix()), group("tools", ...this.#tools(learn, sheet)));
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

  #tempo() {
    const address = "/magnet/clock/bpm";
    const nudge = (by) => () => {
      const bpm = this.link.store.get(address);
      if (bpm !== undefined) this.link.send(address, Math.round((bpm + by) * 100) / 100);
    };
    const step = (label, by) => h("button", {
      type: "button", class: "nudge", "aria-label": `Tempo ${by > 0 ? "up" : "down"}`, onclick: nudge(by),
    }, label);
    const tap = this.has("/magnet/clock/tap")
      && button(this.link, "/magnet/clock/tap", "Tap", { class: "tap" });
    if (tap) this.#atOnce(tap, "/magnet/clock/tap");
    return [step("−", -1),
      h("label", { class: "bpm" }, numberField(this.link, address, {
        low: 20, high: 400, "aria-label": "Tempo in BPM",
      }), h("span", {}, "BPM")), step("+", 1), tap];
  }

  // A tap counts when the finger comes down, not when it leaves.
  #atOnce(element, address) {
    element.addEventListener("pointerdown", (event) => {
      this.link.send(address, 1);
      element.addEventListener("click", (click) => click.stopImmediatePropagation(), {
        capture: true, once: true,
      });
      event.preventDefault();
    });
  }

  // On a phone clock and tools are folded away.
  #more() {
    const element = h("button", {
      type: "button", class: "more-top", "aria-label": "Clock and tools", "aria-expanded": "false",
      onclick: () => element.setAttribute("aria-expanded", String(this.element.classList.toggle("unfolded"))),
    }, "⋯");
    return element;
  }

  #clock() {
    const quantum = choice(this.link, "/magnet/clock/quantum",
      ["beat", "bar", "2 bars", "4 bars", "8 bars"].map((word) => [word, word]),
      { "aria-label": "Quantum: the grid on which decks begin and stop" });
    const steered = this.has("/magnet/clock/leader");
    const sources = steered ? ["auto", "internal", "link", "midi", "osc", "tap"] : ["internal"];
    const source = choice(this.link, "/magnet/clock/source", sources.map((word) => [word, word]),
      { "aria-label": "Clock source" });
    const words = [h("label", {}, h("span", { class: "tag" }, "quantum"), quantum.element),
      h("label", {}, h("span", { class: "tag" }, "clock"), source.element)];
    if (this.has("/magnet/clock/play")) {
      words.push(button(this.link, "/magnet/clock/play", "▶", { "aria-label": "Transport: play" }),
        button(this.link, "/magnet/clock/stop", "■", { "aria-label": "Transport: stop" }));
    }
    if (this.has("/magnet/clock/description")) {
      const who = h("span", { class: "leader" });
      this.link.store.on("/magnet/clock/description", (text) => {
        say(who, text);
        who.title = text;
      });
      words.push(who);
    }
    return words;
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

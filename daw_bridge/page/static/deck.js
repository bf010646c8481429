// One deck's strip.

import { button, choice, fader, field, segments, toggle } from "./controls.js";
import { h, say } from "./dom.js";
import { Wave } from "./wave.js";

const BARS = [1, 2, 4, 8, 16].map((bars) => [bars, String(bars)]);
const WORDS = {
  empty: "empty", rendering: "making", cued: "cued", playing: "playing", fading: "stopping",
  stopped: "stopped",
};

export class Deck {
  constructor(index, link, openSheet) {
    this.index = index;
    this.link = link;
    this.wave = new Wave(`Deck ${index}: how far the next take is`);
    this.at = (name) => `/magnet/deck/${index}/${name}`;
    this.element = h("article", {
      class: "deck", "data-deck": index, "data-state": "empty", "aria-label": `Deck ${index}`,
      id: `deck-${index}`,
    }, this.#head(), this.wave.element, this.#ask(), this.#length(), this.#transport(openSheet),
    this.#level(), this.#facts(openSheet));
    this.#follow();
  }

  focusPrompt() {
    this.prompt.focus();
    this.prompt.select();
  }

  #head() {
    this.state = h("span", { class: "state" }, "empty");
    this.next = h("span", { class: "next", "aria-live": "polite" });
    return h("header", {}, h("span", { class: "light", "aria-hidden": "true" }, String(this.index)),
      h("div", { class: "words" }, this.state, this.next),
      this.#press("undo", "↶", { title: "the take before" }),
      this.#press("redo", "↷", { title: "the take after" }),
      this.#press("keep", "★", { title: "keep this take" }));
  }

  #press(name, label, properties = {}) {
    return button(this.link, this.at(name), label, {
      class: name, "aria-label": `Deck ${this.index} ${name}`, ...properties,
    });
  }

  #level() {
    const name = `Deck ${this.index}`;
    return h("div", { class: "level" }, fader(this.link, this.at("level"), `${name} level`),
      toggle(this.link, this.at("mute"), "M", { class: "mute", "aria-label": `${name} mute` }),
      toggle(this.link, this.at("solo"), "S", { class: "solo", "aria-label": `${name} solo` }));
  }

  #ask() {
    this.prompt = h("textarea", {
      rows: 2, maxlength: 900, spellcheck: "false", autocapitalize: "off", enterkeyhint: "go",
      placeholder: "what you want to hear", "aria-label": `Deck ${this.index} prompt`,
    });
    const typed = field(this.link, this.at("prompt"), this.prompt);
    const generate = () => {
      typed.commit();
      this.link.send(this.at("generate"), 1);
    };
    this.prompt.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      generate();
      this.prompt.blur();
    });
    const go = h("button", {
      type: "button", class: "generate", "data-address": this.at("generate"), onclick: generate,
      "aria-label": `Deck ${this.index} generate`,
    }, "Generate");
    this.link.store.on(this.at("generate"), (on) => go.classList.toggle("lit", Boolean(on)));
    return h("div", { class: "ask" }, this.prompt, go);
  }

  #length() {
    const bars = segments(this.link, this.at("bars"), BARS, `Deck ${this.index} bars`);
    const none = [["", "preset"]];
    const preset = choice(this.link, this.at("preset"), none, {
      "aria-label": `Deck ${this.index} preset`,
    });
    this.link.store.on("lists", ({ presets }) => preset.fill(
      [...none, ...presets.map(({ name }) => [name, name])]));
    return h("div", { class: "length" }, h("span", { class: "tag" }, "bars"), bars, preset.element);
  }

  #transport(openSheet) {
    return h("div", { class: "transport" }, this.#press("launch", "▶", { title: "launch" }),
      this.#press("stop", "■", { title: "stop" }), this.#press("vary", "Vary"), this.#press("infill", "Infill"),
      h("button", {
        type: "button", class: "more", "aria-label": `Deck ${this.index} all settings`,
        title: "all settings", onclick: () => openSheet(this.index, "settings"),
      }, "⋯"));
  }

  #facts(openSheet) {
    const cell = (label, title) => {
      const value = h("dd", {}, "–");
      return [h("div", { title }, h("dt", {}, label), value), value];
    };
    const cells = {
      seed: cell("seed", "ask again with it to get the same take"),
      bpm: cell("BPM", "measured in the audio"),
      seam: cell("seam", "jump at the loop's seam against those inside; up to 1 it cannot be heard"),
      lufs: cell("LUFS", "integrated loudness"),
      rtf: cell("RTF", "compute seconds for a second of audio"),
    };
    this.cells = Object.fromEntries(Object.entries(cells).map(([name, [, value]]) => [name, value]));
    this.takes = h("button", {
      type: "button", class: "takes", "aria-label": `Deck ${this.index} takes`,
      title: "all takes of this deck", onclick: () => openSheet(this.index, "takes"),
    }, "takes");
    return h("footer", {}, this.takes,
      h("dl", { class: "facts" }, ...Object.values(cells).map(([box]) => box)));
  }

  #follow() {
    const { store } = this.link;
    const next = () => this.#showNext(store.get(this.at("next")), store.get(`next ${this.index}`) ?? {});
    store.on(this.at("state"), (state) => {
      this.element.dataset.state = state;
      say(this.state, WORDS[state] ?? state);
      next();
    });
    store.on(this.at("next"), next);
    store.on(`next ${this.index}`, next);
    store.on(this.at("progress"), (share) => {
      this.wave.progress.style.setProperty("--share", share);
      this.wave.progress.setAttribute("aria-valuenow", Math.round(share * 100));
    });
    const wave = () => this.wave.show(store.get(`wave ${this.index}`) ?? {}, store.get("set").bar_beats);
    store.on(`wave ${this.index}`, wave);
    store.on("set", wave);
    store.on(`head ${this.index}`, (head) => this.wave.play(head));
    store.on(`takes ${this.index}`, (takes) => this.#showTakes(takes));
  }

  #showNext(what = "none", { eta = 0, bar = 0 }) {
    this.element.dataset.next = what;
    const first = this.element.dataset.state === "rendering";
    const words = {
      none: "", ready: "ready: launch it", cued: `from bar ${bar}`,
      rendering: [first ? "" : "making the next", eta > 0 ? `${eta.toFixed(0)} s` : ""]
        .filter(Boolean).join(" · "),
    };
    say(this.next, words[what] ?? what);
  }

  #showTakes({ takes, place }) {
    const take = takes[place];
    say(this.takes, takes.length ? `take ${place + 1}/${takes.length}` : "takes");
    const facts = take ?? {};
    say(this.cells.seed, take ? String(facts.seed) : "–");
    say(this.cells.bpm, facts.bpm_measured ? facts.bpm_measured.toFixed(1) : "–");
    say(this.cells.seam, facts.lufs ? facts.seam.toFixed(2) : "–");
    say(this.cells.lufs, facts.lufs ? facts.lufs.toFixed(1) : "–");
    say(this.cells.rtf, facts.rtf ? facts.rtf.toFixed(2) : "–");
    this.cells.seam.classList.toggle("poor", facts.seam > 1.5);
    const strayed = facts.bpm_measured && Math.abs(facts.bpm_measured / facts.bpm - 1) > 0.02;
    this.cells.bpm.classList.toggle("poor", Boolean(strayed));
  }
}

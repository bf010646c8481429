// A deck's takes and all its settings, built from the table: a drawer that moves nothing below it.

import { button, choice, field, numberField, toggle } from "./controls.js";
import { h, number, say } from "./dom.js";
import { loopLength } from "./wave.js";

const DECK = "/magnet/deck/N/";
const SHOWN_ELSEWHERE = new Set(["prompt", "bars", "preset", "level", "mute", "solo", "take", "generate",
  "launch", "stop", "undo", "redo", "keep"]);
const AT_THE_TOP = /^\/magnet\/(deck|scene|midi|session|mix)\/|\/clock\/(bpm|source|quantum|beat|bar|tap|play|stop|playing|leader|description|position)$|\/live\/message$/;

export class Sheet {
  #undo = [];

  constructor(dialog, link, rows) {
    this.dialog = dialog;
    this.link = link;
    this.rows = rows.filter((row) => row.address.startsWith(DECK)
      && !SHOWN_ELSEWHERE.has(row.address.slice(DECK.length)));
    this.rest = rows.filter((row) => !AT_THE_TOP.test(row.address));
    dialog.addEventListener("close", () => this.#clear());
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }

  open(index, tab) {
    this.#clear();
    const takes = h("section", { class: "takes-list", id: "tab-takes", role: "tabpanel" });
    const settings = h("section", { class: "settings", id: "tab-settings", role: "tabpanel" });
    const tabs = [["takes", takes], ["settings", settings]].map(([name, panel]) => {
      const element = h("button", {
        type: "button", role: "tab", "aria-controls": panel.id, onclick: () => show(name),
      }, name === "takes" ? "Takes" : "All settings");
      return { name, panel, element };
    });
    const show = (name) => tabs.forEach((one) => {
      one.element.setAttribute("aria-selected", String(one.name === name));
      one.panel.hidden = one.name !== name;
    });
    this.#fillTakes(index, takes);
    this.#fillSettings(index, settings);
    show(tab);
    this.dialog.replaceChildren(
      h("header", {}, h("h2", { id: "sheet-title" }, `Deck ${index}`),
        h("div", { role: "tablist" }, ...tabs.map((one) => one.element)),
        this.#close()), takes, settings);
    if (!this.dialog.open) this.dialog.showModal();
  }

  // What belongs to the whole set and has no place at the top.
  openRest() {
    this.#clear();
    const own = this.#own;
    const rows = this.rest.map((row) => (row.role === "button"
      ? button(own, row.address, row.address.replace("/magnet/", ""), { title: row.doc })
      : settingRow(own, row, row.address, row.address.replace("/magnet/", "").replace("/", " "))));
    this.dialog.replaceChildren(
      h("header", {}, h("h2", { id: "sheet-title" }, "The set"), h("span", { class: "space" }), this.#close()),
      h("section", { class: "settings" }, ...rows));
    if (!this.dialog.open) this.dialog.showModal();
  }

  #close() {
    return h("button", {
      type: "button", class: "close", "aria-label": "Close", onclick: () => this.dialog.close(),
    }, "✕");
  }

  #clear() {
    this.#undo.forEach((undo) => undo());
    this.#undo = [];
  }

  // Listeners end with the drawer.
  get #own() {
    const { link } = this;
    return {
      send: (...frame) => link.send(...frame),
      store: {
        get: (address) => link.store.get(address),
        on: (address, listener) => {
          const undo = link.store.on(address, listener);
          this.#undo.push(undo);
          return undo;
        },
      },
    };
  }

  #fillTakes(index, panel) {
    const own = this.#own;
    const at = (name) => `/magnet/deck/${index}/${name}`;
    const list = h("ol", {});
    const press = (name, label) => button(own, at(name), label, { "aria-label": `Deck ${index} ${name}` });
    panel.append(h("div", { class: "row" }, press("undo", "↶ Undo"), press("redo", "↷ Redo"),
      press("keep", "Keep")), list);
    own.store.on(`takes ${index}`, ({ takes, place }) => {
      const barBeats = own.store.get("set").bar_beats;
      const rows = takes.map((take, which) => takeRow(take, which, which === place, barBeats,
        () => own.send(at("take"), which + 1)));
      list.replaceChildren(...(rows.length ? rows.reverse()
        : [h("li", { class: "none" }, "No take yet: say what you want to hear, and Generate.")]));
    });
  }

  #fillSettings(index, panel) {
    const own = this.#own;
    const known = h("datalist", { id: "known-models" });
    own.store.on("lists", ({ models }) => known.replaceChildren(
      ...models.map((value) => h("option", { value }))));
    const rows = this.rows.filter((row) => row.role !== "readout");
    const presses = rows.filter((row) => row.role === "button").map((row) => {
      const name = row.address.slice(DECK.length);
      return button(own, row.address.replace("/N/", `/${index}/`), name.replaceAll("_", " "),
        { title: row.doc });
    });
    panel.append(known, h("div", { class: "row wrap" }, ...presses),
      ...rows.filter((row) => row.role === "value").map((row) => settingRow(own, row,
        row.address.replace("/N/", `/${index}/`), row.address.slice(DECK.length).replaceAll("_", " "))));
  }
}

function takeRow(take, which, isOn, barBeats, recall) {
  const facts = [
    `seed ${take.seed}`, loopLength(take.beats, barBeats), `${number(take.bpm, 2)} BPM`,
    take.bpm_measured ? `measured ${number(take.bpm_measured, 1)}` : "",
    take.lufs ? `seam ${take.seam.toFixed(2)}` : "", take.lufs ? `${take.lufs.toFixed(1)} LUFS` : "",
    take.confidence ? `confidence ${take.confidence.toFixed(2)}` : "",
    take.rtf ? `RTF ${take.rtf.toFixed(2)}` : "",
  ].filter(Boolean).join(" · ");
  return h("li", { class: isOn ? "on" : "" }, h("button", {
    type: "button", onclick: recall, "aria-label": `Recall take ${which + 1}`,
    "aria-current": isOn ? "true" : undefined,
  }, h("b", {}, String(which + 1)), h("span", { class: "what" },
    h("span", { class: "prompt" }, `${take.kept ? "★ " : ""}${take.prompt || "take"}`),
    h("small", {}, facts), take.notes ? h("small", { class: "notes" }, take.notes) : "")));
}

function settingRow(link, row, address, name) {
  const id = `setting-${name.replaceAll(" ", "-")}`;
  const hint = [row.hint, row.low !== undefined ? `${row.low} to ${row.high}` : "", row.unit]
    .filter(Boolean).join(", ").replaceAll("`", "");
  const doc = row.doc.replaceAll("`", "");
  return h("div", { class: `setting ${row.kind}` }, h("label", { for: id }, name),
    control(link, address, row, id), h("p", {}, doc, " ", h("em", {}, hint)));
}

function control(link, address, row, id) {
  if (row.role === "readout") {
    const element = h("output", { id });
    link.store.on(address, (value) => say(element, `${value} ${row.unit}`.trim()));
    return element;
  }
  if (row.kind === "switch") {
    const element = toggle(link, address, "", { id, class: "switch" });
    link.store.on(address, (on) => say(element, on ? "on" : "off"));
    return element;
  }
  if (row.choices && row.kind === "choice") {
    return choice(link, address, row.choices.map((word) => [word, word]), { id }).element;
  }
  if (row.kind === "number" || row.kind === "integer") {
    return numberField(link, address, {
      id, low: row.low, high: row.high, step: row.kind === "integer" ? 1 : "any", digits: 3,
    });
  }
  const input = h("input", {
    id, type: "text", autocomplete: "off", spellcheck: "false", maxlength: 900,
    list: row.name === "model" ? "known-models" : undefined,
  });
  return field(link, address, input).element;
}

// The clock at the top: the tempo and who leads it, the quantum, the meter, whom to follow, the transport.
// Words of the clock that this bridge lacks are left out.

import { button, choice, numberField } from "./controls.js";
import { h, say } from "./dom.js";

const AT = "/magnet/clock/";
const NAMES = { internal: "internal clock", midi: "MIDI clock", link: "Link", osc: "OSC transport", tap: "tapped" };
const SOURCES = { auto: "auto", internal: "internal", link: "Link", midi: "MIDI", osc: "OSC", tap: "tap" };
const QUANTA = ["beat", "bar", "2 bars", "4 bars", "8 bars"];
const METERS = ["2/4", "3/4", "4/4", "5/4", "6/8", "7/8", "9/8", "12/8"];

export function tempo(link, has) {
  const address = `${AT}bpm`;
  const nudge = (by) => () => {
    const bpm = link.store.get(address);
    if (bpm !== undefined) link.send(address, Math.round((bpm + by) * 100) / 100);
  };
  const step = (label, by) => h("button", {
    type: "button", class: "nudge", "aria-label": `Tempo ${by > 0 ? "up" : "down"}`, onclick: nudge(by),
  }, label);
  const steps = [step("−", -1), step("+", 1)];
  // They say why where they move nothing.
  onAny(link, (now) => steps.forEach((one) => idle(one, now.leader === "midi" || isNamed(now))));
  const tap = has(`${AT}tap`) && button(link, `${AT}tap`, "Tap", { class: "tap" });
  if (tap) {
    atOnce(link, tap, `${AT}tap`);
    onAny(link, (now) => idle(tap, !tapCounts(now)));
  }
  return [steps[0],
    h("label", { class: "bpm" }, numberField(link, address, {
      low: 20, high: 400, "aria-label": "Tempo in BPM",
    }), leads(link)), steps[1], tap];
}

export function clock(link, has) {
  const pick = (word, tag, options, label) => h("label", {}, h("span", { class: "tag" }, tag),
    choice(link, AT + word, options, { "aria-label": label }).element);
  const same = (words) => words.map((word) => [word, word]);
  const sources = Object.entries(SOURCES).filter(([word]) => has(`${AT}leader`) || word === "internal");
  const words = [
    pick("quantum", "quantum", same(QUANTA), "Quantum: the grid on which decks begin and stop"),
    pick("meter", "meter", same(METERS), "Meter"),
    pick("source", "clock", sources, "Clock source")];
  if (has(`${AT}play`)) words.push(...transport(link));
  if (has(`${AT}description`)) {
    const who = h("span", { class: "leader" });
    link.store.on(`${AT}description`, (text) => {
      say(who, text);
      who.hidden = !text.includes(" "); // what is below the tempo says it already
    });
    words.push(who);
  }
  return words;
}

// What sets the tempo now, in two or three words below it; all of it where a mouse points.
function leads(link) {
  const element = h("output", { class: "leads", "aria-label": "Who leads the clock" }, "BPM");
  onAny(link, (now) => {
    say(element, called(now));
    element.title = now.description ?? "";
    element.dataset.leader = now.leader;
    element.classList.toggle("stopped", now.playing === 0);
  });
  return element;
}

function called({ leader, source, playing, description = "" }) {
  if (leader === "internal") {
    return source in NAMES && source !== "internal" ? `waits for ${SOURCES[source]}` : NAMES.internal;
  }
  const named = description.match(/^osc \((.+)\)(, stopped)?$/); // also where it has just stopped
  const who = named?.[1] ?? NAMES[leader];
  if (playing === 0) return `■ ${who}`;
  return description.includes("beats only") ? `${who}, no bars` : who;
}

// Buttons that would move nothing are dimmed: a transport that is another's, and a stop of nobody's.
function transport(link) {
  const play = button(link, `${AT}play`, "▶", { "aria-label": "Transport: play" });
  const stop = button(link, `${AT}stop`, "■", { "aria-label": "Transport: stop" });
  onAny(link, (now) => {
    const theirs = isNamed(now) || (["midi", "link"].includes(now.leader) && now.playing === 1);
    idle(play, theirs);
    idle(stop, theirs || now.leader !== "osc");
  });
  return [play, stop];
}

function tapCounts({ leader, source, playing }) {
  return source === "tap" || (source === "auto" && (["internal", "tap"].includes(leader) || playing === 0));
}

function isNamed({ leader, name }) {
  return leader === "osc" && Boolean(name);
}

function idle(element, on) {
  element.classList.toggle("idle", on);
  element.setAttribute("aria-disabled", String(on));
}

// Calls with all that is known of who leads when it has changed: once for all that is told together.
function onAny(link, listener) {
  const words = ["leader", "name", "source", "playing", "description"];
  let due = false;
  const look = () => {
    due = false;
    const now = Object.fromEntries(words.map((word) => [word, link.store.get(AT + word)]));
    if (now.leader !== undefined) listener(now);
  };
  words.forEach((word) => link.store.on(AT + word, () => {
    if (!due) requestAnimationFrame(look);
    due = true;
  }));
}

// A tap counts when the finger comes down, not when it leaves.
function atOnce(link, element, address) {
  element.addEventListener("pointerdown", (event) => {
    link.send(address, 1);
    element.addEventListener("click", (click) => click.stopImmediatePropagation(), {
      capture: true, once: true,
    });
    event.preventDefault();
  });
}

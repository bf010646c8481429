// Puts the page together, and keeps it going.

import { BeatClock } from "./beat.js";
import { Connection } from "./connection.js";
import { Deck } from "./deck.js";
import { h, say } from "./dom.js";
import { Keys } from "./keys.js";
import { Learn } from "./learn.js";
import { machine } from "./machine.js";
import { scenes } from "./scenes.js";
import { Sheet } from "./sheet.js";
import { Store } from "./store.js";
import { Top } from "./top.js";

const OWN_BY_DECK = new Set(["takes", "wave", "head", "next"]);
const find = (id) => document.getElementById(id);
const still = matchMedia("(prefers-reduced-motion: reduce)");
const store = new Store();
const clock = new BeatClock();
const link = { store, send: (...frame) => connection.send(...frame) };
let page = null; // what was built
let hello = null;

// A token that came with the address has become a cookie: it need not stay to be seen.
if (location.search) history.replaceState(null, "", "/");

const connection = new Connection(hear, (open) => {
  find("stage").inert = !open;
  document.body.classList.toggle("gone", !open);
  find("away").hidden = open;
  if (open) return;
  find("sheet").close();
  clock.forget();
  say(find("away"), page === null ? "Looking for the bridge…"
    : "The bridge does not answer. What plays, plays on; this page comes back by itself.");
});

function hear(name, value) {
  const now = performance.now();
  if (name === "hello") greet(value);
  else if (name === "beat") clock.tell(value, now);
  else if (name === "pong") clock.pong(value, now);
  else store.set(OWN_BY_DECK.has(name) ? `${name} ${value.deck}` : name, value);
  if (page === null && hello !== null && name === "set") build();
  else if (page !== null && name === "set" && value.decks !== page.decks.length) location.reload();
}

function greet(value) {
  if (hello !== null && hello.version !== value.version) location.reload();
  hello = value;
}

function build() {
  const sheet = new Sheet(find("sheet"), link, hello.rows);
  const learn = new Learn(find("learning"), link);
  const top = new Top(find("top"), link, hello.rows, learn, sheet);
  const decks = Array.from({ length: store.get("set").decks },
    (_, index) => new Deck(index + 1, link, (deck, tab) => sheet.open(deck, tab)));
  find("decks").replaceChildren(...decks.map((deck) => deck.element));
  const chips = decks.map((deck) => chip(deck));
  find("chips").replaceChildren(...chips);
  scenes(find("scenes"), link);
  machine(find("machine"), link);
  const choose = (index, scroll) => {
    decks.forEach((deck) => deck.element.classList.toggle("chosen", deck.index === index));
    chips.forEach((one, place) => one.classList.toggle("chosen", place + 1 === index));
    if (scroll) show(decks[index - 1].element);
  };
  new Keys(link, decks, choose);
  watchSwipes(decks, chips);
  choose(1, false);
  const foot = document.querySelector(".foot");
  new ResizeObserver(() => document.body.style.setProperty("--foot", `${foot.offsetHeight}px`)).observe(foot);
  page = { decks, top };
  requestAnimationFrame(turn);
}

// Small lights for all decks: on a phone they say what the others do, and bring them in.
function chip(deck) {
  const element = h("button", {
    type: "button", "aria-label": `Show deck ${deck.index}`, onclick: () => show(deck.element),
  }, String(deck.index));
  store.on(`/magnet/deck/${deck.index}/state`, (state) => {
    element.dataset.state = state;
    element.setAttribute("aria-label", `Show deck ${deck.index}, ${state}`);
  });
  store.on(`/magnet/deck/${deck.index}/next`, (next) => {
    element.dataset.next = next;
  });
  return element;
}

function show(element) {
  element.scrollIntoView({ behavior: still.matches ? "auto" : "smooth", block: "nearest", inline: "center" });
}

function watchSwipes(decks, chips) {
  const seen = new IntersectionObserver((entries) => entries.forEach((entry) => {
    const index = Number(entry.target.dataset.deck);
    chips[index - 1].classList.toggle("seen", entry.isIntersecting);
  }), { root: find("decks"), threshold: 0.6 });
  decks.forEach((deck) => seen.observe(deck.element));
}

let halfBeat = NaN;

function turn() {
  requestAnimationFrame(turn);
  if (!clock.known) return;
  const beat = clock.at(performance.now());
  page.top.turn(beat);
  const half = Math.floor(beat * 2);
  if (half !== halfBeat) document.body.classList.toggle("off-beat", half % 2 !== 0);
  // Without motion the playheads stand on each beat instead of gliding.
  if (!still.matches) page.decks.forEach((deck) => deck.wave.turn(beat));
  else if (half !== halfBeat) page.decks.forEach((deck) => deck.wave.turn(Math.floor(beat)));
  halfBeat = half;
}

// The keyboard: a digit chooses a deck, letters play it.

const PRESSES = { g: "generate", l: "launch", s: "stop", v: "vary", i: "infill", u: "undo", r: "redo", k: "keep" };
const SWITCHES = { m: "mute", o: "solo" };

export class Keys {
  chosen = 1;

  constructor(link, decks, choose) {
    this.link = link;
    this.decks = decks;
    this.choose = choose;
    document.addEventListener("keydown", (event) => this.#press(event));
    document.addEventListener("focusin", (event) => {
      const deck = event.target.closest?.(".deck");
      if (deck) this.#choose(Number(deck.dataset.deck), false);
    });
  }

  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest("input, textarea, select, dialog")) return;
    const key = event.key.toLowerCase();
    const deck = (name) => `/magnet/deck/${this.chosen}/${name}`;
    if (/^[1-9]$/.test(key) && Number(key) <= this.decks.length) this.#choose(Number(key), true);
    else if (key in PRESSES) this.link.send(deck(PRESSES[key]), 1);
    else if (key in SWITCHES) {
      this.link.send(deck(SWITCHES[key]), this.link.store.get(deck(SWITCHES[key])) ? 0 : 1);
    } else if (key === "/" || key === "p") this.decks[this.chosen - 1].focusPrompt();
    else return;
    event.preventDefault();
  }

  #choose(index, scroll) {
    this.chosen = index;
    this.choose(index, scroll);
  }
}

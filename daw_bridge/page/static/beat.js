// The bridge's beat, reckoned here between the few times that it is told.

const SAMPLES = 8;
const SETTLE_MS = 250;
const LEAP_BEATS = 0.5;

export class BeatClock {
  #told = { at: 0, beat: 0, bpm: 0 };
  #offsets = []; // of the bridge's clock against ours, in seconds, each with its round trip
  #errorBeats = 0;
  #errorMs = 0;

  // A ping came back: how far the bridge's clock is from ours. The quickest of the last is the best.
  pong([sentMs, bridgeSeconds], nowMs) {
    const tripMs = nowMs - sentMs;
    const offset = bridgeSeconds - (sentMs + tripMs / 2) / 1000;
    this.#keepPlace(nowMs, () => {
      this.#offsets = [...this.#offsets, { tripMs, offset }].slice(-SAMPLES);
    });
  }

  tell(told, nowMs) {
    this.#keepPlace(nowMs, () => {
      this.#told = told;
    });
  }

  forget() {
    this.#offsets = [];
    this.#told = { at: 0, beat: 0, bpm: 0 };
  }

  get bpm() {
    return this.#told.bpm;
  }

  get known() {
    return this.#offsets.length > 0 && this.#told.at > 0;
  }

  at(nowMs) {
    const fade = Math.max(0, 1 - (nowMs - this.#errorMs) / SETTLE_MS);
    return this.#reckon(nowMs) + this.#errorBeats * fade;
  }

  // What was shown glides to what is right, unless that is far away.
  #keepPlace(nowMs, change) {
    const before = this.known ? this.at(nowMs) : null;
    change();
    const error = before === null || !this.known ? 0 : before - this.#reckon(nowMs);
    this.#errorBeats = Math.abs(error) < LEAP_BEATS ? error : 0;
    this.#errorMs = nowMs;
  }

  #reckon(nowMs) {
    if (this.#offsets.length === 0) return this.#told.beat;
    const best = this.#offsets.reduce((a, b) => (b.tripMs <= a.tripMs ? b : a));
    const bridgeSeconds = nowMs / 1000 + best.offset;
    return this.#told.beat + ((bridgeSeconds - this.#told.at) * this.#told.bpm) / 60;
  }
}

export const modulo = (value, length) => ((value % length) + length) % length;

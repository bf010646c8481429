// A deck's waveform on the grid of its bars and beats, and the playhead over it.

import { h } from "./dom.js";
import { modulo } from "./beat.js";

export class Wave {
  #canvas = h("canvas", { "aria-hidden": "true" });
  #head = h("div", { class: "head", "aria-hidden": "true" });
  #name = h("span", { class: "loop" });
  #wave = {};
  #barBeats = 4;
  #beats = 0;
  #origin = 0;
  #width = 0;
  #sounded = false;

  constructor(label) {
    this.progress = h("div", { class: "progress", role: "progressbar", "aria-label": label });
    this.element = h("div", { class: "wave" }, this.#canvas, this.#head, this.progress, this.#name);
    new ResizeObserver(() => this.#draw()).observe(this.element);
  }

  show(wave, barBeats) {
    this.#wave = wave;
    this.#barBeats = barBeats;
    this.#draw();
  }

  play({ beats, origin = 0 }) {
    this.#beats = beats;
    this.#origin = origin;
    const sounds = beats > 0;
    if (this.element.classList.toggle("sounds", sounds) !== this.#sounded) this.#draw();
    this.#sounded = sounds;
  }

  // Called for every picture: it moves one element and draws nothing.
  turn(beat) {
    if (this.#beats <= 0) return;
    const place = modulo(beat - this.#origin, this.#beats) / this.#beats;
    this.#head.style.transform = `translateX(${(place * this.#width).toFixed(1)}px)`;
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.element;
    this.#width = width;
    if (width === 0) return;
    const scale = window.devicePixelRatio || 1;
    this.#canvas.width = Math.round(width * scale);
    this.#canvas.height = Math.round(height * scale);
    const paint = this.#canvas.getContext("2d");
    paint.scale(scale, scale);
    const { high = [], rms = [], beats = 0, bpm = 0 } = this.#wave;
    this.#name.textContent = beats ? `${loopLength(beats, this.#barBeats)} · ${bpm.toFixed(1)} BPM` : "";
    if (!beats) return;
    grid(paint, width, height, beats, this.#barBeats);
    const style = getComputedStyle(this.element);
    columns(paint, width, height, high, style.getPropertyValue("--wave-peak"));
    columns(paint, width, height, rms, style.getPropertyValue("--wave-body"));
  }
}

export function loopLength(beats, barBeats) {
  const bars = beats / barBeats;
  return bars >= 1 ? `${+bars.toFixed(2)} ${bars === 1 ? "bar" : "bars"}` : `${+beats.toFixed(2)} beats`;
}

function grid(paint, width, height, beats, barBeats) {
  const bars = beats / barBeats;
  const step = beats <= 64 ? 1 : barBeats * Math.ceil(bars / 32);
  for (let beat = step; beat < beats - 1e-6; beat += step) {
    const isBar = Math.abs(beat / barBeats - Math.round(beat / barBeats)) < 1e-6;
    paint.fillStyle = isBar ? "rgba(244, 241, 232, 0.30)" : "rgba(244, 241, 232, 0.09)";
    paint.fillRect(Math.round((beat / beats) * width), 0, 1, height);
  }
}

function columns(paint, width, height, values, colour) {
  paint.fillStyle = colour;
  const middle = height / 2;
  const step = width / values.length;
  values.forEach((value, index) => {
    const half = Math.max(0.5, (value / 100) * (middle - 3));
    paint.fillRect(index * step, middle - half, Math.max(1, step - 0.35), half * 2);
  });
}

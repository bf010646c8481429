// The row at the bottom: what the bridge says, underruns, RTF, sound device, server.

import { h, say } from "./dom.js";

const KEPT = 30;

export function machine(element, link) {
  const message = h("button", {
    type: "button", class: "message", title: "what was said before",
    "aria-expanded": "false", onclick: () => unfold(!element.classList.contains("unfolded")),
  }, h("span", { "aria-live": "polite" }));
  const before = h("ol", { class: "before", "aria-label": "What was said before" });
  const unfold = (on) => {
    element.classList.toggle("unfolded", on);
    message.setAttribute("aria-expanded", String(on));
  };
  const sentences = [];
  const add = (sentence, wrong) => {
    if (!sentence) return;
    sentences.unshift(sentence);
    sentences.length = Math.min(sentences.length, KEPT);
    say(message.firstChild, sentence);
    message.classList.toggle("wrong", wrong);
    before.replaceChildren(...sentences.map((one) => h("li", {}, one)));
  };
  link.store.on("said", ({ said }) => said.filter((one) => one !== sentences[0])
    .forEach((one) => add(one, false)));
  link.store.on("/magnet/error", (sentence) => add(sentence, true));

  const [underruns, rtf, sound, server] = ["underruns", "RTF", "sound", "server"].map((label) => {
    const value = h("dd", {}, "–");
    return { box: h("div", { class: label.toLowerCase() }, h("dt", {}, label), value), value };
  });
  link.store.on("machine", (now) => {
    say(underruns.value, now.underruns ? `${now.underruns} (${now.late} ours)` : "0");
    underruns.box.classList.toggle("poor", now.underruns > 0);
    say(rtf.value, now.rtf ? now.rtf.toFixed(2) : "–");
    rtf.box.classList.toggle("poor", now.rtf > 1);
    say(sound.value, now.fault || now.sound);
    sound.value.title = now.fault || now.sound;
    sound.box.classList.toggle("poor", Boolean(now.fault));
    say(server.value, now.server);
    server.value.title = now.server;
  });
  element.replaceChildren(before, message,
    h("dl", {}, underruns.box, rtf.box, server.box, sound.box));
}

// Elements in one line: h("button", {class: "big", onclick: f}, "Stop").

export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// Writes only what differs: no work for the browser, and no flicker of what is being read out.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function number(value, digits = 1) {
  return Number(value).toFixed(digits).replace(/\.?0+$/, "");
}

export function decibels(value) {
  if (value <= -90) return "−∞ dB";
  return `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(1)} dB`;
}

// Max's js object, as far as our scripts meet it: node max_js.js SCRIPT. A line in is a message
// {"say": [word, …]}, a wait {"wait": ms} or {"track": path}; the line out is what left the outlets.
"use strict";
const fs = require("fs");
const vm = require("vm");

const sent = [];
const tasks = new Set();
let now = 0;
let path = "live_set tracks 0";

class Task {
  constructor(fn, self) { this.fn = fn; this.self = self; this.due = null; tasks.add(this); }
  schedule(ms) { this.due = now + ms; }
  cancel() { this.due = null; }
}
class LiveAPI {
  constructor(asked) {
    if (asked !== "this_device canonical_parent") throw new Error("unknown path " + asked);
  }
  get unquotedpath() { return path; }
}

const box = {
  Task, LiveAPI, outlets: 1, inlets: 1, messagename: "",
  arrayfromargs: (args) => Array.from(args),
  outlet(index, ...words) {
    const args = words.length === 1 && Array.isArray(words[0]) ? words[0] : words;
    if (index >= box.outlets) throw new Error("no outlet " + index);
    if (args.some((arg) => !["number", "string"].includes(typeof arg) || Number.isNaN(arg)))
      throw new Error("an outlet takes numbers and texts: " + JSON.stringify(args));
    sent.push([index, ...args]);
  },
};
vm.createContext(box);
vm.runInContext(fs.readFileSync(process.argv[2], "utf8"), box);

function say(word, ...args) {
  box.messagename = word;
  const own = typeof word === "string" && typeof box[word] === "function" && word !== "outlet";
  (own ? box[word] : box.anything).apply(box, args);
}

function wait(ms) {
  const end = now + ms;
  for (;;) {
    const next = [...tasks].filter((t) => t.due !== null && t.due <= end)
      .sort((a, b) => a.due - b.due)[0];
    if (!next) break;
    now = next.due;
    next.due = null;
    next.fn.call(next.self);
  }
  now = end;
}

require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const order = JSON.parse(line);
  if (order.track !== undefined) path = order.track;
  if (order.say) say(...order.say);
  if (order.wait) wait(order.wait);
  console.log(JSON.stringify(sent.splice(0)));
});

// Made by python -m daw_bridge.integrations.patches: change the parts in patches/js.

// Made into every script of ours: a reply port of its own, and requests with ids.
// A message that has the name of a function here calls it, past anything(): so what is not for
// messages has a name that no message has. Max tells nobody when a port is taken, so a port counts as ours once an answer came in on it.

var TO_NET = 0, TO_PORT = 1, TO_PROGRESS = 2, TO_STATE = 3;
var RATE_MIN = 8000, RATE_MAX = 192000;
var ANSWER_MS = 1500;
var AGAIN_MS = 1000;
var N_QUIET_TRIES = 3;

var link = {
  root: "/magnet/", silence: "", port: 0, ours: false, tries: 0, lastId: 0, job: 0, asked: false,
  claiming: null, waiting: null
};

function pushRate(names, rate) {
  if (rate >= RATE_MIN && rate <= RATE_MAX) names.push("rate", Math.round(rate));
}

function say(text) {
  outlet(TO_STATE, "set", text);
}

function claimPort() {
  if (link.ours) return;
  link.tries += 1;
  if (link.tries > N_QUIET_TRIES) say(link.silence);
  link.port = 20000 + Math.floor(Math.random() * 20000);
  outlet(TO_PORT, "port", link.port);
  outlet(TO_NET, link.root + "notify", "port", link.port);
  link.claiming.cancel();
  link.claiming.schedule(AGAIN_MS);
}

function openLink(root, silence) {
  link.root = root;
  link.silence = silence;
  link.ours = false;
  link.tries = 0;
  link.claiming = new Task(claimPort, this);
  link.waiting = new Task(nobodyAnswered, this);
  claimPort();
}

function nobodyAnswered() {
  if (!link.asked) return;
  link.asked = false;
  link.ours = false;
  say(link.silence);
  claimPort();
}

function ask(verb, names) {
  link.lastId += 1;
  link.job = link.lastId;
  link.asked = true;
  // What we ask may have been started anew meanwhile, and know nothing of our port.
  if (link.ours) outlet(TO_NET, link.root + "notify", "port", link.port);
  outlet(TO_NET, [link.root + verb, link.job].concat(names));
  outlet(TO_PROGRESS, 0);
  say("asked");
  link.waiting.cancel();
  link.waiting.schedule(ANSWER_MS);
}

function cancelJob() {
  if (link.job) outlet(TO_NET, link.root + "cancel", link.job);
}

// Whether a reply belongs to the newest request: what comes for an older one is not shown.
function isNewest(id) {
  link.asked = false;
  return id === link.job;
}

function heardPort(port) {
  if (port === link.port) link.ours = true;
}

function shownTime(seconds) {
  return seconds >= 1 ? Math.round(seconds) + " s to go" : "soon";
}

function pushNumber(names, name, value, least) {
  if (value >= least) names.push(name, value);
}

// magnet~ in Max: asks the server itself, loads what it makes into the buffer that is not heard,
// and changes over where the loop begins again.

inlets = 1;
outlets = 7;

var TO_BUFFER = 4, TO_DECK = 5, TO_ALL = 6;
var TICKS_PER_BEAT = 480;
var FADE_MS = 5;
var NOBODY = "nobody answers: start magnet-server, and compare its port with magnet~'s";
var set = { prompt: "", bars: 4, bpm: 0, seed: -1, takes: 1, amount: 0.5 };
var host = { tempo: 120, meter: "4/4", rate: 0 };
var more = [];
var decks = { heard: -1, spare: -1, loading: -1, ticks: [0, 0], wants: false };
var source = [];  // what vary and the others start from: a clip, or a WAV and its tempo
var drawn = [];   // the takes of the newest request, the best first

function tempoNames() {
  return ["bpm", set.bpm > 0 ? set.bpm : host.tempo];
}

function generate() {
  if (!set.prompt) {
    say("say what you want to hear: prompt dusty breakbeat");
    return;
  }
  var names = ["prompt", set.prompt, "bars", set.bars].concat(tempoNames());
  names.push("meter", host.meter);
  pushRate(names, host.rate);
  pushDraws(names);
  ask("generate", names.concat(more));
}

function pushDraws(names) {
  pushNumber(names, "seed", set.seed, 0);
  pushNumber(names, "takes", set.takes, 2);
}

function revise(verb, own) {
  if (!source.length) {
    say("there is no clip yet: generate one first");
    return;
  }
  var names = ["clip", source[0]].concat(own);
  if (source.length > 1) names.push("bpm", source[1]);
  pushDraws(names);
  ask(verb, names.concat(more));
}

function recall(clip) {
  var names = ["clip", clip];
  pushRate(names, host.rate);
  ask("clip/get", names);
}

function recallTake(rank) {
  if (drawn[rank - 1]) recall(drawn[rank - 1]);
  else say("there is no take " + rank + " of " + drawn.length);
}

// take id rank of clip …
function keepTake(args) {
  if (args[1] === 1) drawn = [];
  drawn.push(args[3]);
}

// ready id clip path seconds bars bpm …
function load(args) {
  source = [args[1]];
  decks.spare = -1;
  decks.loading = decks.heard === 0 ? 1 : 0;
  decks.ticks[decks.loading] = Math.round(args[3] * args[5] / 60 * TICKS_PER_BEAT);
  outlet(TO_BUFFER, decks.loading, "replace", String(args[2]).replace(/\\/g, "/"));
}

function loaded(which) {
  if (which !== decks.loading) return;
  decks.spare = which;
  decks.loading = -1;
  outlet(TO_DECK, which, "time", decks.ticks[which], "ticks");
  if (decks.wants && decks.heard < 0) changeOver();
}

function changeOver() {
  if (decks.spare < 0) return;
  if (decks.heard >= 0) outlet(TO_DECK, decks.heard, "fade", 0, FADE_MS);
  outlet(TO_DECK, decks.spare, "fade", 1, FADE_MS);
  decks.heard = decks.spare;
  decks.spare = -1;
}

function wrapped(which) {
  if (which !== decks.heard) return;
  outlet(TO_ALL, "loop");
  changeOver();
}

function start() {
  decks.wants = true;
  if (decks.heard < 0) changeOver();
}

function stop() {
  decks.wants = false;
  if (decks.heard >= 0) outlet(TO_DECK, decks.heard, "fade", 0, FADE_MS);
  // The same clip can be started again.
  if (decks.spare < 0 && decks.loading < 0) decks.spare = decks.heard;
  decks.heard = -1;
}

function heard(word, args) {
  if (word === "notified") {
    heardPort(args[1]);
    return;
  }
  if (word === "error") {
    say(args.join(" "));
    return;
  }
  if (!isNewest(args[0])) return;
  if (word === "progress") outlet(TO_PROGRESS, args[1]);
  if (word === "accepted") say(args[1] ? "waits for " + args[1] + " others" : "it begins");
  if (word === "failed") say(args[2]);
  if (word === "cancelled") say("cancelled");
  if (word === "take") keepTake(args);
  if (word === "ready") {
    outlet(TO_PROGRESS, 1);
    say("ready: seed " + args[9]);
    load(args);
  }
  outlet(TO_ALL, [word].concat(args));
}

var DO = {
  begin: function () { openLink("/magnet/", NOBODY); },
  generate: generate, start: start, stop: stop, cancel: cancelJob,
  vary: function (amount) { revise("vary", ["amount", amount === undefined ? set.amount : amount]); },
  infill: function (from, to) { revise("infill", ["from", from, "to", to]); },
  "continue": function () { revise("continue", ["bars", set.bars]); },
  loop: function () { revise("loop", []); },
  clip: function () { source = arrayfromargs(arguments); },
  get: recall, take: recallTake,
  loaded: loaded, wrapped: wrapped,
  more: function () { more = arrayfromargs(arguments); },
  tempo: function (bpm) { host.tempo = bpm; },
  meter: function (upper, lower) { host.meter = upper + "/" + lower; },
  rate: function (hz) { host.rate = hz; }
};

function anything() {
  var args = arrayfromargs(arguments);
  var word = messagename;
  if (word.indexOf("/magnet/") === 0) {
    heard(word.slice(8), args);
  } else if (word === "prompt") {
    set.prompt = args.join(" ");
  } else if (set.hasOwnProperty(word)) {
    set[word] = Number(args[0]);
  } else if (DO.hasOwnProperty(word)) {
    DO[word].apply(this, args);
  } else {
    say("magnet~ knows no " + word);
  }
}

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

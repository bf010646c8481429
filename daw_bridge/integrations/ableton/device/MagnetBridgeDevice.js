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

// The Max for Live device: what its controls say goes to MagnetBridge, the control surface, with
// the number of the track that the device is on.

inlets = 1;
outlets = 4;

var SURFACE = "MagnetBridge does not answer: choose it under Settings > Link, Tempo & MIDI";
var set = {
  prompt: "", bars: 4, takes: 1, seed: -1, temperature: 0, guidance: 0, amount: 0.5, rate: 0
};

function trackNumber() {
  var path = new LiveAPI("this_device canonical_parent").unquotedpath;
  var found = /^live_set tracks (\d+)/.exec(path);
  return found ? Number(found[1]) + 1 : 0;
}

function draws(names) {
  pushNumber(names, "takes", set.takes, 2);
  pushNumber(names, "seed", set.seed, 0);
  pushNumber(names, "temperature", set.temperature, 0.01);
  pushNumber(names, "guidance_max", set.guidance, 0.01);
  return names;
}

function request(verb) {
  var track = trackNumber();
  if (!track) {
    say("put this device on an audio track");
    return;
  }
  if (verb === "generate" && !set.prompt) {
    say("type what you want to hear");
    return;
  }
  var names = ["track", track];
  // Of a clip that is there the words, the tempo and the rate are its own.
  if (verb === "generate") {
    names.push("prompt", set.prompt, "bars", set.bars);
    pushRate(names, set.rate);
  } else if (verb === "continue") {
    names.push("bars", set.bars);
  } else if (verb === "vary") {
    names.push("amount", set.amount);
  }
  ask(verb, draws(names));
}

function heard(word, args) {
  if (word === "notified") {
    heardPort(args[1]);
    return;
  }
  if (!isNewest(args[0])) return;
  if (word === "accepted") say(args[1] ? "waits for " + args[1] + " others" : "it begins");
  if (word === "waiting") say(args[1]);
  if (word === "landed") say("landed in " + args[2]);
  if (word === "failed") say(args[2]);
  if (word === "progress") {
    outlet(TO_PROGRESS, args[1]);
    say(Math.round(100 * args[1]) + " %, " + shownTime(args[2]));
  }
}

function anything() {
  var args = arrayfromargs(arguments);
  var word = messagename;
  if (word.indexOf("/live-magnet/") === 0) {
    heard(word.slice(13), args);
  } else if (word === "prompt") {
    set.prompt = args.join(" ");
  } else if (set.hasOwnProperty(word)) {
    set[word] = Number(args[0]);
  } else if (word === "begin") {
    openLink("/live-magnet/", SURFACE);
  } else if (word === "cancel") {
    cancelJob();
  } else if (["generate", "vary", "infill", "continue", "loop"].indexOf(word) >= 0) {
    request(word);
  } else {
    say("there is no " + word);
  }
}

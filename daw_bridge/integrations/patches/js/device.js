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

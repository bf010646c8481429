// The decks of `magnet-bridge live`, played by its fader dialect: one address, one value.
//
// Whoever has sent one address hears every change. What was heard stands in `values` (on a deck: by
// its word, here by "clock/bpm"); whoever wants to know when it changes sets `onChange`.
MagnetLive {
	classvar <buttons = #[\generate, \vary, \infill, \continue, \loop, \capture, \launch, \stop, \undo,
		\redo, \keep];
	classvar <askEverySeconds = 2;

	var <addr, <values, <>onChange, <>onMessage;
	var decks, listener, heard, asking;

	*new { |host = "127.0.0.1", port = 12100| ^super.new.init(NetAddr(host, port)) }

	init { |address|
		addr = address;
		values = IdentityDictionary.new;
		decks = IdentityDictionary.new;
		listener = { |msg, time, from|
			if(from.port == addr.port and: { from.addr == addr.addr }) { this.prHear(msg) }
		};
		thisProcess.addOSCRecvFunc(listener);
		asking = { loop { this.ask; askEverySeconds.wait } }.fork(SystemClock)
	}

	// The bridge answers; after 3 unanswered questions it does not.
	isThere { ^heard.notNil and: { (Main.elapsedTime - heard) < (3 * askEverySeconds) } }

	deck { |number| ^MagnetDeck(number, this) }

	send { |address ... args| addr.sendMsg("/magnet/" ++ address, *args) }

	bpm { ^values['clock/bpm'] }
	bpm_ { |value| this.send("clock/bpm", value.asFloat) }
	quantum { ^values['clock/quantum'] }
	quantum_ { |value| this.send("clock/quantum", value.asString) }
	level { ^values['mix/level'] }
	level_ { |decibels| this.send("mix/level", decibels.asFloat) }
	beat { ^values['clock/beat'] }
	message { ^values['live/message'] }
	stop { this.send("mix/stop", 1) }
	save { this.send("session/save", 1) }
	record { |on = true| this.send("mix/record", on.binaryValue) }
	launchScene { |number| this.send("scene/%/launch".format(number), 1) }
	storeScene { |number| this.send("scene/%/store".format(number), 1) }

	// Asks for all that this and its decks show: a bridge that was started anew answers too.
	ask {
		#["live/message", "clock/bpm", "clock/quantum", "mix/level"].do { |name| this.send(name) }
	}

	free {
		asking.stop;
		thisProcess.removeOSCRecvFunc(listener);
		decks.clear
	}

	prAdd { |deck| decks[deck.number] = deck }

	prDeck { |number| ^decks[number] }

	prHear { |msg|
		var path = msg[0].asString, words, new = this.isThere.not;
		if(path.beginsWith("/magnet/").not or: { msg.size != 2 }) { ^this };
		words = path.drop(8).split($/);
		if(words[0] == "error") { ^this.prTell(msg[1]) };
		if(#["deck", "clock", "mix", "live", "scene", "input", "session"].includesEqual(words[0]).not) {
			^this
		};
		heard = Main.elapsedTime;
		if(new) { decks.do(_.ask) };
		if(words[0] == "deck") {
			decks[words[1].asInteger] !? { |deck| deck.prHear(words[2].asSymbol, msg[1]) }
		} {
			this.prKeep(path.drop(8).asSymbol, msg[1])
		}
	}

	prKeep { |name, value|
		if(values[name] != value) {
			values[name] = value;
			onChange.(name, value);
			if(name == 'live/message' and: { value.asString != "" }) { this.prTell(value) }
		}
	}

	prTell { |text|
		if(onMessage.isNil) { "magnet-bridge live: %".format(text).postln };
		onMessage.(text.asString)
	}
}

// One deck of a MagnetLive. Numbers and texts are set like variables, buttons are methods.
MagnetDeck {
	classvar <shown = #[\prompt, \bars, \level, \mute, \solo, \take, \takes, \state, \next, \progress];

	var <number, <live, <values, <>onChange;

	*new { |number = 1, live|
		var there = live !? { live.prDeck(number) };
		^there ?? { super.newCopyArgs(number, live ?? { MagnetLive() }).init }
	}

	init {
		values = IdentityDictionary.new;
		live.prAdd(this);
		this.ask
	}

	generate { |prompt, bars|
		prompt !? { this.prompt = prompt };
		bars !? { this.bars = bars };
		this.press(\generate)
	}
	vary { |amount|
		amount !? { this.set(\amount, amount.asFloat) };
		this.press(\vary)
	}
	infill { |begin, end|
		begin !? { this.set(\infill_from, begin.asFloat) };
		end !? { this.set(\infill_to, end.asFloat) };
		this.press(\infill)
	}
	continue { |bars|
		bars !? { this.bars = bars };
		this.press(\continue)
	}
	capture { |bars|
		bars !? { this.set(\capture_bars, bars.asInteger) };
		this.press(\capture)
	}
	closeLoop { this.press(\loop) }
	launch { this.press(\launch) }
	stop { this.press(\stop) }
	undo { this.press(\undo) }
	redo { this.press(\redo) }
	keep { this.press(\keep) }

	prompt { ^values[\prompt] }
	prompt_ { |words| this.set(\prompt, words.asString) }
	bars { ^values[\bars] }
	bars_ { |value| this.set(\bars, value.asFloat) }
	level { ^values[\level] }
	level_ { |decibels| this.set(\level, decibels.asFloat) }
	mute { ^values[\mute] == 1 }
	mute_ { |on| this.set(\mute, on.binaryValue) }
	solo { ^values[\solo] == 1 }
	solo_ { |on| this.set(\solo, on.binaryValue) }
	state { ^values[\state] }
	next { ^values[\next] }
	progress { ^values[\progress] }

	// Any other word of the deck: seed, key, amount, infill_from, follow, take, …
	set { |word, value| this.prSend(word, value) }
	press { |button| this.prSend(button, 1) }

	// Whether a button's lamp is lit.
	isLit { |button| ^values[button] == 1 }

	ask { (shown ++ MagnetLive.buttons).do { |word| this.prSend(word) } }

	prSend { |word ... args| live.send("deck/%/%".format(number, word), *args) }

	prHear { |word, value|
		if(values[word] != value) {
			values[word] = value;
			onChange.(word, value)
		}
	}
}

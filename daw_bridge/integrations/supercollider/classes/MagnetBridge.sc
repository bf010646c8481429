// Loops that MAGNeT makes from words, in time with a TempoClock. Help: HelpSource/Classes/Magnet.
//
// A launch falls on the clock's grid. It starts fadeSeconds early, in the tail of its own loop, and
// fades in there: the first beat is whole and the change does not click. From then on PlayBuf loops
// by itself, so that the period is the buffer's length to the sample; since a sound card and the
// language's clock drift apart by some milliseconds in ten minutes, the loop is launched anew every
// `resync` passes.
Magnet {
	classvar <fadeSeconds = 0.01;
	classvar <patienceSeconds = 2.0;
	classvar lastId = 0;

	var <addr, <server, <>clock, <>quant, <>resync, <>out = 0;
	var <clip, <buffer, <synth, <isPlaying = false, <amp = 1, <newest, <>source, <takes;
	var jobs, responders, lane, launches = 0, playing, origin = 0;

	*new { |host = "127.0.0.1", port = 12100, server, clock, quant, resync = 16|
		^super.newCopyArgs(
			NetAddr(host, port), server ? Server.default, clock ? TempoClock.default, quant, resync
		).init
	}

	init {
		jobs = IdentityDictionary.new;
		takes = [];
		lane = "supercollider-%".format(Magnet.prNextId);
		responders = [
			this.prOn('/magnet/progress', { |job, args| job[\onProgress].(*args) }),
			this.prOn('/magnet/ready', { |job, args, id| this.prReady(id, job, args) }),
			this.prOn('/magnet/failed', { |job, args, id| this.prEnd(id, \onError, *args) }),
			this.prOn('/magnet/cancelled', { |job, args, id|
				this.prEnd(id, \onError, \cancelled, "The request was cancelled.")
			}),
			this.prOn('/magnet/pong', { |job, args, id| this.prEnd(id, \onReady, this) }),
			this.prOn('/magnet/welcome', { |job, args, id| this.prEnd(id, \onReady, this) }),
			this.prOn('/magnet/accepted', { |job, args| this.prNote(args[2]) }),
			this.prOn('/magnet/take', { |job, args, id| this.prTakeOf(id, job, args) }),
			this.prOn('/magnet/preview', { |job, args, id| this.prPreview(id, job, args[0]) }),
			this.prOn('/magnet/status/reply', { |job, args, id|
				this.prEnd(id, \onReady, Event.newFrom(args))
			}),
			OSCFunc({ |msg| "Magnet: %".format(msg[1]).warn }, '/magnet/error', addr).fix
		];
		CmdPeriod.add(this);
		ServerQuit.add(this, server);
	}

	// Is the server there? With a token: let this client in. action.(magnet), onError.(code, text)
	connect { |token, action, onError|
		var id = this.prJob(action, nil, onError);
		if(token.isNil) {
			addr.sendMsg('/magnet/ping', id)
		} {
			addr.sendMsg('/magnet/hello', id, \token, token.asString)
		}
	}

	// Asks for a clip. Answers this, not the id: a number would make a scheduled function run again.
	// Several prompts are an array with their weights: ["dusty breakbeat", 0.7, "warm pad", 0.3].
	//   onReady.(clip), onProgress.(fraction, step, steps, eta), onError.(code, text)
	generate { |prompt, bars = 4, bpm, seed, options, onReady, onProgress, onError|
		var tempo = (bpm ? (clock.tempo * 60)).asFloat;
		this.prAsk('/magnet/generate',
			this.prWords(prompt) ++ [\bars, (bars ? 4).asFloat, \bpm, tempo]
				++ this.prSound ++ this.prSeed(seed),
			options, tempo, onReady, onProgress, onError)
	}

	// Stops a request, the newest unless an id is given.
	cancel { |id|
		id = id ? newest;
		id !? { addr.sendMsg('/magnet/cancel', id) }
	}

	// Plays the clip that is there, and every clip that comes, from the next line of the grid.
	play { |quant|
		quant !? { this.quant = quant };
		isPlaying = true;
		buffer !? { this.prLaunch }
	}

	stop { |fade|
		isPlaying = false;
		launches = launches + 1;
		synth !? { this.prLater({ |node| node.release(fade ? fadeSeconds) }); synth = nil }
	}

	amp_ { |value|
		amp = value;
		synth !? { this.prLater({ |node| node.set(\amp, value) }) }
	}

	free {
		this.stop;
		responders.do(_.free);
		CmdPeriod.remove(this);
		ServerQuit.remove(this, server);
		this.prFreeLater(buffer);
		if(playing !== buffer) { this.prFreeLater(playing) };
		buffer = playing = nil
	}

	cmdPeriod {
		isPlaying = false;
		launches = launches + 1;
		synth = nil
	}

	doOnServerQuit {
		this.cmdPeriod;
		buffer = playing = nil
	}

	*synthDef { |numChannels|
		^SynthDef("magnetLoop%".format(numChannels).asSymbol, {
			|out = 0, bufnum, startPos = 0, amp = 1, gate = 1, fade = 0.01|
			var env = EnvGen.kr(Env.asr(fade, 1, fade, \lin), gate, doneAction: 2);
			var sig = PlayBuf.ar(
				numChannels, bufnum, BufRateScale.kr(bufnum), startPos: startPos, loop: 1
			);
			if(numChannels == 1) { sig = [sig, sig] };
			OffsetOut.ar(out, sig * env * amp.lag(0.02))
		})
	}

	*prNextId { ^lastId = lastId + 1 }

	// Handles one reply address for requests of this instance: func.(job, arguments, id)
	prOn { |address, func|
		^OSCFunc({ |msg|
			var job = jobs[msg[1]];
			job !? { job[\answered] = true; func.(job, msg.drop(2), msg[1]) }
		}, address, addr).fix
	}

	prJob { |onReady, onProgress, onError|
		var id = Magnet.prNextId;
		jobs[id] = (onReady: onReady, onProgress: onProgress, onError: onError, answered: false);
		SystemClock.sched(patienceSeconds, {
			if(jobs[id].notNil and: { jobs[id][\answered].not }) {
				this.prEnd(id, \onError, \no_answer,
					"No answer from % port %: start magnet-server and check the port."
					.format(addr.hostname, addr.port))
			};
			nil
		});
		^id
	}

	// Takes a request off the list and tells its owner; errors that nobody handles are posted.
	prEnd { |id, event ... args|
		var job = jobs.removeAt(id);
		if(event == \onError) {
			if(job[\onError].isNil) { "Magnet: %".format(args[1]).warn };
			job[\onError].(args[0].asSymbol, args[1].asString)
		} {
			job[event].(*args)
		}
	}

	prRate {
		// As far as the server goes; beyond, BufRateScale plays it at its speed.
		^(server.sampleRate ? 48000).round.asInteger.clip(8000, 192000)
	}

	prReady { |id, job, args|
		var names = #[\clip, \path, \seconds, \bars, \bpm, \measured, \seam, \lufs, \seed, \rate,
			\rtf, \notes, \seamFlux, \seamPerplexity, \confidence, \takes, \tempoConfidence,
			\stretch, \turnedBeats, \unknownWords];
		var known = args.keep(names.size);
		var info = Event.newFrom([names.keep(known.size), known].lace);
		#[\clip, \path, \notes, \unknownWords].do { |name| info[name] = (info[name] ? "").asString };
		this.prNote(info[\notes]);
		if(info[\unknownWords] != "") {
			this.prNote("the model has never learned: %".format(info[\unknownWords]))
		};
		source = (clip: info[\clip]);
		if(server.serverRunning.not) {
			clip = info;
			^this.prEnd(id, \onReady, info)
		};
		if(info[\rate] != this.prRate) { ^this.prAgain(id, job, info[\clip]) };
		this.prLoad(info, {
			var inPlace = playing.notNil and: { playing === job[\preview] };
			job[\ready] = true;
			this.prTake(info, inPlace);
			this.prEnd(id, \onReady, info)
		}, { |text| this.prEnd(id, \onError, \storage_failed, text) })
	}

	// An infill has the rate of its clip: it is asked for again at the sound server's.
	prAgain { |id, job, clip|
		var again = this.prGet(clip, job[\onReady], job[\onError]);
		jobs[again][\preview] = job[\preview];
		jobs.removeAt(id)
	}

	// Reads info[\path] into info[\buffer], then calls one of the two.
	prLoad { |info, onLoaded, onFailed|
		{
			var loaded;
			Magnet.synthDef(2).send(server);
			Magnet.synthDef(1).send(server);
			loaded = Buffer.read(server, info[\path]);
			server.sync;
			if((loaded.numFrames ? 0) > 0) {
				info[\buffer] = loaded;
				onLoaded.value
			} {
				onFailed.value("The sound server cannot read %: both servers must see the same disk."
					.format(info[\path]))
			}
		}.fork(SystemClock)
	}

	// A clip is in memory: the one that waited for its launch, if any, has been overtaken.
	prTake { |info, inPlace = false|
		if(buffer !== playing) { this.prFree(buffer) };
		clip = info;
		buffer = info[\buffer];
		if(isPlaying) { this.prLaunch(inPlace) }
	}

	// In place: from where the loop is that plays, since it is the same music; else from the start.
	prLaunch { |inPlace = false|
		var launch = launches = launches + 1;
		var grid = quant ?? { clock.beatsPerBar };
		var offset;
		clock.schedAbs(clock.nextTimeOnGrid(grid), {
			if(isPlaying and: { launch == launches }) {
				offset = offset ?? { if(inPlace) { this.prPosition } { 0 } };
				this.prSwitch(offset);
				this.prBeatsToResync
			}  // a number: again after so many beats, whole passes; nil: never again
		})
	}

	prPosition {
		^((thisThread.seconds - origin) * buffer.sampleRate).round % buffer.numFrames
	}

	prSwitch { |offset = 0|
		var old = synth, fadeFrames = (fadeSeconds * buffer.sampleRate).round;
		server.makeBundle(((server.latency ? 0.2) - fadeSeconds).max(0), {
			old !? { old.release(fadeSeconds) };
			synth = Synth("magnetLoop%".format(buffer.numChannels), [
				\out, out, \bufnum, buffer, \amp, amp, \fade, fadeSeconds,
				\startPos, (offset - fadeFrames) % buffer.numFrames
			], server)
		});
		origin = thisThread.seconds - (offset / buffer.sampleRate);
		if(playing !== buffer) { this.prFreeLater(playing) };
		playing = buffer
	}

	// A synth that was just launched is there only when its bundle is due: never overtake it.
	prLater { |func|
		var node = synth;
		server.makeBundle(server.latency ? 0.2, { func.(node) })
	}

	prBeatsToResync {
		var beats = buffer.numFrames / buffer.sampleRate * clock.tempo;
		if(resync.isNil or: { clip[\bpm].isNil } or: { (clip[\bpm] - (clock.tempo * 60)).abs > 0.001 }) { ^nil };
		^(beats * resync).round(0.25)
	}

	prFreeLater { |old|  // once the synth that reads it has faded out
		SystemClock.sched((server.latency ? 0.2) + 1, { this.prFree(old); nil })
	}

	prFree { |old|
		if(old.notNil and: { server.serverRunning }) { old.free }
	}
}

// From audio that is there: the clip that plays, another clip, a WAV, or what a bus carries.
+ Magnet {

	// Some of a clip made anew: amount 0 nothing, 1 all. What it starts from, here and below: `from`
	// (a clip as onReady gives it, its id, or the path of a WAV), else `source`: the newest clip or capture.
	vary { |amount = 0.5, prompt, from, seed, options, onReady, onProgress, onError|
		this.prFrom('/magnet/vary', from, [\amount, amount.asFloat] ++ this.prSound,
			prompt, seed, options, onReady, onProgress, onError)
	}

	// What comes after a clip: only the new part.
	continue { |bars = 4, prompt, from, seed, options, onReady, onProgress, onError|
		this.prFrom('/magnet/continue', from, [\bars, (bars ? 4).asFloat] ++ this.prSound,
			prompt, seed, options, onReady, onProgress, onError)
	}

	// The beats from begin to end made anew; outside of them every sample stays.
	infill { |begin, end, prompt, from, seed, options, onReady, onProgress, onError|
		this.prFrom('/magnet/infill', from, [\from, begin.asFloat, \to, end.asFloat],
			prompt, seed, options, onReady, onProgress, onError)
	}

	// The seam closed: what is around it is made anew, so that the end runs into the start.
	closeLoop { |prompt, from, seed, options, onReady, onProgress, onError|
		this.prFrom('/magnet/loop', from, this.prSound,
			prompt, seed, options, onReady, onProgress, onError)
	}

	// A clip of the library again, by its id.
	get { |clip, onReady, onError|
		newest = this.prGet(clip, onReady, onError)
	}

	// The take of that rank of the newest request that made several; 1 is the best.
	take { |rank = 1, onReady, onError|
		var found = takes.detect { |take| take[\rank] == rank };
		if(found.isNil) {
			^this.prRefuse(onError, \bad_request, "There is no take % of %.".format(rank, takes.size))
		};
		this.get(found[\clip], onReady, onError)
	}

	// What the server is doing: action.(event), with the names of /magnet/status/reply
	status { |action, onError|
		addr.sendMsg('/magnet/status', this.prJob(action, nil, onError))
	}

	// Records bars of a bus (a Bus, or the index of the first of two channels; nil: the first two inputs)
	// from the next line of the grid on, into a WAV that magnet-server may read. It becomes `source`.
	//   onReady.(event): path bars bpm seconds rate
	capture { |bus, bars = 4, onReady, onError|
		var info = (bars: bars, bpm: clock.tempo * 60, rate: server.sampleRate);
		if(server.serverRunning.not) {
			^this.prRefuse(onError, \device_unavailable, "The sound server does not run: boot it first.")
		};
		this.status({ |status|
			var folder = status[\clips_folder].asString +/+ "captures";
			File.mkdir(folder);
			info[\path] = folder +/+ "supercollider_%bars_%bpm_%.wav".format(
				bars, info[\bpm].round(0.001), Date.getDate.format("%Y%m%d-%H%M%S"));
			this.prRecord(bus, info, onReady, onError)
		}, onError)
	}

	*recordDef { |numChannels|
		^SynthDef("magnetRecord%".format(numChannels).asSymbol, { |in = 0, bufnum|
			RecordBuf.ar(In.ar(in, numChannels), bufnum, loop: 0, doneAction: 2)
		})
	}

	prRecord { |bus, info, onReady, onError|
		var channels = if(bus.isKindOf(Bus)) { bus.numChannels } { 2 };
		var beats = info[\bars] * clock.beatsPerBar;
		var frames = (beats / clock.tempo * info[\rate]).round.asInteger;
		var begin = { |buffer|
			server.makeBundle(server.latency ? 0.2, {
				Synth.tail(server, "magnetRecord%".format(channels), [
					\in, bus ?? { server.options.numOutputBusChannels }, \bufnum, buffer
				])
			})
		};
		info[\seconds] = frames / info[\rate];
		{
			var buffer = Buffer.alloc(server, frames, channels);
			Magnet.recordDef(channels).send(server);
			server.sync;
			clock.schedAbs(clock.nextTimeOnGrid(quant ?? { clock.beatsPerBar }), {
				begin.(buffer);
				SystemClock.sched(info[\seconds] + (server.latency ? 0.2) + 0.2, {
					{ this.prWrite(buffer, info, onReady, onError) }.fork(SystemClock);
					nil
				});
				nil
			})
		}.fork(SystemClock)
	}

	// Under another name first: nobody ever sees half of a file.
	prWrite { |buffer, info, onReady, onError|
		var part = info[\path] ++ ".part";
		buffer.write(part, "wav", "float");
		server.sync;
		buffer.free;
		if(File.exists(part)) {
			File.copy(part, info[\path]);
			File.delete(part);
			source = (clip: info[\path], bpm: info[\bpm]);
			onReady.(info)
		} {
			this.prRefuse(onError, \storage_failed,
				"The sound server cannot write %: both servers must see the same disk.".format(part))
		}
	}

	prGet { |clip, onReady, onError|
		var id = this.prJob(onReady, nil, onError);
		addr.sendMsg('/magnet/clip/get', id, \clip, clip.asString, \rate, this.prRate);
		^id
	}

	prFrom { |address, from, names, prompt, seed, options, onReady, onProgress, onError|
		var start = from ?? { source };
		if(start.isNil) {
			^this.prRefuse(onError, \bad_request,
				"There is no clip yet to start from: generate or capture one, or say from.")
		};
		if(start.isKindOf(Dictionary).not) { start = (clip: start) };
		names = names ++ [\clip, (start[\clip] ? start[\path]).asString];
		if(start[\clip].isNil or: { start[\clip].asString.endsWith(".wav") }) {  // it brings no tempo
			names = names ++ [\bpm, (start[\bpm] ? (clock.tempo * 60)).asFloat]
		};
		prompt !? { names = names ++ this.prWords(prompt) };
		this.prAsk(address, names ++ this.prSeed(seed), options, start[\bpm] ?? { clip !? { clip[\bpm] } },
			onReady, onProgress, onError)
	}

	// options: further names of the protocol; the functions onTake and onPreview may be among them.
	prAsk { |address, names, options, bpm, onReady, onProgress, onError|
		var id = this.prJob(onReady, onProgress, onError), job = jobs[id];
		var further = (options ? ()).as(Event);
		#[\onTake, \onPreview].do { |name| job[name] = further.removeAt(name) };
		further[\negative] !? { |words| further[\negative] = words.asString };
		job[\bpm] = bpm;
		newest = id;
		further = [\lane, lane] ++ further.getPairs;
		names = names.clump(2).reject { |pair| further.includes(pair[0]) }.flatten(1);
		addr.sendMsg(address, id, *(names ++ further))
	}

	prWords { |prompt|
		if(prompt.isKindOf(Array).not) { ^[\prompt, prompt.asString] };
		^prompt.clump(2).collect { |pair|
			[\prompt, pair[0].asString, (pair[1] ? 1).asFloat]
		}.flatten(1)
	}

	prSound { ^[\rate, this.prRate, \channels, 2] }

	prSeed { |seed| ^if(seed.isNil) { [] } { [\seed, seed.asInteger] } }

	prRefuse { |onError, code, text|
		if(onError.isNil) { "Magnet: %".format(text).warn };
		onError.(code, text)
	}

	prNote { |text|
		if((text ? "").asString != "") { "Magnet: %".format(text).postln }
	}

	prTakeOf { |id, job, args|
		var names = #[\rank, \count, \clip, \path, \score, \measured, \seam, \confidence, \seed];
		var take = Event.newFrom([names, args.keep(names.size)].lace);
		if(take[\rank] == 1) { takes = [] };
		takes = takes.add(take);
		job[\onTake].(take)
	}

	// A coarse version, played until the whole one takes its place.
	prPreview { |id, job, path|
		var info = (path: path.asString, bpm: job[\bpm], preview: true);
		if(server.serverRunning.not) { ^job[\onPreview].(info) };
		this.prLoad(info, {
			if(jobs[id].notNil and: { job[\ready].isNil }) {
				job[\preview] = info[\buffer];
				this.prTake(info);
				job[\onPreview].(info)
			} { this.prFree(info[\buffer]) }
		})
	}
}

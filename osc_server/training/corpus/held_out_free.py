"""Prompts of people who knew neither the corpus nor its words: how musicians really ask.

Both lists were written from the names of the families alone, before anybody had looked at how the
model takes them. What is read for tuning stays apart from what is measured.
"""

from __future__ import annotations

from osc_server.training.corpus.held_out_families import HeldOutFamilyPrompt

_DRUM_BPMS = {
    "four on the floor": 124.0,
    "breaks and hip hop": 92.0,
    "trap drums": 142.0,
    "swing drums": 140.0,
    "latin drums": 112.0,
}
_MEASURED: dict[str, tuple[str, ...]] = {
    "four on the floor": (
        "deep house drum loop, swung hats",
        "pounding Berlin techno kick and hats at four in the morning",
        "give me a sparkling seventies disco beat",
        "steady kick on all four beats with a crisp clap, for dancing",
        "minimal tech house drums, groovy, tight, late night Ibiza",
    ),
    "breaks and hip hop": (
        "lo-fi drum loop, mellow, vinyl warmth",
        "amen style breakbeat, fast and chopped",
        "I need a gritty New York hip hop drum groove",
        "liquid dnb drums, crisp snare, fast and rolling",
        "head nodding beat off a dirty sampler, snare slightly behind, old school",
    ),
    "trap drums": (
        "trap drum loop, crispy hats",
        "dark dubstep drum beat, massive half-time snare",
        "I want bouncy southern trap percussion for a rapper",
        "half-time drums, spacious, heavy, festival bass music style",
        "skittering hi-hat rolls over a knocking kick and sharp clap",
    ),
    "swing drums": (
        "swinging jazz drum kit, laid back",
        "shuffle drums, Chicago blues, rolling and greasy",
        "I want soft brushes on a jazz kit, candlelit lounge",
        "drummer playing a jazz waltz, delicate ride cymbal",
        "ding-dinga-ding on the ride, hi-hat on two and four, Harlem ballroom",
    ),
    "latin drums": (
        "latin percussion, congas and bongos",
        "gentle bossa drums for a Rio cafe",
        "I want a busy afrobeat drum pattern, sweaty dancefloor",
        "samba percussion loop, festive, surdo and tamborim",
        "hand drums and woodblocks for a tropical night of salsa dancing",
    ),
    "acid bass": (
        "acid bassline, screaming resonance",
        "a twisted TB-303 loop please",
        "hypnotic acid techno bass, distorted and squelchy",
        "old school acid line, slides and accents, Chicago basement",
        "rubbery resonant squiggle, liquid filter, low and sixteenth-note, smiley face rave",
    ),
    "sub bass": (
        "booming 808 bass, slow decay",
        "clean sub bass line for a dubplate",
        "I want a really low sine bass, warm and simple",
        "808 slides, fat, sustained, Houston slow ride",
        "bone rattling rumble of ultra low notes for big club speakers",
    ),
    "growling bass": (
        "reese bass, thick and menacing",
        "a filthy growl bass for a heavy drop",
        "wobbling bass like old Croydon dubstep nights",
        "I want an aggressive modulated bass, screeching, growly, metallic",
        "huge detuned low saws churning and phasing, techy drum and bass flavour",
    ),
    "bass guitar": (
        "mellow electric bass guitar groove",
        "a punk bass line played with a pick",
        "double bass walking line, woody, late night jazz",
        "fingerstyle bass riff please, deep pocket, neo soul",
        "big wooden upright plucked low and steady, rockabilly style",
    ),
    "electric piano": (
        "electric piano chords, silky",
        "suitcase rhodes, lush jazz voicings, Sunday morning",
        "give me some chill e-piano for a hip hop track",
        "soulful Wurly comping, vintage and warm",
        "tremolo tine keyboard, soft bell-like chords, seventies smooth soul",
    ),
    "piano or guitar": (
        "nylon guitar melody, romantic Spanish evening",
        "emotional piano loop",
        "I want bright acoustic guitar strumming, road trip mood",
        "simple piano tune like a ballad, slow and tender",
        "steel strings plucked softly on a porch, country folk picking",
    ),
    "organ": (
        "hammond chords, warm and gritty",
        "pipe organ melody in a huge cathedral",
        "reggae organ bubble, skanking, Kingston sunshine",
        "please give me a swirling gospel organ",
        "drawbar keys through a leslie, sixties garage soul",
    ),
    "synth stabs": (
        "dub techno chord stabs",
        "tight synth brass stabs please",
        "hoover-ish rave stab, bright, nineties hardcore",
        "a bouncy stab pattern for an old school house tune",
        "clipped offbeat chord hits on an analog polysynth, punchy",
    ),
    "pad": (
        "ambient pad, warm and slow",
        "brooding dark synth pad, dystopian city",
        "silky strings pad please, emotional film feeling",
        "I want a dreamy pad for meditation, gentle and endless",
        "long held washy synth chords, blurry, nostalgic, filling the whole background",
    ),
    "choir": (
        "choir oohs, soft",
        "dark gothic choir, haunting and slow",
        "I want heavenly voices, sustained aahs",
        "airy vocal pad for a chill ambient track",
        "many women singing together wordlessly, distant, sacred and still",
    ),
    "glass pad": (
        "crystal pad, sparkling",
        "a delicate glass pad for an ice cave",
        "glass harmonica style sustained chords, eerie",
        "icy, glassy, slowly evolving pad please",
        "singing wet goblets, soft held tones, fragile and luminous",
    ),
    "bell": (
        "bell arpeggio, dreamy",
        "soft chiming bells, lullaby mood",
        "I want a haunting bell melody for drill",
        "FM bell plucks, bright, eighties and shiny",
        "celesta tinkling a magical little tune, snow globe fantasy",
    ),
    "marimba": (
        "bright marimba pattern",
        "mallet percussion melody, warm, jungle adventure",
        "mellow marimba please, island sunshine",
        "interlocking marimbas like seventies minimalism, repetitive and calm",
        "tuned wooden bars struck with yarn mallets, quirky cartoon sneaking",
    ),
    "synth arp": (
        "arpeggiated synth, pulsing and bright",
        "square wave arpeggio like an old arcade game",
        "a hypnotic saw arp for a night drive",
        "plucked synth arp, progressive house, airy",
        "notes of a chord running up and down, sequencer style, cosmic seventies",
    ),
    "flute": (
        "soft flute tune, dreamy",
        "shakuhachi phrase, misty temple",
        "jazzy flute lick for a seventies groove",
        "please make a wooden flute melody, Native American style, soulful",
        "playful high woodwind blown gently, shepherd on a green hill",
    ),
    "synth lead": (
        "lead synth hook, bright",
        "trance lead melody, euphoric hands in the air",
        "I want a wailing mono lead with glide",
        "catchy chiptune lead, playful, video game hero",
        "west coast gangsta high sine whine, gliding tune on top",
    ),
    "rain": (
        "soft rainfall",
        "rain hitting the pavement in Tokyo at night",
        "a steady rain sound for lo-fi study sessions please",
        "summer storm shower, pouring hard",
        "water drops tapping on a tent, cozy and wet outside",
    ),
    "wind": (
        "gusty wind",
        "eerie wind in an abandoned house",
        "wind over a mountain top, strong and constant",
        "please make a gentle breeze across an open prairie",
        "air moaning through cracks, winter storm, spooky and hollow",
    ),
    "riser": (
        "tension riser, cinematic",
        "uplifter sweep for a techno breakdown",
        "give me a massive build up before the drop",
        "upward filter sweep, white noise, festival energy",
        "something swelling and climbing upward until it is about to explode",
    ),
    "impact": (
        "deep boom hit",
        "epic trailer impact, thunderous, spacious",
        "a big cinematic slam for a film trailer",
        "dramatic low hit please, like a giant door closing",
        "single explosive thud, ground trembling, echo fading into darkness",
    ),
    "birds": (
        "birdsong, peaceful",
        "chirping sparrows in a sunny park",
        "forest birds ambience for meditation please",
        "nightingale singing at dusk, sweet and clear",
        "little feathered singers tweeting in the treetops, early spring",
    ),
    "ocean": (
        "gentle waves on the shore",
        "crashing ocean, powerful, Atlantic coast",
        "beach waves please, sleepy holiday feeling",
        "a slow sea swell lapping at a harbour wall",
        "surf foaming over pebbles then pulling back, blue and salty",
    ),
}
_TUNING: dict[str, tuple[str, ...]] = {
    "four on the floor": (
        "punchy four on the floor house beat",
        "I want a driving techno drum loop for a dark warehouse",
        "classic disco drums, open hats on the offbeat, mirrorball vibes",
        "thumping kick on every beat, claps and shuffled hats, peak time club",
        "Chicago house groove please, drum machine only",
    ),
    "breaks and hip hop": (
        "dusty boom bap drums",
        "chopped jungle break, frantic and raw, like a nineties London rave",
        "a lazy lo-fi hip hop beat for studying",
        "rolling drum and bass drums please",
        "sampled old funk drummer, crunchy kick and snare for rapping over",
    ),
    "trap drums": (
        "hard trap drums with rolling hi-hats",
        "Atlanta trap beat, fast hats, snappy snare",
        "slow heavy half-time dubstep drums",
        "please make a menacing drum loop like modern drill and trap",
        "stuttering triplet hats and a huge snare on three, street vibe",
    ),
    "swing drums": (
        "jazz swing drums with brushes",
        "a smoky club ride cymbal groove, spang-a-lang style",
        "blues shuffle drum beat for a dusty bar band",
        "gentle jazz waltz drums, three four, brushed snare",
        "bebop drummer swinging hard, light and quick",
    ),
    "latin drums": (
        "bossa nova drum groove, soft rim clicks",
        "afrobeat drums from Lagos, hypnotic and funky",
        "congas and timbales playing a hot salsa rhythm",
        "a sunny latin percussion loop please",
        "clave, shakers and cowbell, street carnival in Havana",
    ),
    "acid bass": (
        "squelchy acid bass",
        "303 bassline, high resonance, rave",
        "I want a dirty acid line for a warehouse party",
        "slithering silver box squelch with accents and slides",
        "acid house bass, bubbling, filter slowly opening up",
    ),
    "sub bass": (
        "deep sub bass",
        "long 808 bass notes, booming and smooth",
        "a pure sine sub that shakes the car trunk",
        "gliding 808 low end for a drill track",
        "sub-heavy low frequency notes, round, clean, felt in the chest",
    ),
    "growling bass": (
        "nasty wobble bass",
        "dark reese bass, detuned and moving, neurofunk",
        "growling dubstep bass please, angry robot mouth",
        "gnarly distorted midrange bass that snarls and talks",
        "wub wub bass, filthy, festival drop",
    ),
    "bass guitar": (
        "funky slap bass guitar",
        "walking upright bass for a jazz trio",
        "fingered electric bass line, warm Motown feel",
        "picked rock bass, gritty, driving eighth notes",
        "I want a groovy four string riff, thumbs and pops, seventies soul",
    ),
    "electric piano": (
        "warm rhodes chords",
        "a dreamy electric piano progression for neo soul",
        "wurlitzer chords, slightly gritty, soulful",
        "I want mellow lo-fi rhodes with tremolo",
        "smooth tine keys, jazzy sevenths, midnight lounge",
    ),
    "piano or guitar": (
        "sad piano chords",
        "gentle fingerpicked acoustic guitar, campfire feeling",
        "grand piano melody, intimate, cinematic",
        "strummed guitar chords for a folk song please",
        "soft felt upright keys, hammers creaking, a lonely winter evening",
    ),
    "organ": (
        "gospel organ chords",
        "a hammond organ riff, drawbars out, leslie spinning",
        "church pipe organ, solemn and grand",
        "jazzy B3 comping for a soul jazz combo",
        "I want that funky rotary speaker keyboard, Sunday service in Memphis",
    ),
    "synth stabs": (
        "rave synth stabs",
        "short punchy brass stabs, funky",
        "deep house chord stab, filtered and dubby",
        "I want big orchestral hit style synth stabs, nineties rave",
        "quick hits of detuned chords, offbeat, warehouse energy",
    ),
    "pad": (
        "warm analog pad",
        "dark evolving pad for a horror scene",
        "lush string pad, slow attack, hopeful",
        "a soft ambient pad to float away in space",
        "sustained synth chords, hazy and wide, slowly swelling like fog",
    ),
    "choir": (
        "angelic choir pad",
        "monks chanting softly, low and holy",
        "epic choir aahs for a fantasy trailer",
        "breathy vocal pad, ethereal, floating",
        "a crowd of singers holding one long ooh in a cathedral",
    ),
    "glass pad": (
        "glassy pad",
        "crystalline shimmering pad, icy and slow",
        "I want a pad like bowed wine glasses",
        "frozen glass textures, sustained chords, arctic night",
        "shimmery transparent synth wash, like light through ice crystals",
    ),
    "bell": (
        "sparkly bell melody",
        "music box bells, childlike and sweet",
        "a dark trap bell loop, eerie",
        "tubular bells arpeggio, mysterious, old horror movie",
        "glockenspiel twinkles for a Christmas toy shop",
    ),
    "marimba": (
        "marimba loop",
        "woody mallet melody, playful, tropical",
        "a bouncy marimba riff for a phone commercial",
        "I want soft mallets on wooden bars, minimalist and hypnotic",
        "balafon style wooden keys, cheerful African village tune",
    ),
    "synth arp": (
        "synthwave arp",
        "fast saw arpeggio for a trance build, euphoric",
        "plucky synth arpeggio, retro, neon highway",
        "eight bit square wave arp please",
        "I want cascading sequenced sixteenth notes on an analog synth, Berlin school",
    ),
    "flute": (
        "flute melody",
        "airy bamboo flute, peaceful Japanese garden",
        "a catchy trap flute loop",
        "pan flute tune from high in the Andes",
        "I want a breathy woodwind solo, silver and light, pastoral",
    ),
    "synth lead": (
        "screaming synth lead",
        "G-funk whistle lead, high and sliding",
        "big supersaw lead melody, festival anthem",
        "a retro eighties lead synth, soaring and heroic",
        "portamento monosynth solo, proggy, fat and expressive",
    ),
    "rain": (
        "gentle rain",
        "heavy rain on a tin roof",
        "rainy window ambience for sleeping",
        "I want a tropical downpour, thick and steady",
        "drizzle pattering on leaves, calm grey afternoon",
    ),
    "wind": (
        "howling wind",
        "cold arctic wind, bleak and lonely",
        "a soft breeze through the pines",
        "desert wind ambience, dry, sandy, gusting",
        "I want a blizzard gale whistling around an old cabin",
    ),
    "riser": (
        "noise riser",
        "EDM build-up sweep, tension before the drop",
        "a long white noise uplifter",
        "rising synth whoosh for a transition, hype",
        "I want pitch climbing higher and higher, suspense, huge anticipation",
    ),
    "impact": (
        "cinematic impact",
        "huge trailer boom, deep and dark",
        "one massive hit with a long reverb tail",
        "I want a braam-like slam for a movie title",
        "colossal metallic crash, earth shaking, epic end of the world",
    ),
    "birds": (
        "birds chirping",
        "morning birdsong in a quiet forest",
        "tropical birds, lively jungle canopy",
        "a blackbird singing in a spring garden",
        "I want the dawn chorus, tweeting and warbling, fresh countryside",
    ),
    "ocean": (
        "ocean waves",
        "calm sea waves rolling onto a sandy beach",
        "I want big surf crashing against the rocks",
        "seaside ambience for relaxation, slow and soothing",
        "the tide washing in and out, moonlit shore",
    ),
}


def _prompts(texts: dict[str, tuple[str, ...]]) -> tuple[HeldOutFamilyPrompt, ...]:
    return tuple(
        HeldOutFamilyPrompt(text, family, _DRUM_BPMS.get(family))
        for family, lines in texts.items()
        for text in lines
    )


HELD_OUT_FREE = _prompts(_MEASURED)
"""5 prompts of each family, to measure: never to be read while something is tuned."""
FREE_FOR_TUNING = _prompts(_TUNING)
"""5 others of each family, by the same hand."""

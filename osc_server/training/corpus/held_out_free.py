"""Prompts of somebody who knew neither the corpus nor its words: how musicians really ask.

They were written from the names of the families alone. What is read for tuning is
``held_out_for_tuning``, by the same hand; these are measured, and never read while something is
tuned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from osc_server.training.corpus.held_out_families import HeldOutFamilyPrompt

_DRUM_BPMS = {
    "four on the floor": 124.0,
    "breaks and hip hop": 92.0,
    "trap drums": 142.0,
    "swing drums": 140.0,
    "latin drums": 112.0,
}
_PROMPTS: dict[str, tuple[str, ...]] = {
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


def family_prompts(texts: Mapping[str, Sequence[str]]) -> tuple[HeldOutFamilyPrompt, ...]:
    """Prompts of families, those of drums with a BPM that suits them."""
    return tuple(
        HeldOutFamilyPrompt(text, family, _DRUM_BPMS.get(family))
        for family, lines in texts.items()
        for text in lines
    )


HELD_OUT_FREE = family_prompts(_PROMPTS)
"""5 prompts of each family."""

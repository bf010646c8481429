/* The worker: a thread of the plugin's own that speaks with the server.
 *
 * It asks for what is wanted, takes what comes, connects again by itself, and frees what the audio
 * thread has done with. Where the lock is said to be held, `agent->lock` is.
 */
#ifndef MAGNET_AGENT_H
#define MAGNET_AGENT_H

#include "exchange.h"
#include "parcel.h"
#include "settings.h"
#include "wire.h"

#define MOST_PRESETS 64
#define NAME_ROOM 128

/* All that makes a loop what it is. */
typedef struct {
    char prompt[TEXT_ROOM];
    char preset[NAME_ROOM]; /* by name; empty = none */
    int32_t preset_number;  /* where its name is not known yet */
    int32_t bars, seed;
    double bpm;
    Meter meter;
    int32_t number; /* each has its own */
} Wish;

typedef enum { WANT_NOTHING, WANT_CLIP, WANT_GENERATE } Want; /* a clip again, or a new one */

typedef struct {
    Exchange* exchange;
    uint32_t rate_hz;
    Settings settings;
    Thread thread;
    atomic_int ends;
    Lock lock; /* over all below but the wire's waiting */
    Wire wire;
    OscOut out;
    double next_try, heard, pinged;
    bool presets_known;
    char presets[MOST_PRESETS][NAME_ROOM];
    int32_t n_presets;
    char prompt[TEXT_ROOM]; /* as the musician has it now */
    Want want;              /* not yet asked for */
    Wish wish;
    char wish_clip[NAME_ROOM];
    Want asked; /* the job under way */
    int32_t id, last_id;
    bool rendering;
    Parcel parcel, preview;
    int32_t last_number, previewed; /* of the wish whose preview was handed over */
    bool fault;
    Loop* latest; /* the loop handed over last, and how it was made */
    Wish made;
    char clip[NAME_ROOM];
    double steady_since, steady_bpm, followed_bpm; /* following the host's tempo */
    Meter steady_meter;
} Agent;

bool agent_start(Agent* agent, Exchange* exchange, uint32_t rate_hz);
/* Ends the thread. Loops that the audio thread still has are the caller's to free, but latest. */
void agent_stop(Agent* agent);

/* The rest with the lock held. */
void agent_say(Agent* agent, TextKind kind, const char* text);
void agent_fail(Agent* agent, const char* text);
void agent_want(Agent* agent, Want want, const Wish* wish, const char* clip);
/* Make a loop the one that plays next. */
void agent_deliver(Agent* agent, Loop* loop, const Wish* made, const char* clip);
/* Let its preview sound until it comes. */
void agent_preview(Agent* agent, Loop* loop);
/* Forget what has come of it so far. */
void agent_drop(Agent* agent);
/* asking.c: what has to be sent now; answers.c: what has come. */
void agent_ask(Agent* agent);
void agent_hello(Agent* agent);
void agent_hear(Agent* agent, const uint8_t* packet, size_t size);

#endif

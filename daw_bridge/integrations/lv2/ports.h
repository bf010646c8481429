/* The ports: the one table that the code, magnet.ttl and docs/plugin.md agree with.
 *
 * A test compares all three, so a change here that is not made there does not pass.
 */
#ifndef MAGNET_PORTS_H
#define MAGNET_PORTS_H

#define MAGNET_URI "urn:magnet-bridge:loop"

/* PORT(name, index, symbol) */
#define MAGNET_STREAMS(PORT)  \
    PORT(CONTROL, 0, control) \
    PORT(NOTIFY, 1, notify)   \
    PORT(LEFT, 2, left)       \
    PORT(RIGHT, 3, right)

/* PORT(name, index, symbol, least, default, most): what the musician sets or automates */
#define MAGNET_INPUTS(PORT)                      \
    PORT(GENERATE, 4, generate, 0, 0, 1)         \
    PORT(BARS, 5, bars, 1, 4, 64)                \
    PORT(LEVEL, 6, level, -60, 0, 12)            \
    PORT(SEED, 7, seed, -1, -1, 16777215)        \
    PORT(QUANTUM, 8, quantum, 0, 1, 16)          \
    PORT(PRESET, 9, preset, 0, 0, 64)            \
    PORT(FOLLOW, 10, follow, 0, 1, 1)            \
    PORT(TEMPO, 11, tempo, 20, 120, 400)         \
    PORT(ENABLED, 12, enabled, 0, 1, 1)          \
    PORT(PREVIEW, 13, preview, 0, 1, 1)

/* PORT(name, index, symbol, least, default, most): what the plugin says */
#define MAGNET_OUTPUTS(PORT)                     \
    PORT(STATE, 14, state, 0, 0, 7)              \
    PORT(PROGRESS, 15, progress, 0, 0, 1)        \
    PORT(BPM, 16, bpm_measured, 0, 0, 1000)      \
    PORT(SEED_USED, 17, seed_used, -1, -1, 2147483647) \
    PORT(UNDERRUN, 18, underrun, 0, 0, 1)        \
    PORT(LATENCY, 19, latency, 0, 0, 8192)

enum {
#define PORT_INDEX(name, index, ...) PORT_##name = index,
    MAGNET_STREAMS(PORT_INDEX) MAGNET_INPUTS(PORT_INDEX) MAGNET_OUTPUTS(PORT_INDEX)
#undef PORT_INDEX
    N_PORTS
};

/* What the output port `state` shows. */
typedef enum {
    STATE_NO_SERVER = 0,
    STATE_IDLE = 1,      /* a server, and nothing made yet */
    STATE_WAITING = 2,   /* asked; other jobs go before */
    STATE_RENDERING = 3, /* `progress` says how far */
    STATE_CUED = 4,      /* the new loop waits for its bar */
    STATE_PLAYING = 5,
    STATE_READY = 6,     /* a loop, and the host stands */
    STATE_ERROR = 7      /* the message says what to do */
} State;

#endif

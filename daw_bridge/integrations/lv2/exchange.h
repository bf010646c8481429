/* What the audio thread and the worker hand each other, without either waiting for the other.
 *
 * Loops go to the audio thread by an atomic swap of one pointer, and come back in a ring, so that
 * the worker alone frees them. Orders and texts are copied into rings of fixed size.
 */
#ifndef MAGNET_EXCHANGE_H
#define MAGNET_EXCHANGE_H

#include "loop.h"
#include "ports.h"

#include <stdatomic.h>
#include <string.h>

#define TEXT_ROOM 8192 /* 2,000 characters, as much as the server takes */
#define LINE_ROOM 512
#define RING_SLOTS 8

typedef enum { ORDER_PROMPT, ORDER_GENERATE } OrderKind;

typedef struct {
    OrderKind kind;
    int32_t bars;
    int32_t seed;   /* -1 = the worker draws one */
    int32_t preset; /* 0 = none; else counted from 1 in the server's list */
    double bpm;
    Meter meter;
    char prompt[TEXT_ROOM];
} Order;

typedef enum { TEXT_MESSAGE, TEXT_PROMPT, TEXT_CLIP } TextKind;

typedef struct {
    TextKind kind;
    char text[TEXT_ROOM];
} Text;

/* Counters of a ring with one writer and one reader; the slots lie beside it. */
typedef struct {
    atomic_uint written, read;
} Ring;

static inline int ring_free_slot(const Ring* ring)
{
    const unsigned at = atomic_load_explicit(&ring->written, memory_order_relaxed);
    const unsigned read = atomic_load_explicit(&ring->read, memory_order_acquire);
    return at - read < RING_SLOTS ? (int)(at % RING_SLOTS) : -1;
}
static inline void ring_wrote(Ring* ring)
{
    atomic_fetch_add_explicit(&ring->written, 1, memory_order_release);
}
static inline int ring_full_slot(const Ring* ring)
{
    const unsigned at = atomic_load_explicit(&ring->read, memory_order_relaxed);
    const unsigned written = atomic_load_explicit(&ring->written, memory_order_acquire);
    return at != written ? (int)(at % RING_SLOTS) : -1;
}
static inline void ring_took(Ring* ring)
{
    atomic_fetch_add_explicit(&ring->read, 1, memory_order_release);
}

typedef struct {
    /* to the audio thread */
    _Atomic(Loop*) inbox;
    Ring texts;
    Text text_slots[RING_SLOTS];
    atomic_int state; /* as far as the worker knows it */
    atomic_int owes;  /* a loop was asked for and has not come */
    atomic_int seed;
    _Atomic float progress, bpm_measured;
    /* to the worker */
    Ring returns;
    Loop* return_slots[RING_SLOTS];
    Ring orders;
    Order order_slots[RING_SLOTS];
    _Atomic double bpm; /* the host's tempo and meter now */
    atomic_int meter_beats, meter_unit;
    atomic_int follow, previews;
} Exchange;

static inline void copy_text(char* to, size_t room, const char* text, size_t length)
{
    if (length >= room) {
        length = room - 1;
        while (length && ((unsigned char)text[length] & 0xC0) == 0x80)
            --length; /* no half of a character */
    }
    memcpy(to, text, length);
    to[length] = 0;
}

#endif

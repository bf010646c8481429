/* OSC 1.0 messages, as far as the protocol uses them, read without trust in who sent them. */
#ifndef MAGNET_OSC_H
#define MAGNET_OSC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OSC_MAX_PACKET 65536

/* A message that is being written. What does not fit makes the whole message void. */
typedef struct {
    const char* address;
    char tags[64];
    size_t n_tags;
    uint8_t args[16384];
    size_t n_args;
    bool full;
} OscOut;

void osc_begin(OscOut* out, const char* address);
void osc_add_int(OscOut* out, int32_t value);
void osc_add_double(OscOut* out, double value);
void osc_add_text(OscOut* out, const char* text);
/* The packet with its length before it, as TCP carries it; 0 where it does not fit. */
size_t osc_frame(const OscOut* out, uint8_t* to, size_t room);

/* A message that is being read, argument by argument. It points into the packet. */
typedef struct {
    const char* address;
    const char* tags;
    const uint8_t* at;
    const uint8_t* end;
} OscIn;

bool osc_open(OscIn* in, const uint8_t* packet, size_t size);
/* Each takes the next argument; false, and no further, where it is of another kind or cut short. */
bool osc_take_int(OscIn* in, int32_t* value);
bool osc_take_number(OscIn* in, double* value);
bool osc_take_text(OscIn* in, const char** text);
bool osc_take_blob(OscIn* in, const uint8_t** bytes, size_t* size);

#endif

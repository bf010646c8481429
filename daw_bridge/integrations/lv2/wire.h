/* One TCP connection to the server, with a length before each packet. It never waits long. */
#ifndef MAGNET_WIRE_H
#define MAGNET_WIRE_H

#include "osc.h"
#include "portable.h"

typedef enum { WIRE_CLOSED, WIRE_OPENING, WIRE_OPEN } WireState;

typedef struct {
    Socket socket;
    WireState state;
    double since; /* when it began to open */
    uint8_t in[OSC_MAX_PACKET + 4];
    size_t n_in, n_taken;
    uint8_t out[1 << 16];
    size_t n_out;
} Wire;

void wire_begin(Wire* wire);
/* Begin to open. Looking a name up may take the system some seconds; numbers take none. */
bool wire_open(Wire* wire, const char* host, int port);
void wire_close(Wire* wire);
/* Queue a message; false, and closed, where the other side does not read. */
bool wire_send(Wire* wire, const OscOut* message);
/* Wait up to so long for something to happen; opens, sends and reads on. */
void wire_wait(Wire* wire, unsigned ms);
/* The next packet, valid until the next wire_wait; NULL when there is none yet. */
const uint8_t* wire_packet(Wire* wire, size_t* size);

#endif

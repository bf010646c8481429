#include "wire.h"

#include <stdio.h>
#include <string.h>

#define OPENING_SECONDS 3.0

void wire_begin(Wire* wire)
{
    memset(wire, 0, sizeof *wire);
    wire->socket = NO_SOCKET;
}

void wire_close(Wire* wire)
{
    if (wire->socket != NO_SOCKET)
        socket_close(wire->socket);
    wire->socket = NO_SOCKET;
    wire->state = WIRE_CLOSED;
    wire->n_in = wire->n_taken = wire->n_out = 0;
}

static bool begin_opening(Wire* wire, const struct addrinfo* place)
{
    wire->socket = socket(place->ai_family, place->ai_socktype, place->ai_protocol);
    if (wire->socket == NO_SOCKET)
        return false;
    socket_no_wait(wire->socket);
    const int on = 1;
    setsockopt(wire->socket, IPPROTO_TCP, TCP_NODELAY, (const char*)&on, sizeof on);
    const bool usable = socket_fits_select(wire->socket);
    if (usable && (connect(wire->socket, place->ai_addr, (int)place->ai_addrlen) == 0 ||
                   socket_waits())) {
        wire->state = WIRE_OPENING;
        wire->since = now_seconds();
        return true;
    }
    wire_close(wire);
    return false;
}

bool wire_open(Wire* wire, const char* host, int port)
{
    char service[16];
    struct addrinfo *found = NULL, wish = {.ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC};
    wire_close(wire);
    snprintf(service, sizeof service, "%d", port);
    if (getaddrinfo(host, service, &wish, &found) != 0)
        return false;
    bool begun = false;
    for (const struct addrinfo* place = found; place && !begun; place = place->ai_next)
        begun = begin_opening(wire, place);
    freeaddrinfo(found);
    return begun;
}

bool wire_send(Wire* wire, const OscOut* message)
{
    const size_t size =
        osc_frame(message, wire->out + wire->n_out, sizeof wire->out - wire->n_out);
    if (!size && !message->full)
        wire_close(wire); /* it does not read */
    wire->n_out += size;
    return size > 0;
}

static void send_on(Wire* wire)
{
    while (wire->n_out) {
        const long sent =
            (long)send(wire->socket, (const char*)wire->out, (int)wire->n_out, SEND_QUIETLY);
        if (sent <= 0) {
            if (sent == 0 || !socket_waits())
                wire_close(wire);
            return;
        }
        wire->n_out -= (size_t)sent;
        memmove(wire->out, wire->out + sent, wire->n_out);
    }
}

static void read_on(Wire* wire)
{
    wire->n_in -= wire->n_taken;
    memmove(wire->in, wire->in + wire->n_taken, wire->n_in);
    wire->n_taken = 0;
    const size_t room = sizeof wire->in - wire->n_in;
    const long got = (long)recv(wire->socket, (char*)wire->in + wire->n_in, (int)room, 0);
    if (got > 0)
        wire->n_in += (size_t)got;
    else if (got == 0 || !socket_waits())
        wire_close(wire);
}

static void finish_opening(Wire* wire)
{
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(wire->socket, SOL_SOCKET, SO_ERROR, (char*)&error, &size);
    if (error)
        wire_close(wire);
    else
        wire->state = WIRE_OPEN;
}

void wire_wait(Wire* wire, unsigned ms)
{
    if (wire->state == WIRE_CLOSED) {
        rest_ms(ms);
        return;
    }
    fd_set readable, writable, broken;
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    FD_ZERO(&broken);
    FD_SET(wire->socket, &readable);
    FD_SET(wire->socket, &broken); /* on Windows a refusal is shown there */
    if (wire->state == WIRE_OPENING || wire->n_out)
        FD_SET(wire->socket, &writable);
    struct timeval length = {0, (long)ms * 1000};
    const int n = select((int)wire->socket + 1, &readable, &writable, &broken, &length);
    if (wire->state == WIRE_OPENING) {
        if (n > 0)
            finish_opening(wire);
        else if (now_seconds() - wire->since > OPENING_SECONDS)
            wire_close(wire);
        return;
    }
    if (n > 0 && FD_ISSET(wire->socket, &writable))
        send_on(wire);
    if (n > 0 && wire->state == WIRE_OPEN && FD_ISSET(wire->socket, &readable))
        read_on(wire);
}

const uint8_t* wire_packet(Wire* wire, size_t* size)
{
    const size_t left = wire->n_in - wire->n_taken;
    const uint8_t* const in = wire->in + wire->n_taken;
    if (left < 4)
        return NULL;
    const size_t length =
        (size_t)in[0] << 24 | (size_t)in[1] << 16 | (size_t)in[2] << 8 | (size_t)in[3];
    if (length > OSC_MAX_PACKET) {
        wire_close(wire); /* this is no OSC, or it can be read no further */
        return NULL;
    }
    if (left - 4 < length)
        return NULL;
    wire->n_taken += 4 + length;
    *size = length;
    return in + 4;
}

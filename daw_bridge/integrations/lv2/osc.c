#include "osc.h"

#include <math.h>
#include <string.h>

static void put_32(uint8_t* to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 24);
    to[1] = (uint8_t)(value >> 16);
    to[2] = (uint8_t)(value >> 8);
    to[3] = (uint8_t)value;
}

static uint32_t get_32(const uint8_t* at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint64_t get_64(const uint8_t* at) { return (uint64_t)get_32(at) << 32 | get_32(at + 4); }

/* Length of a text with the zeros that fill up its last four bytes; there is always one. */
static size_t padded(size_t length) { return (length / 4 + 1) * 4; }

void osc_begin(OscOut* out, const char* address)
{
    out->address = address;
    out->tags[0] = ',';
    out->n_tags = 1;
    out->n_args = 0;
    out->full = false;
}

static uint8_t* reserve(OscOut* out, char tag, size_t size)
{
    if (out->full || out->n_tags + 1 >= sizeof out->tags || size > sizeof out->args - out->n_args) {
        out->full = true;
        return NULL;
    }
    uint8_t* const to = out->args + out->n_args;
    out->tags[out->n_tags++] = tag;
    out->n_args += size;
    return to;
}

void osc_add_int(OscOut* out, int32_t value)
{
    uint8_t* const to = reserve(out, 'i', 4);
    if (to)
        put_32(to, (uint32_t)value);
}

void osc_add_double(OscOut* out, double value)
{
    uint8_t* const to = reserve(out, 'd', 8);
    uint64_t bits;
    memcpy(&bits, &value, 8);
    if (to) {
        put_32(to, (uint32_t)(bits >> 32));
        put_32(to + 4, (uint32_t)bits);
    }
}

void osc_add_text(OscOut* out, const char* text)
{
    const size_t length = strlen(text);
    uint8_t* const to = reserve(out, 's', padded(length));
    if (to) {
        memset(to, 0, padded(length));
        memcpy(to, text, length);
    }
}

size_t osc_frame(const OscOut* out, uint8_t* to, size_t room)
{
    const size_t address = padded(strlen(out->address)), tags = padded(out->n_tags);
    const size_t size = address + tags + out->n_args;
    if (out->full || size > OSC_MAX_PACKET || size + 4 > room)
        return 0;
    put_32(to, (uint32_t)size);
    memset(to + 4, 0, address + tags);
    memcpy(to + 4, out->address, strlen(out->address));
    memcpy(to + 4 + address, out->tags, out->n_tags);
    memcpy(to + 4 + address + tags, out->args, out->n_args);
    return size + 4;
}

static const char* take_padded(OscIn* in)
{
    const size_t left = (size_t)(in->end - in->at);
    const uint8_t* const zero = left ? memchr(in->at, 0, left) : NULL;
    if (!zero)
        return NULL;
    const size_t size = padded((size_t)(zero - in->at));
    if (size > left)
        return NULL;
    const char* const text = (const char*)in->at;
    in->at += size;
    return text;
}

bool osc_open(OscIn* in, const uint8_t* packet, size_t size)
{
    in->at = packet;
    in->end = packet + size;
    in->address = take_padded(in);
    if (!in->address || in->address[0] != '/')
        return false;
    in->tags = in->at == in->end ? "," : take_padded(in);
    if (!in->tags || in->tags[0] != ',')
        return false;
    ++in->tags;
    return true;
}

static const uint8_t* take(OscIn* in, size_t size)
{
    if (size > (size_t)(in->end - in->at))
        return NULL;
    const uint8_t* const at = in->at;
    in->at += size;
    ++in->tags;
    return at;
}

bool osc_take_int(OscIn* in, int32_t* value)
{
    double number;
    if (!osc_take_number(in, &number) || !(number >= INT32_MIN && number <= INT32_MAX))
        return false;
    *value = (int32_t)number;
    return true;
}

bool osc_take_number(OscIn* in, double* value)
{
    const char tag = *in->tags;
    const bool is_long = tag == 'd' || tag == 'h';
    if (tag == 'T' || tag == 'F') {
        *value = tag == 'T';
        ++in->tags;
        return true;
    }
    if (!is_long && tag != 'i' && tag != 'f')
        return false;
    const uint8_t* const at = take(in, is_long ? 8 : 4);
    if (!at)
        return false;
    const uint64_t wide = is_long ? get_64(at) : 0;
    const uint32_t narrow = is_long ? 0 : get_32(at);
    float single;
    switch (tag) {
    case 'd': memcpy(value, &wide, 8); break;
    case 'h': *value = (double)(int64_t)wide; break;
    case 'f':
        memcpy(&single, &narrow, 4);
        *value = single;
        break;
    default: *value = (int32_t)narrow;
    }
    return isfinite(*value);
}

bool osc_take_text(OscIn* in, const char** text)
{
    if (*in->tags != 's')
        return false;
    *text = take_padded(in);
    if (!*text)
        return false;
    ++in->tags;
    return true;
}

bool osc_take_blob(OscIn* in, const uint8_t** bytes, size_t* size)
{
    if (*in->tags != 'b' || in->end - in->at < 4)
        return false;
    const size_t length = get_32(in->at), left = (size_t)(in->end - in->at) - 4;
    if (length > left || (length + 3) / 4 * 4 > left)
        return false;
    *bytes = in->at + 4;
    *size = length;
    in->at += 4 + (length + 3) / 4 * 4;
    ++in->tags;
    return true;
}

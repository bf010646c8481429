#include "wav.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER 44
#define FLOATS 3 /* WAVE_FORMAT_IEEE_FLOAT */

static void put(uint8_t* to, uint32_t value, int size)
{
    for (int i = 0; i < size; ++i)
        to[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t get(const uint8_t* at, int size)
{
    uint32_t value = 0;
    for (int i = 0; i < size; ++i)
        value |= (uint32_t)at[i] << 8 * i;
    return value;
}

static void write_header(uint8_t header[HEADER], const Loop* loop)
{
    const uint32_t bytes = loop->n_samples * 8;
    memcpy(header, "RIFF\0\0\0\0WAVEfmt ", 16);
    memcpy(header + 36, "data", 4);
    put(header + 4, bytes + HEADER - 8, 4);
    put(header + 16, 16, 4);
    put(header + 20, FLOATS, 2);
    put(header + 22, 2, 2);
    put(header + 24, loop->rate_hz, 4);
    put(header + 28, loop->rate_hz * 8, 4);
    put(header + 32, 8, 2);
    put(header + 34, 32, 2);
    put(header + 40, bytes, 4);
}

static bool write_samples(FILE* file, const Loop* loop)
{
    uint8_t frame[8];
    for (uint32_t i = 0; i < loop->n_samples; ++i) {
        for (int c = 0; c < 2; ++c) {
            uint32_t bits;
            memcpy(&bits, loop->channels[c] + i, 4);
            put(frame + 4 * c, bits, 4);
        }
        if (fwrite(frame, sizeof frame, 1, file) != 1)
            return false;
    }
    return true;
}

bool wav_write(const char* path, const Loop* loop)
{
    char part[4096];
    uint8_t header[HEADER];
    if ((size_t)snprintf(part, sizeof part, "%s.part", path) >= sizeof part)
        return false;
    FILE* const file = fopen(part, "wb");
    if (!file)
        return false;
    write_header(header, loop);
    bool good = fwrite(header, HEADER, 1, file) == 1 && write_samples(file, loop);
    good = fclose(file) == 0 && good;
    remove(path); /* Windows does not rename onto a file */
    good = good && rename(part, path) == 0;
    if (!good)
        remove(part);
    return good;
}

/* The loop at the rate that the host has now, which may be another than when it was written. */
static Loop* at_rate(Loop* loop, uint32_t rate_hz)
{
    if (!loop || loop->rate_hz == rate_hz)
        return loop;
    Loop* const other = loop_at_rate(loop, rate_hz);
    loop_free(loop);
    return other;
}

Loop* wav_read(const char* path, const Loop* about)
{
    uint8_t header[HEADER];
    Loop written = *about;
    Loop* loop = NULL;
    float* samples = NULL;
    const char* why;
    FILE* const file = fopen(path, "rb");
    if (!file)
        return NULL;
    const bool ours = fread(header, HEADER, 1, file) == 1 && memcmp(header, "RIFF", 4) == 0 &&
                      memcmp(header + 36, "data", 4) == 0 && get(header + 20, 2) == FLOATS &&
                      get(header + 22, 2) == 2 && get(header + 24, 4) <= LOOP_MOST_HZ;
    const size_t n_floats = ours ? get(header + 40, 4) / 4 : 0;
    written.rate_hz = get(header + 24, 4);
    if (n_floats && n_floats <= (size_t)LOOP_MOST_SECONDS * written.rate_hz * 2)
        samples = malloc(n_floats * 4);
    if (samples && fread(samples, 4, n_floats, file) == n_floats) {
        for (size_t i = 0; i < n_floats; ++i) {
            uint8_t bytes[4];
            memcpy(bytes, samples + i, 4);
            const uint32_t bits = get(bytes, 4);
            memcpy(samples + i, &bits, 4);
        }
        loop = at_rate(loop_make(samples, n_floats, &written, &why), about->rate_hz);
    }
    free(samples);
    fclose(file);
    return loop;
}

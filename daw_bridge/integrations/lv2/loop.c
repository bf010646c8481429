#include "loop.h"

#include <math.h>
#include <stdlib.h>

double meter_beats(Meter meter) { return meter.beats * 4.0 / meter.unit; }

bool meter_usable(Meter meter)
{
    const int32_t unit = meter.unit;
    return meter.beats >= 1 && meter.beats <= 64 && unit >= 1 && unit <= 64 && !(unit & (unit - 1));
}

double loop_samples(int32_t bars, Meter meter, double bpm, uint32_t rate_hz)
{
    return floor(bars * meter_beats(meter) * 60.0 / bpm * rate_hz + 0.5);
}

/* Channels that so many floats are, or 0: the length may be off by the rounding of a half. */
static uint32_t channels_of(size_t n_floats, double n_samples)
{
    for (uint32_t n = 1; n <= 2; ++n)
        if (n_floats % n == 0 && fabs((double)(n_floats / n) - n_samples) <= 1.0)
            return n;
    return 0;
}

Loop* loop_make(const float* samples, size_t n_floats, const Loop* about, const char** why)
{
    if (!meter_usable(about->meter) || about->bars < 1 || about->bars > 4096 ||
        !(about->bpm >= 20 && about->bpm <= 400) || about->rate_hz < LOOP_LEAST_HZ ||
        about->rate_hz > LOOP_MOST_HZ) {
        *why = "the server's clip has a length, tempo or rate that no loop has";
        return NULL;
    }
    const double wanted = loop_samples(about->bars, about->meter, about->bpm, about->rate_hz);
    const uint32_t n_channels = channels_of(n_floats, wanted);
    if (!n_channels || n_floats < 2) {
        *why = "the server's clip is not as long as its bars: ask again";
        return NULL;
    }
    for (size_t i = 0; i < n_floats; ++i) {
        if (!(fabsf(samples[i]) <= LOOP_LOUDEST)) {
            *why = "the server's clip has samples that are no sound (not a number, or far too "
                   "loud): it is not played; ask again";
            return NULL;
        }
    }
    Loop* const loop = malloc(sizeof *loop);
    const size_t n = n_floats / n_channels;
    float* const memory = loop ? malloc(2 * n * sizeof(float)) : NULL;
    if (!memory) {
        free(loop);
        *why = "there is not enough memory for the loop";
        return NULL;
    }
    *loop = *about;
    loop->n_samples = (uint32_t)n;
    loop->returned = false;
    loop->channels[0] = memory;
    loop->channels[1] = memory + n;
    for (size_t i = 0; i < n; ++i) {
        loop->channels[0][i] = samples[i * n_channels];
        loop->channels[1][i] = samples[i * n_channels + n_channels - 1];
    }
    return loop;
}

void loop_free(Loop* loop)
{
    if (loop)
        free(loop->channels[0]);
    free(loop);
}

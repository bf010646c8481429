/* A loop at another rate, by windowed sinc (Kaiser), as the circle that it is: no edge arises. */
#include "loop.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CROSSINGS 48 /* of zero, to each side */
#define STEPS 512    /* of the table between two of them: interpolated, 116 dB below */
#define BETA 9.0     /* of the window: what it lets through lies 90 dB below */
#define PI 3.14159265358979323846

static double bessel(double x)
{
    double sum = 1, term = 1;
    for (int k = 1; term > sum * 1e-17; ++k) {
        term *= x * x / (4.0 * k * k);
        sum += term;
    }
    return sum;
}

/* One side of the filter by distance, and a zero to read beyond its end. */
static double* filter(void)
{
    double* const table = malloc((CROSSINGS * STEPS + 2) * sizeof *table);
    if (!table)
        return NULL;
    for (int i = 0; i <= CROSSINGS * STEPS; ++i) {
        const double x = (double)i / STEPS, part = x / CROSSINGS;
        const double sinc = i ? sin(PI * x) / (PI * x) : 1;
        table[i] = sinc * bessel(BETA * sqrt(1 - part * part)) / bessel(BETA);
    }
    table[CROSSINGS * STEPS + 1] = 0;
    return table;
}

static double weight_at(const double* table, double distance)
{
    const double place = fabs(distance) * STEPS;
    const int at = (int)place;
    if (at >= CROSSINGS * STEPS)
        return 0;
    return table[at] + (place - at) * (table[at + 1] - table[at]);
}

/* What lies between the samples of a circle. */
static void read_between(const Loop* loop, const double* table, double place, double cutoff,
                         float* out[2])
{
    const int64_t n = loop->n_samples, reach = (int64_t)ceil(CROSSINGS / cutoff);
    const int64_t first = (int64_t)floor(place) - reach + 1;
    double sum[2] = {0, 0}, weights = 0;
    int64_t at = (first % n + n) % n;
    for (int64_t i = first; i < first + 2 * reach; ++i) {
        const double weight = weight_at(table, (place - (double)i) * cutoff);
        weights += weight;
        sum[0] += weight * loop->channels[0][at];
        sum[1] += weight * loop->channels[1][at];
        at = at + 1 == n ? 0 : at + 1;
    }
    *out[0] = (float)(sum[0] / weights);
    *out[1] = (float)(sum[1] / weights);
}

Loop* loop_at_rate(const Loop* loop, uint32_t rate_hz)
{
    const double wanted = loop_samples(loop->bars, loop->meter, loop->bpm, rate_hz);
    double* const table = filter();
    Loop* const other = table ? malloc(sizeof *other) : NULL;
    const size_t n = (size_t)wanted;
    float* const memory = other && n ? malloc(2 * n * sizeof(float)) : NULL;
    if (!memory) {
        free(table);
        free(other);
        return NULL;
    }
    *other = *loop;
    other->rate_hz = rate_hz;
    other->n_samples = (uint32_t)n;
    other->channels[0] = memory;
    other->channels[1] = memory + n;
    const double step = (double)loop->n_samples / (double)n, cutoff = step > 1 ? 1 / step : 1;
    for (size_t i = 0; i < n; ++i) {
        float* out[2] = {other->channels[0] + i, other->channels[1] + i};
        read_between(loop, table, (double)i * step, cutoff, out);
    }
    free(table);
    return other;
}

/* A loop: finished audio of whole bars. Nobody changes it once it is made. */
#ifndef MAGNET_LOOP_H
#define MAGNET_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    int32_t beats; /* upper number */
    int32_t unit;  /* lower number */
} Meter;

typedef struct Loop {
    uint32_t n_samples;
    uint32_t rate_hz;
    double bpm;   /* quarter notes a minute that it was made for */
    int32_t bars;
    Meter meter;
    bool preview;  /* a coarse first version; what is whole and has its number is the same music */
    int32_t number; /* of the wish that it was made for */
    bool returned; /* the worker's own note: the audio thread has given it back */
    float* channels[2];
} Loop;

#define LOOP_MOST_SECONDS 600
#define LOOP_LEAST_HZ 8000
#define LOOP_MOST_HZ 768000
#define LOOP_LOUDEST 4.0f /* +12 dBFS: what is above is no music but a fault */

/* Quarter notes in a bar. */
double meter_beats(Meter meter);
bool meter_usable(Meter meter);
/* Samples that a loop has to have. */
double loop_samples(int32_t bars, Meter meter, double bpm, uint32_t rate_hz);
/* From interleaved samples; NULL, and why, where they are no loop. The worker's. */
Loop* loop_make(const float* samples, size_t n_floats, const Loop* about, const char** why);
/* The same music at another rate; NULL where there is no memory for it. The worker's. */
Loop* loop_at_rate(const Loop* loop, uint32_t rate_hz);
void loop_free(Loop* loop);

#endif

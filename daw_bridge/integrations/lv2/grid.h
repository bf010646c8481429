/* Where the host's beats lie on its samples, and which samples of a loop lie there.
 *
 * Everything here is computed from a position, never added up: the same place in the song sounds
 * the same however it was reached. A beat is a quarter note; the host's own may be another.
 */
#ifndef MAGNET_GRID_H
#define MAGNET_GRID_H

#include "loop.h"

/* What the host has said about its position, as time:Position carries it. */
typedef struct {
    bool has_frame, has_bar, has_beat; /* has_beat: a place within the bar */
    double speed;
    int64_t frame;
    double bar;
    double bar_beat; /* in the host's units */
    double bpm;      /* quarter notes a minute; 0 = not said */
    Meter meter;     /* beats 0 = not said */
} Position;

/* A straight line through the host's samples: where each beat is, while the tempo is the same. */
typedef struct {
    bool rolling;
    int64_t frame;
    double beat; /* of the song at that frame; bars lie on whole multiples of beats_per_bar */
    double bpm;
    double samples_per_beat;
    double beats_per_bar;
    Meter meter;
} Line;

double line_beat(const Line* line, int64_t frame);
/* The sample nearest to a beat. */
int64_t line_sample(const Line* line, double beat);
/* The host's next line, at `now`, its sample by the line before. See docs/plugin.md, "In time". */
Line line_of(const Position* said, double tempo, uint32_t rate_hz, const Line* before, int64_t now);
/* The first sample from `earliest` on that lies on the grid of so many bars; 0 bars: on a beat. */
int64_t line_next(const Line* line, double bars, int64_t earliest);

/* A stretch of the host's samples, and the part of a loop that sounds there. */
typedef struct {
    int64_t begins, ends; /* the host's samples, the end not included */
    int64_t from, length; /* of the loop */
    int64_t next_from;    /* where the slice after it begins in the loop */
    bool whole;           /* a round of the loop, and not a beat cut out of it */
} Slice;

Slice slice_at(const Loop* loop, const Line* line, int64_t frame);
/* The sample of the loop that sounds at the frame. */
int64_t slice_reading(const Loop* loop, const Slice* slice, int64_t frame);
/* Write what sounds from `frame` on, as far as the slice and `count` go; how many samples. */
uint32_t slice_read(const Loop* loop, const Slice* slice, int64_t frame, uint32_t count,
                    float* left, float* right);

#endif

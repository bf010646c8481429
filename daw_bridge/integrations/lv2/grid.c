#include "grid.h"

#include <math.h>
#include <string.h>

#define RELOCK_SECONDS 0.0015
#define CUT_SECONDS 0.005
#define TICK_BEATS (1.0 / 300) /* hosts count in ticks, and say the one before */

static double nearest(double x) { return floor(x + 0.5); }

double line_beat(const Line* line, int64_t frame)
{
    return line->beat + (double)(frame - line->frame) / line->samples_per_beat;
}

int64_t line_sample(const Line* line, double beat)
{
    return line->frame + (int64_t)nearest((beat - line->beat) * line->samples_per_beat);
}

/* The beat of the song that the host says. In 6/8 and its like Ardour 7 counts whole units and the
 * rest in quarter notes: `mixed` reads it so. */
static double beat_said(const Position* said, const Line* line, bool mixed)
{
    const double unit = 4.0 / line->meter.unit, whole = floor(said->bar_beat);
    const double rest = said->bar_beat - whole;
    return said->bar * line->beats_per_bar + whole * unit + rest * (mixed ? 1 : unit);
}

Line line_of(const Position* said, double tempo, uint32_t rate_hz, const Line* before, int64_t now)
{
    Line line = {.rolling = fabs(said->speed - 1.0) < 1e-3};
    line.bpm = said->bpm > 0 ? said->bpm : tempo;
    line.meter = said->meter.beats ? said->meter : (Meter){4, 4};
    line.samples_per_beat = rate_hz * 60.0 / line.bpm;
    line.beats_per_bar = meter_beats(line.meter);
    const int64_t frame = said->has_frame ? said->frame : now;
    if (!said->has_bar && !said->has_beat)
        return line; /* one tempo from sample 0 on */
    double beat = 0, expected = 0;
    bool agrees = false;
    for (int reading = 0; reading < 2 && !agrees; ++reading) {
        const double read = beat_said(said, &line, reading == 1);
        if (fabs(line_beat(&line, frame) - read) < TICK_BEATS)
            return line; /* so it is: exact, where ticks are not */
        expected = before->bpm > 0 ? line_beat(before, frame) : NAN;
        agrees = fabs(expected - read) < TICK_BEATS;
        beat = reading == 0 || agrees ? read : beat;
    }
    if (agrees && before->bpm == line.bpm && before->beats_per_bar == line.beats_per_bar) {
        line.frame = before->frame;
        line.beat = before->beat;
    } else {
        line.frame = frame;
        line.beat = agrees && frame == now ? expected : beat;
    }
    return line;
}

int64_t line_next(const Line* line, double bars, int64_t earliest)
{
    const double beat = line_beat(line, earliest), per_bar = line->beats_per_bar;
    const double grid = bars > 0 ? bars * per_bar : per_bar;
    double base = floor(beat / grid) * grid - grid;
    for (;; base += grid) {
        const double step = bars > 0 ? grid : 1.0; /* a bar of 7/8 has a short last beat */
        for (double within = 0; within < grid; within += step) {
            const int64_t sample = line_sample(line, base + within);
            if (sample >= earliest)
                return sample;
        }
    }
}

/* Beat `index` of the song, counted over bars whose last beat may be cut short. */
static double beat_of_step(double index, double beats_per_bar)
{
    const double steps = ceil(beats_per_bar), bar = floor(index / steps);
    return bar * beats_per_bar + (index - bar * steps);
}

static int64_t loop_sample(const Loop* loop, double beat)
{
    const double beats = loop->bars * meter_beats(loop->meter);
    return (int64_t)nearest(beat / beats * loop->n_samples);
}

/* Where in the loop a step of the song lies: its bar in the loop's bars, its beat in the bar's. */
static int64_t cut_from(const Loop* loop, double index, double steps, int64_t* length)
{
    const double own = meter_beats(loop->meter), own_steps = ceil(own);
    const double bar = floor(index / steps);
    const double in_loop = bar - floor(bar / loop->bars) * loop->bars;
    const double step = fmod(index - bar * steps, own_steps);
    const double begins = in_loop * own + step;
    const double ends = in_loop * own + fmin(step + 1, own);
    const int64_t from = loop_sample(loop, begins);
    *length = loop_sample(loop, ends) - from;
    return from % loop->n_samples;
}

static bool fits(const Loop* loop, const Line* line)
{
    const double beats = loop->bars * meter_beats(loop->meter);
    return meter_beats(loop->meter) == line->beats_per_bar &&
           fabs(beats * line->samples_per_beat - loop->n_samples) <= 1.0;
}

Slice slice_at(const Loop* loop, const Line* line, int64_t frame)
{
    Slice slice = {.whole = fits(loop, line)};
    const double beats = loop->bars * meter_beats(loop->meter);
    const double steps = ceil(line->beats_per_bar);
    const double beat = line_beat(line, frame);
    double index = slice.whole ? floor(beat / beats)
                               : floor(beat / line->beats_per_bar) * steps;
#define BEGIN(i) line_sample(line, slice.whole ? (i) * beats : beat_of_step(i, line->beats_per_bar))
    while (BEGIN(index) > frame)
        --index;
    while (BEGIN(index + 1) <= frame)
        ++index;
    slice.begins = BEGIN(index);
    slice.ends = BEGIN(index + 1);
#undef BEGIN
    int64_t unused;
    slice.from = slice.whole ? 0 : cut_from(loop, index, steps, &slice.length);
    slice.next_from = slice.whole ? 0 : cut_from(loop, index + 1, steps, &unused);
    if (slice.whole)
        slice.length = loop->n_samples;
    return slice;
}

int64_t slice_reading(const Loop* loop, const Slice* slice, int64_t frame)
{
    return (slice->from + frame - slice->begins) % loop->n_samples;
}

static void copy(const Loop* loop, int64_t at, uint32_t count, float* left, float* right)
{
    memcpy(left, loop->channels[0] + at, count * sizeof(float));
    memcpy(right, loop->channels[1] + at, count * sizeof(float));
}

static float clamped(double gain) { return (float)(gain < 0 ? 0 : gain > 1 ? 1 : gain); }

/* The end of a slice runs into the beginning of the next, which comes whole on its sample. */
static void cross(const Loop* loop, const Slice* slice, int64_t frame, double fade, float* out[2])
{
    const int64_t played = frame - slice->begins, left = slice->ends - frame;
    const int64_t n = loop->n_samples, span = slice->ends - slice->begins;
    const int64_t stop = slice->length < span ? slice->length : span;
    const float old_gain = clamped((stop - played - 0.5) / fade);
    const float new_gain = left <= fade ? clamped(1 - (left - 0.5) / fade) : 0;
    const int64_t old_at = (slice->from + played) % n;
    const int64_t new_at = ((slice->next_from - left) % n + n) % n;
    for (int c = 0; c < 2; ++c)
        *out[c] = loop->channels[c][old_at] * old_gain + loop->channels[c][new_at] * new_gain;
}

uint32_t slice_read(const Loop* loop, const Slice* slice, int64_t frame, uint32_t count,
                    float* left, float* right)
{
    const int64_t n = loop->n_samples, span = slice->ends - slice->begins;
    if (count > (uint64_t)(slice->ends - frame))
        count = (uint32_t)(slice->ends - frame);
    const bool joined = span == slice->length && (slice->from + span) % n == slice->next_from;
    const double fade =
        floor((slice->whole ? RELOCK_SECONDS : CUT_SECONDS) * loop->rate_hz + 0.5);
    const int64_t shorter = slice->length < span ? slice->length : span;
    const int64_t plain = joined ? slice->ends : slice->begins + shorter - (int64_t)fade;
    uint32_t done = 0;
    while (done < count && frame + done < plain) {
        const int64_t at = slice_reading(loop, slice, frame + done);
        uint32_t piece = count - done;
        if (piece > (uint64_t)(plain - frame - done))
            piece = (uint32_t)(plain - frame - done);
        if (piece > (uint64_t)(n - at))
            piece = (uint32_t)(n - at);
        copy(loop, at, piece, left + done, right + done);
        done += piece;
    }
    for (; done < count; ++done) {
        float* out[2] = {left + done, right + done};
        cross(loop, slice, frame + done, fade, out);
    }
    return count;
}

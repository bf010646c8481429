#include "agent.h"

#include <math.h>
#include <stdio.h>

/* Why a clip that came again is not the one to play; it is then made again from its seed. */
static void make_again(Agent* agent, const char* why)
{
    char text[LINE_ROOM];
    agent->asked = WANT_NOTHING;
    agent_drop(agent);
    snprintf(text, sizeof text, "%s: it is made again from its seed", why);
    agent_want(agent, WANT_GENERATE, &agent->wish, "");
    agent_say(agent, TEXT_MESSAGE, text);
}

static void accepted(Agent* agent, OscIn* in)
{
    int32_t place = 0;
    osc_take_int(in, &place);
    agent->rendering = place == 0;
}

static void progress(Agent* agent, OscIn* in)
{
    double fraction;
    if (!osc_take_number(in, &fraction))
        return;
    agent->rendering = true;
    fraction = fraction < 0 ? 0 : fraction > 1 ? 1 : fraction;
    atomic_store(&agent->exchange->progress, (float)fraction);
}

static void audio(Agent* agent, OscIn* in)
{
    int32_t index, count;
    const uint8_t* bytes;
    size_t size;
    if (osc_take_int(in, &index) && osc_take_int(in, &count) && osc_take_blob(in, &bytes, &size))
        parcel_add(&agent->parcel, index, count, bytes, size);
    else
        agent->parcel.broken = true;
}

static void preview_audio(Agent* agent, OscIn* in)
{
    int32_t index, count, rate_hz, n_channels;
    const uint8_t* bytes;
    size_t size;
    if (osc_take_int(in, &index) && osc_take_int(in, &count) && osc_take_int(in, &rate_hz) &&
        osc_take_int(in, &n_channels) && osc_take_blob(in, &bytes, &size) &&
        rate_hz == (int32_t)agent->rate_hz)
        parcel_add(&agent->preview, index, count, bytes, size);
    else
        agent->preview.broken = true;
}

static Loop about_wish(const Agent* agent, const Wish* wish)
{
    return (Loop){.rate_hz = agent->rate_hz, .bpm = wish->bpm, .bars = wish->bars,
                  .meter = wish->meter, .number = wish->number};
}

/* What is no loop is dropped without a word: the whole one comes. */
static void preview(Agent* agent, OscIn* in)
{
    (void)in;
    Loop about = about_wish(agent, &agent->wish);
    about.preview = true;
    const char* why = "";
    if (agent->asked == WANT_GENERATE && !agent->latest && parcel_whole(&agent->preview)) {
        Loop* const loop =
            loop_make(agent->preview.samples, agent->preview.n_floats, &about, &why);
        if (loop)
            agent_preview(agent, loop);
    }
    parcel_end(&agent->preview);
}

typedef struct {
    const char *clip, *path, *notes;
    double seconds, bars, bpm, bpm_measured, seam, lufs;
    int32_t seed, rate_hz;
} Ready;

static bool read_ready(OscIn* in, Ready* ready)
{
    double* const numbers[] = {&ready->seconds,      &ready->bars, &ready->bpm,
                               &ready->bpm_measured, &ready->seam, &ready->lufs};
    if (!osc_take_text(in, &ready->clip) || !osc_take_text(in, &ready->path))
        return false;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i)
        if (!osc_take_number(in, numbers[i]))
            return false;
    if (!osc_take_int(in, &ready->seed) || !osc_take_int(in, &ready->rate_hz) || ready->seed < 0)
        return false;
    double rtf;
    if (!osc_take_number(in, &rtf) || !osc_take_text(in, &ready->notes))
        ready->notes = "";
    return true;
}

static void ready(Agent* agent, OscIn* in)
{
    Ready is;
    Wish made = agent->wish;
    if (!read_ready(in, &is)) {
        agent_fail(agent, "the server's answer cannot be read: is it of another version?");
        return;
    }
    if (!parcel_whole(&agent->parcel) || is.rate_hz != (int32_t)agent->rate_hz) {
        agent_fail(agent, "the clip did not come whole: ask again");
        return;
    }
    const bool as_asked = fabs(is.bpm - made.bpm) < 0.001; /* it crosses with 24 bits */
    made.bpm = as_asked ? made.bpm : is.bpm;
    made.seed = is.seed;
    const Loop about = about_wish(agent, &made);
    const char* why = "";
    Loop* const loop = loop_make(agent->parcel.samples, agent->parcel.n_floats, &about, &why);
    if (!loop) {
        agent_fail(agent, why);
        return;
    }
    agent_drop(agent);
    agent->asked = WANT_NOTHING;
    atomic_store(&agent->exchange->progress, 1.0f);
    atomic_store(&agent->exchange->bpm_measured, (float)is.bpm_measured);
    agent_deliver(agent, loop, &made, is.clip);
    agent_say(agent, TEXT_MESSAGE, is.notes);
}

static void failed(Agent* agent, OscIn* in)
{
    const char *code, *text;
    if (!osc_take_text(in, &code) || !osc_take_text(in, &text))
        text = "the server refused, and its reason cannot be read";
    if (agent->asked == WANT_CLIP)
        make_again(agent, "the server does not have the clip");
    else
        agent_fail(agent, text);
}

static void preset_item(Agent* agent, OscIn* in)
{
    const char* name;
    if (agent->n_presets < MOST_PRESETS && osc_take_text(in, &name) && *name)
        copy_text(agent->presets[agent->n_presets++], NAME_ROOM, name, strlen(name));
}

static void failed_to_enter(Agent* agent, OscIn* in)
{
    const char *code, *text;
    agent->presets_known = true; /* and there are none for us */
    if (osc_take_text(in, &code) && osc_take_text(in, &text))
        agent_fail(agent, text);
}

/* To what was asked beside jobs, all under id 0. */
static void hear_other(Agent* agent, const char* address, OscIn* in)
{
    if (strcmp(address, "/magnet/preset/item") == 0)
        preset_item(agent, in);
    else if (strcmp(address, "/magnet/preset/end") == 0)
        agent->presets_known = true;
    else if (strcmp(address, "/magnet/failed") == 0)
        failed_to_enter(agent, in);
}

void agent_hear(Agent* agent, const uint8_t* packet, size_t size)
{
    static const struct {
        const char* address;
        void (*hear)(Agent*, OscIn*);
    } answers[] = {{"/magnet/accepted", accepted},   {"/magnet/progress", progress},
                   {"/magnet/audio", audio},         {"/magnet/ready", ready},
                   {"/magnet/failed", failed},       {"/magnet/preview", preview},
                   {"/magnet/preview/audio", preview_audio}};
    OscIn in;
    int32_t id;
    const char* text;
    if (!osc_open(&in, packet, size))
        return;
    if (strcmp(in.address, "/magnet/error") == 0) {
        if (osc_take_text(&in, &text))
            agent_say(agent, TEXT_MESSAGE, text);
        return;
    }
    if (!osc_take_int(&in, &id))
        return;
    if (id == 0)
        hear_other(agent, in.address, &in);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; ++i) {
        if (strcmp(in.address, answers[i].address) == 0 && id == agent->id && id != 0 &&
            agent->asked != WANT_NOTHING)
            answers[i].hear(agent, &in);
    }
}

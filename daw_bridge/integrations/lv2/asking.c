#include "agent.h"

#include <stdio.h>

void agent_hello(Agent* agent)
{
    agent->presets_known = false;
    agent->n_presets = 0;
    if (agent->settings.token[0]) {
        osc_begin(&agent->out, "/magnet/hello");
        osc_add_int(&agent->out, 0);
        osc_add_text(&agent->out, agent->settings.token);
        wire_send(&agent->wire, &agent->out);
    }
    osc_begin(&agent->out, "/magnet/preset/list");
    osc_add_int(&agent->out, 0);
    wire_send(&agent->wire, &agent->out);
}

static void name_number(OscOut* out, const char* name, double value)
{
    osc_add_text(out, name);
    osc_add_double(out, value);
}

static void name_int(OscOut* out, const char* name, int32_t value)
{
    osc_add_text(out, name);
    osc_add_int(out, value);
}

static void name_text(OscOut* out, const char* name, const char* value)
{
    osc_add_text(out, name);
    osc_add_text(out, value);
}

/* Only where nothing sounds yet: for a preview the server draws no other take. */
static bool wants_preview(const Agent* agent)
{
    return !agent->latest && agent->previewed != agent->wish.number &&
           atomic_load(&agent->exchange->previews);
}

static void write_generate(Agent* agent)
{
    const Wish* const wish = &agent->wish;
    OscOut* const out = &agent->out;
    char meter[32];
    osc_begin(out, "/magnet/generate");
    osc_add_int(out, agent->id);
    if (wish->prompt[0])
        name_text(out, "prompt", wish->prompt);
    if (wish->preset[0])
        name_text(out, "preset", wish->preset);
    snprintf(meter, sizeof meter, "%d/%d", (int)wish->meter.beats, (int)wish->meter.unit);
    name_number(out, "bars", wish->bars);
    name_number(out, "bpm", wish->bpm);
    name_text(out, "meter", meter);
    name_int(out, "seed", wish->seed);
    name_int(out, "rate", (int32_t)agent->rate_hz);
    name_int(out, "channels", 2);
    name_text(out, "delivery", "stream");
    if (wants_preview(agent))
        name_int(out, "preview", 1);
}

static void write_clip(Agent* agent)
{
    osc_begin(&agent->out, "/magnet/clip/get");
    osc_add_int(&agent->out, agent->id);
    osc_add_text(&agent->out, agent->wish_clip);
    name_int(&agent->out, "rate", (int32_t)agent->rate_hz);
    name_text(&agent->out, "delivery", "stream");
}

static void cancel(Agent* agent)
{
    osc_begin(&agent->out, "/magnet/cancel");
    osc_add_int(&agent->out, agent->id);
    wire_send(&agent->wire, &agent->out);
    agent_drop(agent);
    agent->asked = WANT_NOTHING;
}

/* Whether it can be asked now; says why where it never can. */
static bool name_preset(Agent* agent)
{
    Wish* const wish = &agent->wish;
    char text[LINE_ROOM];
    if (wish->preset_number > 0 && !wish->preset[0]) {
        if (!agent->presets_known)
            return false;
        if (wish->preset_number > agent->n_presets) {
            snprintf(text, sizeof text, "there is no preset %d: the server has %d",
                     (int)wish->preset_number, (int)agent->n_presets);
            agent->want = WANT_NOTHING;
            agent_fail(agent, text);
            return false;
        }
        memcpy(wish->preset, agent->presets[wish->preset_number - 1], NAME_ROOM);
    }
    if (!wish->prompt[0] && !wish->preset[0]) {
        agent->want = WANT_NOTHING;
        agent_fail(agent, "write a prompt, or choose a preset by its number, and generate again");
        return false;
    }
    return true;
}

void agent_ask(Agent* agent)
{
    if (agent->want == WANT_NOTHING)
        return;
    if (agent->asked == WANT_GENERATE)
        cancel(agent);
    if (agent->want == WANT_GENERATE && !name_preset(agent))
        return;
    agent->id = ++agent->last_id;
    if (agent->want == WANT_GENERATE)
        write_generate(agent);
    else
        write_clip(agent);
    agent->rendering = false;
    atomic_store(&agent->exchange->progress, 0.0f);
    parcel_begin(&agent->parcel, (size_t)LOOP_MOST_SECONDS * agent->rate_hz * 2);
    parcel_begin(&agent->preview, (size_t)LOOP_MOST_SECONDS * agent->rate_hz * 2);
    if (wire_send(&agent->wire, &agent->out)) {
        agent->asked = agent->want;
        agent->want = WANT_NOTHING;
    } else if (agent->out.full) {
        agent->want = WANT_NOTHING;
        agent_fail(agent, "the prompt is too long for one message: shorten it");
    }
}

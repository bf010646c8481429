#include "agent.h"

#include <math.h>
#include <stdlib.h>

#define TICK_MS 20
#define RETRY_SECONDS 1.0
#define PING_SECONDS 5.0
#define SILENT_SECONDS 15.0
#define STEADY_SECONDS 1.0

void agent_say(Agent* agent, TextKind kind, const char* text)
{
    Exchange* const exchange = agent->exchange;
    const int slot = ring_free_slot(&exchange->texts);
    if (slot < 0)
        return; /* the host does not run; state and parameters still say it */
    exchange->text_slots[slot].kind = kind;
    copy_text(exchange->text_slots[slot].text, TEXT_ROOM, text, strlen(text));
    ring_wrote(&exchange->texts);
}

void agent_drop(Agent* agent)
{
    parcel_end(&agent->parcel);
    parcel_end(&agent->preview);
}

void agent_fail(Agent* agent, const char* text)
{
    agent->fault = true;
    agent->asked = WANT_NOTHING;
    agent_drop(agent);
    agent_say(agent, TEXT_MESSAGE, text);
}

void agent_want(Agent* agent, Want want, const Wish* wish, const char* clip)
{
    agent->want = want;
    agent->wish = *wish;
    agent->wish.number = ++agent->last_number;
    copy_text(agent->wish_clip, NAME_ROOM, clip, strlen(clip));
    agent->fault = false;
}

/* A loop that the audio thread has no more. */
static void let_go(Agent* agent, Loop* loop)
{
    if (!loop)
        return;
    loop->returned = true;
    if (loop != agent->latest)
        loop_free(loop);
}

void agent_deliver(Agent* agent, Loop* loop, const Wish* made, const char* clip)
{
    Loop* const before = agent->latest;
    agent->latest = loop;
    agent->made = *made;
    copy_text(agent->clip, NAME_ROOM, clip, strlen(clip));
    if (before && before->returned)
        loop_free(before);
    atomic_store(&agent->exchange->seed, made->seed);
    let_go(agent, atomic_exchange(&agent->exchange->inbox, loop));
    agent_say(agent, TEXT_CLIP, clip);
}

void agent_preview(Agent* agent, Loop* loop)
{
    agent->previewed = loop->number;
    let_go(agent, atomic_exchange(&agent->exchange->inbox, loop));
    agent_say(agent, TEXT_MESSAGE, "a first, coarse version sounds until the loop is whole");
}

static void take_returns(Agent* agent)
{
    Exchange* const exchange = agent->exchange;
    for (int slot; (slot = ring_full_slot(&exchange->returns)) >= 0;) {
        Loop* const loop = exchange->return_slots[slot];
        ring_took(&exchange->returns);
        let_go(agent, loop);
    }
}

static int32_t draw_seed(const Agent* agent)
{
    uint64_t x = (uint64_t)(now_seconds() * 1e6) ^ (uint64_t)(uintptr_t)agent;
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdULL;
    x ^= x >> 33;
    return (int32_t)(x & 0xffffff); /* a port can show it without rounding */
}

static State state_of(const Agent* agent)
{
    if (agent->wire.state != WIRE_OPEN)
        return STATE_NO_SERVER;
    if (agent->asked != WANT_NOTHING)
        return agent->rendering ? STATE_RENDERING : STATE_WAITING;
    if (agent->want != WANT_NOTHING)
        return STATE_WAITING;
    return agent->fault ? STATE_ERROR : STATE_IDLE;
}

static void publish(Agent* agent)
{
    const bool owes = agent->want != WANT_NOTHING || agent->asked != WANT_NOTHING;
    atomic_store(&agent->exchange->state, state_of(agent));
    atomic_store(&agent->exchange->owes, owes);
}

static void take_orders(Agent* agent)
{
    Exchange* const exchange = agent->exchange;
    for (int slot; (slot = ring_full_slot(&exchange->orders)) >= 0;) {
        const Order* const order = &exchange->order_slots[slot];
        if (order->kind == ORDER_PROMPT) {
            memcpy(agent->prompt, order->prompt, TEXT_ROOM);
        } else {
            Wish wish = {.preset_number = order->preset, .bars = order->bars,
                         .seed = order->seed < 0 ? draw_seed(agent) : order->seed,
                         .bpm = order->bpm, .meter = order->meter};
            memcpy(wish.prompt, agent->prompt, TEXT_ROOM);
            agent_want(agent, WANT_GENERATE, &wish, "");
            publish(agent); /* before it counts as taken: the musician has seen no gap */
        }
        ring_took(&exchange->orders);
    }
}

/* Where the host's tempo or meter is another and stays so, the same is asked for at the new one. */
static void follow(Agent* agent, double now)
{
    Exchange* const exchange = agent->exchange;
    const double bpm = atomic_load(&exchange->bpm);
    const Meter meter = {atomic_load(&exchange->meter_beats), atomic_load(&exchange->meter_unit)};
    const Loop* const loop = agent->latest;
    const bool busy = agent->want != WANT_NOTHING || agent->asked != WANT_NOTHING;
    if (!loop || busy || !atomic_load(&exchange->follow) || !(bpm > 0) || !meter_usable(meter)) {
        agent->steady_since = now;
        return;
    }
    const bool steady = bpm == agent->steady_bpm && meter.beats == agent->steady_meter.beats &&
                        meter.unit == agent->steady_meter.unit;
    if (!steady) {
        agent->steady_bpm = bpm;
        agent->steady_meter = meter;
        agent->steady_since = now;
        agent->followed_bpm = 0;
    }
    const bool same = fabs(bpm - loop->bpm) < 1e-6 && meter_beats(meter) == meter_beats(loop->meter);
    if (same || now - agent->steady_since < STEADY_SECONDS || agent->followed_bpm == bpm)
        return;
    agent->followed_bpm = bpm; /* once: a server that refuses is not asked for ever */
    Wish wish = agent->made;
    wish.bpm = bpm;
    wish.meter = meter;
    agent_want(agent, WANT_GENERATE, &wish, "");
}

/* The connection has ended: what was under way is wanted again. */
static void lost(Agent* agent)
{
    if (agent->asked != WANT_NOTHING && agent->want == WANT_NOTHING)
        agent->want = agent->asked;
    agent->asked = WANT_NOTHING;
    agent_drop(agent);
}

static void keep_in_touch(Agent* agent, WireState before, double now)
{
    Wire* const wire = &agent->wire;
    if (before == WIRE_OPENING && wire->state == WIRE_OPEN) {
        agent->heard = agent->pinged = now;
        agent_hello(agent);
    }
    if (wire->state == WIRE_OPEN && now - agent->heard > SILENT_SECONDS)
        wire_close(wire);
    if (wire->state == WIRE_CLOSED && before != WIRE_CLOSED) {
        lost(agent);
        agent->next_try = now + RETRY_SECONDS;
    }
    if (wire->state == WIRE_OPEN && now - agent->pinged > PING_SECONDS) {
        agent->pinged = now;
        osc_begin(&agent->out, "/magnet/ping");
        osc_add_int(&agent->out, 0);
        wire_send(wire, &agent->out);
    }
}

static void tick(Agent* agent, WireState before)
{
    const double now = now_seconds();
    size_t size;
    for (const uint8_t* packet; (packet = wire_packet(&agent->wire, &size));) {
        agent->heard = now;
        agent_hear(agent, packet, size);
    }
    keep_in_touch(agent, before, now);
    take_returns(agent);
    take_orders(agent);
    follow(agent, now);
    if (agent->wire.state == WIRE_OPEN)
        agent_ask(agent);
    if (agent->wire.state == WIRE_CLOSED && before == WIRE_OPEN)
        lost(agent);
    publish(agent);
}

THREAD_BODY(work, given)
{
    Agent* const agent = given;
    while (!atomic_load(&agent->ends)) {
        const WireState before = agent->wire.state;
        if (before == WIRE_CLOSED && now_seconds() >= agent->next_try) {
            agent->next_try = now_seconds() + RETRY_SECONDS;
            wire_open(&agent->wire, agent->settings.host, agent->settings.port);
        }
        const WireState waited = agent->wire.state;
        wire_wait(&agent->wire, TICK_MS);
        lock_take(&agent->lock);
        tick(agent, waited);
        lock_give(&agent->lock);
    }
    return THREAD_END;
}

bool agent_start(Agent* agent, Exchange* exchange, uint32_t rate_hz)
{
    sockets_begin();
    memset(agent, 0, sizeof *agent);
    agent->exchange = exchange;
    agent->rate_hz = rate_hz;
    settings_read(&agent->settings);
    wire_begin(&agent->wire);
    lock_make(&agent->lock);
    return thread_start(&agent->thread, work, agent);
}

void agent_stop(Agent* agent)
{
    atomic_store(&agent->ends, 1);
    thread_join(agent->thread);
    wire_close(&agent->wire);
    agent_drop(agent);
    take_returns(agent);
    let_go(agent, atomic_exchange(&agent->exchange->inbox, NULL));
    lock_end(&agent->lock);
    sockets_end();
}

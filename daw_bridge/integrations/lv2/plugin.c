/* MAGNeT loops on a track: the LV2 plugin. The audio thread's part is run() and what it calls. */
#include "plugin.h"

#include <math.h>
#include <stdlib.h>

void urids_map(Urids* urids, LV2_URID_Map* map)
{
#define URID(field, uri) urids->field = map->map(map->handle, uri)
    URID(atom_int, LV2_ATOM__Int);
    URID(atom_long, LV2_ATOM__Long);
    URID(atom_float, LV2_ATOM__Float);
    URID(atom_double, LV2_ATOM__Double);
    URID(atom_string, LV2_ATOM__String);
    URID(atom_path, LV2_ATOM__Path);
    URID(atom_object, LV2_ATOM__Object);
    URID(atom_blank, LV2_ATOM__Blank);
    URID(atom_urid, LV2_ATOM__URID);
    URID(time_position, LV2_TIME__Position);
    URID(time_frame, LV2_TIME__frame);
    URID(time_speed, LV2_TIME__speed);
    URID(time_bar, LV2_TIME__bar);
    URID(time_bar_beat, LV2_TIME__barBeat);
    URID(time_beat, LV2_TIME__beat);
    URID(time_bpm, LV2_TIME__beatsPerMinute);
    URID(time_beats_per_bar, LV2_TIME__beatsPerBar);
    URID(time_beat_unit, LV2_TIME__beatUnit);
    URID(patch_get, LV2_PATCH__Get);
    URID(patch_set, LV2_PATCH__Set);
    URID(patch_property, LV2_PATCH__property);
    URID(patch_value, LV2_PATCH__value);
    URID(state_changed, LV2_STATE_PREFIX "StateChanged");
#define OWN(field) URID(field, MAGNET_URI "#" #field)
    OWN(prompt);
    OWN(message);
    OWN(clip);
    OWN(made_prompt);
    OWN(preset);
    OWN(bars);
    OWN(seed);
    OWN(bpm);
    OWN(meter_beats);
    OWN(meter_unit);
    OWN(loop);
#undef OWN
#undef URID
}

static LV2_Handle instantiate(const LV2_Descriptor* descriptor, double rate, const char* folder,
                              const LV2_Feature* const* features)
{
    (void)descriptor;
    (void)folder;
    LV2_URID_Map* map = NULL;
    for (; *features; ++features)
        if (strcmp((*features)->URI, LV2_URID__map) == 0)
            map = (*features)->data;
    if (!map || !(rate >= LOOP_LEAST_HZ && rate <= LOOP_MOST_HZ))
        return NULL;
    Plugin* const plugin = calloc(1, sizeof *plugin);
    if (!plugin)
        return NULL;
    plugin->map = map;
    urids_map(&plugin->urids, map);
    lv2_atom_forge_init(&plugin->forge, map);
    player_begin(&plugin->player, (uint32_t)(rate + 0.5));
    plugin->generate_was = true; /* a session may have been saved with the button down */
    atomic_store(&plugin->exchange.seed, -1);
    if (!agent_start(&plugin->agent, &plugin->exchange, plugin->player.rate_hz)) {
        free(plugin);
        return NULL;
    }
    return plugin;
}

static void connect_port(LV2_Handle instance, uint32_t port, void* data)
{
    if (port < N_PORTS)
        ((Plugin*)instance)->ports[port] = data;
}

static float input(const Plugin* plugin, int port)
{
    static const struct {
        float least, usual, most;
    } ranges[N_PORTS] = {
#define RANGE(name, index, symbol, least, usual, most) [index] = {least, usual, most},
        MAGNET_INPUTS(RANGE)
#undef RANGE
    };
    const float* const value = plugin->ports[port];
    if (!value || !isfinite(*value))
        return ranges[port].usual;
    return fminf(fmaxf(*value, ranges[port].least), ranges[port].most);
}

static void output(const Plugin* plugin, int port, float value)
{
    float* const at = plugin->ports[port];
    if (at)
        *at = value;
}

static void order_loop(Plugin* plugin)
{
    Exchange* const exchange = &plugin->exchange;
    const int slot = ring_free_slot(&exchange->orders);
    if (slot < 0)
        return;
    Order* const order = &exchange->order_slots[slot];
    order->kind = ORDER_GENERATE;
    order->bars = (int32_t)lroundf(input(plugin, PORT_BARS));
    order->seed = (int32_t)lroundf(input(plugin, PORT_SEED));
    order->preset = (int32_t)lroundf(input(plugin, PORT_PRESET));
    order->bpm = plugin->said.bpm > 0 ? plugin->said.bpm : plugin->tempo;
    order->meter = plugin->said.meter.beats ? plugin->said.meter : (Meter){4, 4};
    ring_wrote(&exchange->orders);
    plugin->ordered = atomic_load(&exchange->orders.written);
}

/* Whether the worker has not yet seen that a loop is wanted. */
static bool order_waits(const Plugin* plugin)
{
    return (int)(plugin->ordered - atomic_load(&plugin->exchange.orders.read)) > 0;
}

static void read_controls(Plugin* plugin)
{
    Player* const player = &plugin->player;
    const double tempo = input(plugin, PORT_TEMPO);
    if (tempo != plugin->tempo) {
        plugin->tempo = tempo;
        if (!(plugin->said.bpm > 0)) {
            plugin->said.frame = player->frame;
            plugin->said.has_bar = plugin->said.has_beat = false;
            player_move(player, &plugin->said, tempo);
        }
    }
    const float level = input(plugin, PORT_LEVEL);
    const bool heard = input(plugin, PORT_ENABLED) > 0.5f && level > -60;
    player_level(player, heard ? powf(10, level / 20) : 0);
    player_quantum(player, roundf(input(plugin, PORT_QUANTUM)));
    const bool generate = input(plugin, PORT_GENERATE) > 0.5f;
    if (generate && !plugin->generate_was)
        order_loop(plugin);
    plugin->generate_was = generate;
    atomic_store(&plugin->exchange.follow, input(plugin, PORT_FOLLOW) > 0.5f);
    atomic_store(&plugin->exchange.previews, input(plugin, PORT_PREVIEW) > 0.5f);
}

static void take_loop(Plugin* plugin)
{
    Player* const player = &plugin->player;
    Exchange* const exchange = &plugin->exchange;
    if (player->spent && !player->parting_left) {
        const int slot = ring_free_slot(&exchange->returns);
        if (slot >= 0) {
            exchange->return_slots[slot] = player->spent;
            ring_wrote(&exchange->returns);
            player->spent = NULL;
        }
    }
    if (!player->next && !player->spent && atomic_load(&exchange->inbox))
        player_give(player, atomic_exchange(&exchange->inbox, NULL));
}

static void tell_worker(Plugin* plugin)
{
    Exchange* const exchange = &plugin->exchange;
    const Line* const line = &plugin->player.line;
    if (!(line->bpm > 0))
        return; /* the host has said nothing yet */
    atomic_store(&exchange->bpm, line->bpm);
    atomic_store(&exchange->meter_beats, line->meter.beats);
    atomic_store(&exchange->meter_unit, line->meter.unit);
}

static State state_now(const Plugin* plugin, bool waits)
{
    const Player* const player = &plugin->player;
    const State state = (State)atomic_load(&plugin->exchange.state);
    if (waits && state != STATE_NO_SERVER)
        return STATE_WAITING;
    if (state != STATE_IDLE)
        return state;
    if (player->next)
        return STATE_CUED;
    if (!player->current)
        return STATE_IDLE;
    return player->line.rolling ? STATE_PLAYING : STATE_READY;
}

static void show(Plugin* plugin)
{
    Exchange* const exchange = &plugin->exchange;
    const Player* const player = &plugin->player;
    const bool waits = order_waits(plugin);
    const State state = state_now(plugin, waits);
    const bool silent = player->line.rolling && !player->current;
    const bool owed = waits || state == STATE_WAITING || state == STATE_RENDERING ||
                      atomic_load(&exchange->owes);
    output(plugin, PORT_STATE, (float)state);
    output(plugin, PORT_PROGRESS, atomic_load(&exchange->progress));
    output(plugin, PORT_BPM, atomic_load(&exchange->bpm_measured));
    output(plugin, PORT_SEED_USED, (float)atomic_load(&exchange->seed));
    output(plugin, PORT_UNDERRUN, silent && owed);
    output(plugin, PORT_LATENCY, 0); /* what is played lies where the host says, not later */
}

static void run(LV2_Handle instance, uint32_t n_samples)
{
    Plugin* const plugin = instance;
    const LV2_Atom_Sequence* const control = plugin->ports[PORT_CONTROL];
    float* const left = plugin->ports[PORT_LEFT];
    float* const right = plugin->ports[PORT_RIGHT];
    uint32_t done = 0;
    take_loop(plugin);
    read_controls(plugin);
    LV2_ATOM_SEQUENCE_FOREACH (control, event) {
        const bool is_object = event->body.type == plugin->urids.atom_object ||
                               event->body.type == plugin->urids.atom_blank;
        const LV2_Atom_Object* const object = (const LV2_Atom_Object*)&event->body;
        if (!is_object)
            continue;
        if (!position_read(&plugin->urids, object, &plugin->said)) {
            properties_hear(plugin, object);
            continue;
        }
        const int64_t at = event->time.frames;
        if (at > done && at <= (int64_t)n_samples) {
            player_fill(&plugin->player, (uint32_t)at - done, left + done, right + done);
            done = (uint32_t)at;
        }
        player_move(&plugin->player, &plugin->said, plugin->tempo);
    }
    player_fill(&plugin->player, n_samples - done, left + done, right + done);
    tell_worker(plugin);
    show(plugin);
    properties_tell(plugin);
}

static void cleanup(LV2_Handle instance)
{
    Plugin* const plugin = instance;
    Agent* const agent = &plugin->agent;
    Loop* const held[] = {plugin->player.current, plugin->player.next, plugin->player.spent};
    agent_stop(agent);
    for (int i = 0; i < 3; ++i)
        if (held[i] != agent->latest)
            loop_free(held[i]);
    loop_free(agent->latest);
    free(plugin);
}

static const void* extension_data(const char* uri)
{
    static const LV2_State_Interface state = {plugin_save, plugin_restore};
    return strcmp(uri, LV2_STATE__interface) == 0 ? &state : NULL;
}

static const LV2_Descriptor descriptor = {MAGNET_URI, instantiate, connect_port, NULL, run,
                                          NULL,       cleanup,     extension_data};

LV2_SYMBOL_EXPORT const LV2_Descriptor* lv2_descriptor(uint32_t index)
{
    return index == 0 ? &descriptor : NULL;
}

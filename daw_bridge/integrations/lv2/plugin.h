/* One instance of the plugin: what its files share. */
#ifndef MAGNET_PLUGIN_H
#define MAGNET_PLUGIN_H

#include "agent.h"
#include "player.h"

#include <lv2/atom/atom.h>
#include <lv2/atom/forge.h>
#include <lv2/atom/util.h>
#include <lv2/core/lv2.h>
#include <lv2/patch/patch.h>
#include <lv2/state/state.h>
#include <lv2/time/time.h>
#include <lv2/urid/urid.h>

typedef struct {
    LV2_URID atom_int, atom_long, atom_float, atom_double, atom_string, atom_path, atom_object,
        atom_blank, atom_urid, time_position, time_frame, time_speed, time_bar, time_bar_beat,
        time_beat, time_bpm, time_beats_per_bar, time_beat_unit, patch_get, patch_set,
        patch_property, patch_value, state_changed;
    LV2_URID prompt, message, clip; /* properties that hosts show */
    LV2_URID made_prompt, preset, bars, seed, bpm, meter_beats, meter_unit, loop; /* in a state */
} Urids;

typedef struct {
    void* ports[N_PORTS];
    LV2_URID_Map* map;
    Urids urids;
    LV2_Atom_Forge forge;
    /* the audio thread's */
    Player player;
    Position said; /* all that the host has said last */
    double tempo;
    bool generate_was;
    unsigned ordered; /* how far the worker has read when it knows the last order */
    char texts[3][TEXT_ROOM]; /* by TextKind, as hosts are told them */
    bool untold[3];
    Exchange exchange;
    Agent agent;
} Plugin;

void urids_map(Urids* urids, LV2_URID_Map* map);
/* positions.c: false where the object says nothing of time */
bool position_read(const Urids* urids, const LV2_Atom_Object* object, Position* position);
/* properties.c: patch messages in, and what hosts are told */
void properties_hear(Plugin* plugin, const LV2_Atom_Object* object);
void properties_tell(Plugin* plugin);
/* keeping.c */
LV2_State_Status plugin_save(LV2_Handle instance, LV2_State_Store_Function store,
                             LV2_State_Handle handle, uint32_t flags,
                             const LV2_Feature* const* features);
LV2_State_Status plugin_restore(LV2_Handle instance, LV2_State_Retrieve_Function retrieve,
                                LV2_State_Handle handle, uint32_t flags,
                                const LV2_Feature* const* features);

#endif

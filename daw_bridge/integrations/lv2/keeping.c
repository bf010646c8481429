/* Save and restore: the prompt, how the loop was made, and its sound itself beside the session. */
#include "plugin.h"
#include "wav.h"

#include <stdio.h>
#include <stdlib.h>

#define PORTABLE (LV2_STATE_IS_POD | LV2_STATE_IS_PORTABLE)

static const void* feature(const LV2_Feature* const* features, const char* uri)
{
    for (; features && *features; ++features)
        if (strcmp((*features)->URI, uri) == 0)
            return (*features)->data;
    return NULL;
}

static void free_path(const LV2_Feature* const* features, char* path)
{
    const LV2_State_Free_Path* const freeing = feature(features, LV2_STATE__freePath);
    if (freeing)
        freeing->free_path(freeing->handle, path);
    else
        free(path);
}

typedef struct {
    const Urids* urids;
    LV2_State_Store_Function store;
    LV2_State_Retrieve_Function retrieve;
    LV2_State_Handle handle;
} State_IO;

static void store_text(const State_IO* io, LV2_URID key, const char* text)
{
    io->store(io->handle, key, text, strlen(text) + 1, io->urids->atom_string, PORTABLE);
}

static void store_int(const State_IO* io, LV2_URID key, int32_t value)
{
    io->store(io->handle, key, &value, sizeof value, io->urids->atom_int, PORTABLE);
}

static void store_loop(const State_IO* io, const Loop* loop, const LV2_Feature* const* features)
{
    const LV2_State_Make_Path* const making = feature(features, LV2_STATE__makePath);
    const LV2_State_Map_Path* const mapping = feature(features, LV2_STATE__mapPath);
    if (!making || !mapping)
        return; /* the server has the clip */
    char* const path = making->path(making->handle, "loop.wav");
    if (path && wav_write(path, loop)) {
        char* const kept = mapping->abstract_path(mapping->handle, path);
        if (kept) {
            io->store(io->handle, io->urids->loop, kept, strlen(kept) + 1, io->urids->atom_path,
                      PORTABLE);
            free_path(features, kept);
        }
    }
    if (path)
        free_path(features, path);
}

LV2_State_Status plugin_save(LV2_Handle instance, LV2_State_Store_Function store,
                             LV2_State_Handle handle, uint32_t flags,
                             const LV2_Feature* const* features)
{
    Plugin* const plugin = instance;
    Agent* const agent = &plugin->agent;
    const Urids* const urids = &plugin->urids;
    const State_IO io = {.urids = urids, .store = store, .handle = handle};
    (void)flags;
    lock_take(&agent->lock);
    store_text(&io, urids->prompt, agent->prompt);
    if (agent->latest) {
        const Wish* const made = &agent->made;
        store_text(&io, urids->made_prompt, made->prompt);
        store_text(&io, urids->preset, made->preset);
        store_text(&io, urids->clip, agent->clip);
        store_int(&io, urids->bars, made->bars);
        store_int(&io, urids->seed, made->seed);
        store_int(&io, urids->meter_beats, made->meter.beats);
        store_int(&io, urids->meter_unit, made->meter.unit);
        store(handle, urids->bpm, &made->bpm, sizeof made->bpm, urids->atom_double, PORTABLE);
        store_loop(&io, agent->latest, features);
    }
    lock_give(&agent->lock);
    return LV2_STATE_SUCCESS;
}

/* A value of this type and of at least this size, or NULL. */
static const void* kept(const State_IO* io, LV2_URID key, LV2_URID type, size_t least, size_t* size)
{
    size_t found = 0;
    uint32_t found_type = 0, flags = 0;
    const void* const value = io->retrieve(io->handle, key, &found, &found_type, &flags);
    if (size)
        *size = found;
    return value && found_type == type && found >= least ? value : NULL;
}

static void kept_text(const State_IO* io, LV2_URID key, char* to, size_t room)
{
    size_t size;
    const char* const text = kept(io, key, io->urids->atom_string, 1, &size);
    const char* const end = text ? memchr(text, 0, size) : NULL;
    copy_text(to, room, text ? text : "", text ? (end ? (size_t)(end - text) : size) : 0);
}

static int32_t kept_int(const State_IO* io, LV2_URID key, int32_t otherwise)
{
    int32_t value = otherwise;
    const void* const found = kept(io, key, io->urids->atom_int, sizeof value, NULL);
    if (found)
        memcpy(&value, found, sizeof value);
    return value;
}

static Wish kept_wish(const State_IO* io)
{
    const Urids* const urids = io->urids;
    Wish wish = {.bars = kept_int(io, urids->bars, 0), .seed = kept_int(io, urids->seed, -1)};
    wish.meter = (Meter){kept_int(io, urids->meter_beats, 4), kept_int(io, urids->meter_unit, 4)};
    const void* const bpm = kept(io, urids->bpm, urids->atom_double, sizeof wish.bpm, NULL);
    if (bpm)
        memcpy(&wish.bpm, bpm, sizeof wish.bpm);
    kept_text(io, urids->made_prompt, wish.prompt, TEXT_ROOM);
    kept_text(io, urids->preset, wish.preset, NAME_ROOM);
    return wish;
}

static Loop* kept_loop(const State_IO* io, const Wish* wish, uint32_t rate_hz,
                       const LV2_Feature* const* features)
{
    const LV2_State_Map_Path* const mapping = feature(features, LV2_STATE__mapPath);
    const char* const name = kept(io, io->urids->loop, io->urids->atom_path, 2, NULL);
    char* const path = mapping && name ? mapping->absolute_path(mapping->handle, name) : NULL;
    if (!path)
        return NULL;
    const Loop about = {
        .rate_hz = rate_hz, .bpm = wish->bpm, .bars = wish->bars, .meter = wish->meter};
    Loop* const loop = wav_read(path, &about);
    free_path(features, path);
    return loop;
}

LV2_State_Status plugin_restore(LV2_Handle instance, LV2_State_Retrieve_Function retrieve,
                                LV2_State_Handle handle, uint32_t flags,
                                const LV2_Feature* const* features)
{
    Plugin* const plugin = instance;
    Agent* const agent = &plugin->agent;
    const State_IO io = {.urids = &plugin->urids, .retrieve = retrieve, .handle = handle};
    char clip[NAME_ROOM];
    (void)flags;
    const Wish wish = kept_wish(&io);
    kept_text(&io, plugin->urids.clip, clip, NAME_ROOM);
    lock_take(&agent->lock);
    kept_text(&io, plugin->urids.prompt, agent->prompt, TEXT_ROOM);
    agent_say(agent, TEXT_PROMPT, agent->prompt);
    if (wish.bars > 0 && wish.seed >= 0 && meter_usable(wish.meter)) {
        Loop* const loop = kept_loop(&io, &wish, agent->rate_hz, features);
        if (loop)
            agent_deliver(agent, loop, &wish, clip);
        else
            agent_want(agent, *clip ? WANT_CLIP : WANT_GENERATE, &wish, clip);
    }
    lock_give(&agent->lock);
    return LV2_STATE_SUCCESS;
}

/* A host of one plugin for the tests: does what it is told, line by line, and watches run().
 *
 *   control SYMBOL VALUE      set a port
 *   prompt TEXT               patch:Set in the next block
 *   get                       patch:Get in the next block
 *   at OFFSET NAME=VALUE …    time:Position in the next block; f/d/i/l before a name's value: its type
 *   run N                     one block of N samples, written to the audio file
 *   ports                     answer with every output port
 *   texts                     answer with what the plugin told by patch:Set since the last time
 *   save FOLDER | load FOLDER keep and bring back the state
 *   faults                    answer with what run() may not do and did
 *
 * Each line is answered with one line. run() is called in a thread of its own that the kernel
 * allows to read and to write, and nothing else (seccomp, where MAGNET_JAIL is set); allocation,
 * locks, reading and writing while it is in run() are counted.
 */
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <linux/seccomp.h>

#include <lv2/atom/forge.h>
#include <lv2/atom/util.h>
#include <lv2/core/lv2.h>
#include <lv2/patch/patch.h>
#include <lv2/state/state.h>
#include <lv2/time/time.h>
#include <lv2/urid/urid.h>

#include "ports.h"
#include "watch.h"

#define ROOM 16384
#define MOST_BLOCK 65536

static char* uris[512];
static unsigned n_uris;

static LV2_URID map_uri(LV2_URID_Map_Handle handle, const char* uri)
{
    (void)handle;
    for (unsigned i = 0; i < n_uris; ++i)
        if (strcmp(uris[i], uri) == 0)
            return i + 1;
    uris[n_uris++] = strdup(uri);
    return n_uris;
}

static LV2_URID_Map map = {NULL, map_uri};
static const LV2_Feature map_feature = {LV2_URID__map, &map};
static const LV2_Feature* const features[] = {&map_feature, NULL};

static const LV2_Descriptor* plugin;
static LV2_Handle instance;
static float controls[N_PORTS];
static uint64_t control_in[ROOM / 8], notify_out[ROOM / 8];
static float left[MOST_BLOCK], right[MOST_BLOCK];
static LV2_Atom_Forge forge;
static LV2_Atom_Forge_Frame sequence;
static bool forging;
static char told[1 << 16];
static FILE* heard;

static const struct {
    const char* symbol;
    int index;
    float usual;
} ports[] = {
#define ROW(name, index, symbol, least, usual, most) {#symbol, index, usual},
    MAGNET_INPUTS(ROW) MAGNET_OUTPUTS(ROW)};
enum { N_CONTROLS = sizeof ports / sizeof *ports };

/* The audio thread: one byte asks for a block, one says that it is done. */

static int ask[2], done[2];
static uint32_t block;

static void* audio_thread(void* jail)
{
    char token = 'x';
    plugin->run(instance, 0); /* whatever is bound at the first call is bound now */
    if (jail && prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
        abort();
    if (write(done[1], &token, 1) != 1)
        return NULL;
    while (read(ask[0], &token, 1) == 1) {
        watch_on();
        plugin->run(instance, block);
        watch_off();
        if (write(done[1], &token, 1) != 1)
            break;
    }
    return NULL;
}

static void begin_events(void)
{
    if (forging)
        return;
    lv2_atom_forge_set_buffer(&forge, (uint8_t*)control_in, ROOM);
    lv2_atom_forge_sequence_head(&forge, &sequence, 0);
    forging = true;
}

static void position(char* words)
{
    LV2_Atom_Forge_Frame object;
    char* rest = NULL;
    const char* const offset = strtok_r(words, " ", &rest);
    begin_events();
    lv2_atom_forge_frame_time(&forge, atoi(offset));
    lv2_atom_forge_object(&forge, &object, 0, map_uri(NULL, LV2_TIME__Position));
    for (char* word; (word = strtok_r(NULL, " ", &rest));) {
        char uri[128];
        char* const value = strchr(word, '=');
        *value = 0;
        snprintf(uri, sizeof uri, LV2_TIME_PREFIX "%s", word + 1);
        lv2_atom_forge_key(&forge, map_uri(NULL, uri));
        switch (*word) {
        case 'f': lv2_atom_forge_float(&forge, strtof(value + 1, NULL)); break;
        case 'd': lv2_atom_forge_double(&forge, strtod(value + 1, NULL)); break;
        case 'i': lv2_atom_forge_int(&forge, atoi(value + 1)); break;
        default: lv2_atom_forge_long(&forge, atoll(value + 1));
        }
    }
    lv2_atom_forge_pop(&forge, &object);
}

static void patch(const char* prompt)
{
    LV2_Atom_Forge_Frame object;
    begin_events();
    lv2_atom_forge_frame_time(&forge, 0);
    lv2_atom_forge_object(&forge, &object, 0, map_uri(NULL, prompt ? LV2_PATCH__Set : LV2_PATCH__Get));
    if (prompt) {
        lv2_atom_forge_key(&forge, map_uri(NULL, LV2_PATCH__property));
        lv2_atom_forge_urid(&forge, map_uri(NULL, MAGNET_URI "#prompt"));
        lv2_atom_forge_key(&forge, map_uri(NULL, LV2_PATCH__value));
        lv2_atom_forge_string(&forge, prompt, strlen(prompt));
    }
    lv2_atom_forge_pop(&forge, &object);
}

static void read_notes(void)
{
    const LV2_Atom_Sequence* const notes = (const LV2_Atom_Sequence*)notify_out;
    LV2_ATOM_SEQUENCE_FOREACH (notes, event) {
        const LV2_Atom *property = NULL, *value = NULL;
        lv2_atom_object_get((const LV2_Atom_Object*)&event->body,
                            map_uri(NULL, LV2_PATCH__property), &property,
                            map_uri(NULL, LV2_PATCH__value), &value, 0);
        if (!property || !value)
            continue;
        const char* const uri = uris[((const LV2_Atom_URID*)property)->body - 1];
        const size_t used = strlen(told);
        snprintf(told + used, sizeof told - used, "%s=%s\x1f", strchr(uri, '#') + 1,
                 (const char*)LV2_ATOM_BODY_CONST(value));
    }
}

static void run(uint32_t n)
{
    char token = 'x';
    begin_events();
    lv2_atom_forge_pop(&forge, &sequence);
    forging = false;
    ((LV2_Atom_Sequence*)notify_out)->atom.size = ROOM - 8;
    memset(left, 0xff, n * sizeof *left); /* not a number, where nothing is written */
    memset(right, 0xff, n * sizeof *right);
    block = n;
    struct pollfd answer = {.fd = done[0], .events = POLLIN};
    if (write(ask[1], &token, 1) != 1 || poll(&answer, 1, 20000) != 1 ||
        read(done[0], &token, 1) != 1) {
        fprintf(stderr, "run() did not come back: the kernel ended it, or it runs for ever\n");
        _exit(3);
    }
    read_notes();
    for (uint32_t i = 0; i < n; ++i) {
        fwrite(left + i, 4, 1, heard);
        fwrite(right + i, 4, 1, heard);
    }
    fflush(heard);
}

/* State: one file a property, FOLDER/URID-name, its type in the first line. */

static char folder[2048];

static void property_path(char* path, size_t room, LV2_URID key)
{
    snprintf(path, room, "%s/%s", folder, strchr(uris[key - 1], '#') + 1);
}

static LV2_State_Status store(LV2_State_Handle handle, uint32_t key, const void* value, size_t size,
                              uint32_t type, uint32_t flags)
{
    (void)handle, (void)flags;
    char path[4096];
    property_path(path, sizeof path, key);
    FILE* const file = fopen(path, "wb");
    fprintf(file, "%s\n", uris[type - 1]);
    fwrite(value, 1, size, file);
    fclose(file);
    return LV2_STATE_SUCCESS;
}

static const void* retrieve(LV2_State_Handle handle, uint32_t key, size_t* size, uint32_t* type,
                            uint32_t* flags)
{
    static char kept[32][ROOM];
    static unsigned next;
    char path[4096], uri[256];
    (void)handle;
    property_path(path, sizeof path, key);
    FILE* const file = fopen(path, "rb");
    if (!file)
        return NULL;
    char* const value = kept[next++ % 32];
    const bool typed = fgets(uri, sizeof uri, file) != NULL;
    *size = fread(value, 1, ROOM, file);
    fclose(file);
    uri[strcspn(uri, "\n")] = 0;
    *type = typed ? map_uri(NULL, uri) : 0;
    *flags = 0;
    return value;
}

static char* in_folder(LV2_State_Handle handle, const char* name)
{
    (void)handle;
    char* const path = malloc(4096);
    snprintf(path, 4096, "%s/%s", folder, name);
    return path;
}
static char* from_folder(LV2_State_Handle handle, const char* path)
{
    (void)handle;
    return strdup(strrchr(path, '/') + 1);
}
static void free_path(LV2_State_Handle handle, char* path)
{
    (void)handle;
    free(path);
}

static void keep(const char* where, bool saving)
{
    static LV2_State_Make_Path making = {NULL, in_folder};
    static LV2_State_Map_Path mapping = {NULL, from_folder, in_folder};
    static LV2_State_Free_Path freeing = {NULL, free_path};
    static const LV2_Feature made = {LV2_STATE__makePath, &making};
    static const LV2_Feature mapped = {LV2_STATE__mapPath, &mapping};
    static const LV2_Feature freed = {LV2_STATE__freePath, &freeing};
    const LV2_Feature* const all[] = {&map_feature, &made, &mapped, &freed, NULL};
    const LV2_State_Interface* const state = plugin->extension_data(LV2_STATE__interface);
    snprintf(folder, sizeof folder, "%s", where);
    if (saving)
        state->save(instance, store, NULL, 0, all);
    else
        state->restore(instance, retrieve, NULL, 0, all);
}

static void obey(char* line)
{
    char* const rest = line + strcspn(line, " ");
    char* const words = *rest ? rest + 1 : rest;
    *rest = 0;
    if (strcmp(line, "control") == 0) {
        char* const value = strchr(words, ' ');
        *value = 0;
        for (int i = 0; i < N_CONTROLS; ++i)
            if (strcmp(ports[i].symbol, words) == 0)
                controls[ports[i].index] = strtof(value + 1, NULL);
    } else if (strcmp(line, "prompt") == 0) {
        patch(words);
    } else if (strcmp(line, "get") == 0) {
        patch(NULL);
    } else if (strcmp(line, "at") == 0) {
        position(words);
    } else if (strcmp(line, "run") == 0) {
        run((uint32_t)atoi(words));
    } else if (strcmp(line, "save") == 0 || strcmp(line, "load") == 0) {
        keep(words, *line == 's');
    } else if (strcmp(line, "ports") == 0) {
        for (int i = 0; i < N_CONTROLS; ++i)
            printf("%s=%.9g ", ports[i].symbol, controls[ports[i].index]);
    } else if (strcmp(line, "texts") == 0) {
        printf("%s", told);
        *told = 0;
    } else if (strcmp(line, "faults") == 0) {
        printf("%s", watch_faults());
    }
    printf("\n");
    fflush(stdout);
}

int main(int argc, char** argv)
{
    static char line[1 << 15];
    pthread_t thread;
    void* const library = argc == 4 ? dlopen(argv[1], RTLD_NOW) : NULL;
    if (!library) {
        fprintf(stderr, "usage: host PLUGIN.so RATE AUDIO-FILE; %s\n", dlerror());
        return 2;
    }
    const LV2_Descriptor* (*const describe)(uint32_t) =
        (const LV2_Descriptor* (*)(uint32_t))dlsym(library, "lv2_descriptor");
    plugin = describe(0);
    heard = fopen(argv[3], "wb");
    instance = plugin->instantiate(plugin, atof(argv[2]), "", features);
    lv2_atom_forge_init(&forge, &map);
    for (int i = 0; i < N_CONTROLS; ++i) {
        controls[ports[i].index] = ports[i].usual;
        plugin->connect_port(instance, (uint32_t)ports[i].index, controls + ports[i].index);
    }
    plugin->connect_port(instance, PORT_CONTROL, control_in);
    plugin->connect_port(instance, PORT_NOTIFY, notify_out);
    plugin->connect_port(instance, PORT_LEFT, left);
    plugin->connect_port(instance, PORT_RIGHT, right);
    begin_events();
    lv2_atom_forge_pop(&forge, &sequence);
    ((LV2_Atom_Sequence*)notify_out)->atom.size = ROOM - 8;
    forging = false;
    if (pipe(ask) != 0 || pipe(done) != 0)
        return 2;
    pthread_create(&thread, NULL, audio_thread, getenv("MAGNET_JAIL"));
    if (read(done[0], line, 1) != 1)
        return 2;
    read_notes();
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        obey(line);
    }
    close(ask[1]); /* the audio thread may only end by the kernel's hand where it is jailed */
    if (!getenv("MAGNET_JAIL"))
        pthread_join(thread, NULL);
    plugin->cleanup(instance);
    fclose(heard);
    fflush(stdout);
    if (getenv("MAGNET_JAIL"))
        _exit(0);
    for (unsigned i = 0; i < n_uris; ++i)
        free(uris[i]);
    return 0;
}

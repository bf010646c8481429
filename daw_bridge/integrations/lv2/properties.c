/* The prompt as a property that hosts can set and show, and what the plugin tells of itself. */
#include "plugin.h"

static LV2_URID property_of(const Plugin* plugin, TextKind kind)
{
    const Urids* const urids = &plugin->urids;
    return kind == TEXT_PROMPT ? urids->prompt : kind == TEXT_CLIP ? urids->clip : urids->message;
}

static void set_prompt(Plugin* plugin, const LV2_Atom* value)
{
    Exchange* const exchange = &plugin->exchange;
    const char* const text = LV2_ATOM_BODY_CONST(value);
    const char* const end = value->size ? memchr(text, 0, value->size) : NULL;
    const int slot = ring_free_slot(&exchange->orders);
    if (slot < 0)
        return; /* eight in 20 ms: no hand is so fast, and the next will come */
    Order* const order = &exchange->order_slots[slot];
    order->kind = ORDER_PROMPT;
    copy_text(order->prompt, TEXT_ROOM, text, end ? (size_t)(end - text) : value->size);
    memcpy(plugin->texts[TEXT_PROMPT], order->prompt, TEXT_ROOM);
    ring_wrote(&exchange->orders);
    plugin->untold[TEXT_PROMPT] = true;
}

void properties_hear(Plugin* plugin, const LV2_Atom_Object* object)
{
    const Urids* const urids = &plugin->urids;
    const LV2_Atom *property = NULL, *value = NULL;
    if (object->body.otype == urids->patch_get) {
        for (int kind = 0; kind < 3; ++kind)
            plugin->untold[kind] = true;
        return;
    }
    if (object->body.otype != urids->patch_set)
        return;
    LV2_Atom_Object_Query query[] = {{urids->patch_property, &property},
                                           {urids->patch_value, &value},
                                           LV2_ATOM_OBJECT_QUERY_END};
    lv2_atom_object_query(object, query);
    if (property && property->type == urids->atom_urid && value &&
        ((const LV2_Atom_URID*)property)->body == urids->prompt &&
        value->type == urids->atom_string)
        set_prompt(plugin, value);
}

static bool tell(Plugin* plugin, TextKind kind)
{
    LV2_Atom_Forge* const forge = &plugin->forge;
    const Urids* const urids = &plugin->urids;
    const char* const text = plugin->texts[kind];
    const uint32_t length = (uint32_t)strlen(text);
    if (forge->size - forge->offset < length + 256)
        return false; /* in the next block, then */
    LV2_Atom_Forge_Frame frame;
    lv2_atom_forge_frame_time(forge, 0);
    lv2_atom_forge_object(forge, &frame, 0, urids->patch_set);
    lv2_atom_forge_key(forge, urids->patch_property);
    lv2_atom_forge_urid(forge, property_of(plugin, kind));
    lv2_atom_forge_key(forge, urids->patch_value);
    lv2_atom_forge_string(forge, text, length);
    lv2_atom_forge_pop(forge, &frame);
    if (kind == TEXT_MESSAGE)
        return true;
    lv2_atom_forge_frame_time(forge, 0); /* so that the host knows that there is news to save */
    lv2_atom_forge_object(forge, &frame, 0, urids->state_changed);
    lv2_atom_forge_pop(forge, &frame);
    return true;
}

void properties_tell(Plugin* plugin)
{
    Exchange* const exchange = &plugin->exchange;
    for (int slot; (slot = ring_full_slot(&exchange->texts)) >= 0;) {
        const Text* const news = &exchange->text_slots[slot];
        memcpy(plugin->texts[news->kind], news->text, TEXT_ROOM);
        plugin->untold[news->kind] = true;
        ring_took(&exchange->texts);
    }
    LV2_Atom_Sequence* const notify = plugin->ports[PORT_NOTIFY];
    LV2_Atom_Forge_Frame frame;
    lv2_atom_forge_set_buffer(&plugin->forge, (uint8_t*)notify, notify->atom.size);
    lv2_atom_forge_sequence_head(&plugin->forge, &frame, 0);
    for (int kind = 0; kind < 3; ++kind)
        if (plugin->untold[kind] && tell(plugin, (TextKind)kind))
            plugin->untold[kind] = false;
    lv2_atom_forge_pop(&plugin->forge, &frame);
}

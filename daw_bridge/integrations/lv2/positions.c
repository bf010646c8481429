/* Reads time:Position, whatever types of number the host uses. */
#include "plugin.h"

#include <math.h>

static bool number_of(const Urids* urids, const LV2_Atom* atom, double* value)
{
    if (!atom)
        return false;
    if (atom->type == urids->atom_int)
        *value = ((const LV2_Atom_Int*)atom)->body;
    else if (atom->type == urids->atom_long)
        *value = (double)((const LV2_Atom_Long*)atom)->body;
    else if (atom->type == urids->atom_float)
        *value = ((const LV2_Atom_Float*)atom)->body;
    else if (atom->type == urids->atom_double)
        *value = ((const LV2_Atom_Double*)atom)->body;
    else
        return false;
    return isfinite(*value);
}

/* The decimal that a float of 24 bits stands for: 128.3, not 128.30000305. */
static double as_typed(double value)
{
    for (double scale = 1; scale <= 1e5; scale *= 10) {
        const double decimal = floor(value * scale + 0.5) / scale;
        if ((float)decimal == (float)value)
            return decimal;
    }
    return value;
}

static void read_tempo(const Urids* urids, const LV2_Atom* bpm, Position* position)
{
    double value;
    if (!number_of(urids, bpm, &value) || value < 20 || value > 400)
        return;
    position->bpm = bpm->type == urids->atom_float ? as_typed(value) : value;
}

static void read_meter(const Urids* urids, const LV2_Atom* beats, const LV2_Atom* unit,
                       Position* position)
{
    double upper, lower;
    if (!number_of(urids, beats, &upper) || !number_of(urids, unit, &lower))
        return;
    const Meter meter = {(int32_t)upper, (int32_t)lower};
    if (upper == meter.beats && lower == meter.unit && meter_usable(meter))
        position->meter = meter;
}

bool position_read(const Urids* urids, const LV2_Atom_Object* object, Position* position)
{
    const LV2_Atom *frame = NULL, *speed = NULL, *bar = NULL, *bar_beat = NULL, *beat = NULL,
                   *bpm = NULL, *beats = NULL, *unit = NULL;
    if (object->body.otype != urids->time_position)
        return false;
    LV2_Atom_Object_Query query[] = {
        {urids->time_frame, &frame},          {urids->time_speed, &speed},
        {urids->time_bar, &bar},              {urids->time_bar_beat, &bar_beat},
        {urids->time_beat, &beat},            {urids->time_bpm, &bpm},
        {urids->time_beats_per_bar, &beats},  {urids->time_beat_unit, &unit},
        LV2_ATOM_OBJECT_QUERY_END};
    lv2_atom_object_query(object, query);
    double value;
    if (number_of(urids, speed, &value))
        position->speed = value;
    position->has_frame = number_of(urids, frame, &value) && fabs(value) < 1e15;
    if (position->has_frame)
        position->frame = (int64_t)value;
    read_tempo(urids, bpm, position);
    read_meter(urids, beats, unit, position);
    position->has_bar = number_of(urids, bar, &value) && fabs(value) < 1e9;
    position->bar = position->has_bar ? floor(value) : 0;
    position->has_beat = number_of(urids, position->has_bar ? bar_beat : beat, &value) &&
                         fabs(value) < 1e9;
    position->bar_beat = position->has_beat ? value : 0;
    return true;
}

#include "parcel.h"

#include <stdlib.h>
#include <string.h>

void parcel_begin(Parcel* parcel, size_t most_floats)
{
    parcel_end(parcel);
    parcel->most = most_floats;
}

void parcel_end(Parcel* parcel)
{
    free(parcel->samples);
    memset(parcel, 0, sizeof *parcel);
}

static bool grow(Parcel* parcel, size_t wanted)
{
    if (wanted > parcel->most)
        return false;
    if (wanted <= parcel->room)
        return true;
    size_t room = parcel->room ? parcel->room * 2 : 1 << 18;
    room = room < wanted ? wanted : room;
    float* const larger = realloc(parcel->samples, room * sizeof(float));
    if (!larger)
        return false;
    parcel->samples = larger;
    parcel->room = room;
    return true;
}

void parcel_add(Parcel* parcel, int32_t index, int32_t count, const uint8_t* bytes, size_t size)
{
    const size_t n = size / 4;
    const bool expected = index == parcel->index && index < count && count > 0 &&
                          (index == 0 || count == parcel->count) && size % 4 == 0;
    if (parcel->broken || !expected || !grow(parcel, parcel->n_floats + n)) {
        parcel->broken = true;
        return;
    }
    float* const to = parcel->samples + parcel->n_floats;
    for (size_t i = 0; i < n; ++i, bytes += 4) {
        const uint32_t bits = (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 |
                              (uint32_t)bytes[1] << 8 | bytes[0];
        memcpy(to + i, &bits, 4);
    }
    parcel->n_floats += n;
    parcel->count = count;
    ++parcel->index;
}

bool parcel_whole(const Parcel* parcel)
{
    return !parcel->broken && parcel->count > 0 && parcel->index == parcel->count;
}

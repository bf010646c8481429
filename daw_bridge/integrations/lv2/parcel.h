/* The pieces of a clip as they arrive, put together. The worker's. */
#ifndef MAGNET_PARCEL_H
#define MAGNET_PARCEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    float* samples;
    size_t n_floats, room, most; /* most: what the longest loop may have */
    int32_t index, count;
    bool broken; /* a piece was missing, twice there, or more than there can be */
} Parcel;

void parcel_begin(Parcel* parcel, size_t most_floats);
/* Piece `index` of `count`: float32, little-endian. */
void parcel_add(Parcel* parcel, int32_t index, int32_t count, const uint8_t* bytes, size_t size);
bool parcel_whole(const Parcel* parcel);
void parcel_end(Parcel* parcel);

#endif

/* A loop as a WAV of floats beside the host's session, so that it sounds again without a server. */
#ifndef MAGNET_WAV_H
#define MAGNET_WAV_H

#include "loop.h"

/* Written whole or not at all. */
bool wav_write(const char* path, const Loop* loop);
/* `about` says its tempo, meter and bars, and the rate to bring it to; NULL where it is no loop. */
Loop* wav_read(const char* path, const Loop* about);

#endif

/* What the audio thread does: plays the loop on the host's beat, and changes over on its bar.
 *
 * Nothing here allocates, locks, waits or asks the system for anything.
 */
#ifndef MAGNET_PLAYER_H
#define MAGNET_PLAYER_H

#include "grid.h"

#define PLAYER_PIECE 256 /* samples that are faded at a time */

typedef struct {
    uint32_t rate_hz;
    uint32_t change_over; /* samples of the fade from one loop to the next */
    uint32_t declick;     /* samples of the fade where the host jumps */
    Loop* current;
    Loop* next;
    Loop* spent; /* goes back to the worker, once it has rung out and before another is taken */
    double quantum_bars;
    Line line;
    int64_t frame;     /* the host's sample that comes next */
    int64_t cue;       /* the sample on which `next` takes over */
    const Loop* parting_loop; /* what fades out after a jump, on the line where it lay */
    Line parting;
    int64_t parting_frame;
    uint32_t parting_left, entering_left;
    bool level_known;
    float gain, gain_wanted, gain_step;
} Player;

void player_begin(Player* player, uint32_t rate_hz);
/* A new loop, or a preview, is there; only while `next` and `spent` are empty. */
void player_give(Player* player, Loop* loop);
void player_quantum(Player* player, double bars);
void player_level(Player* player, float gain);
/* The host says where it is; it holds for the sample that is filled next. */
void player_move(Player* player, const Position* said, double tempo);
void player_fill(Player* player, uint32_t count, float* left, float* right);

#endif

#include "player.h"

#include <math.h>
#include <string.h>

#define CHANGE_OVER_SECONDS 0.005
#define DECLICK_SECONDS 0.0015
#define GLIDE_SECONDS 0.01
#define NEVER INT64_MAX
#define HALF_TURN 1.57079632679489661923

void player_begin(Player* player, uint32_t rate_hz)
{
    memset(player, 0, sizeof *player);
    player->rate_hz = rate_hz;
    player->change_over = (uint32_t)floor(CHANGE_OVER_SECONDS * rate_hz + 0.5);
    player->declick = (uint32_t)floor(DECLICK_SECONDS * rate_hz + 0.5);
    player->quantum_bars = 1;
    player->cue = NEVER;
}

/* Whether the next loop is the same music as the preview that plays: it goes on from there. */
static bool in_place(const Player* player)
{
    return player->current && player->current->preview && player->next &&
           player->next->number == player->current->number;
}

static void aim(Player* player)
{
    const double bars = in_place(player) ? 0 : player->quantum_bars;
    player->cue = NEVER;
    if (player->next && player->line.rolling)
        player->cue = line_next(&player->line, bars, player->frame + player->change_over);
}

static void take_over(Player* player)
{
    player->spent = player->current;
    player->current = player->next;
    player->next = NULL;
    player->cue = NEVER;
    player->parting_left = 0;
}


void player_quantum(Player* player, double bars)
{
    if (bars != player->quantum_bars && player->frame + player->change_over < player->cue) {
        player->quantum_bars = bars;
        aim(player);
    }
    player->quantum_bars = bars;
}

void player_level(Player* player, float gain)
{
    if (!player->level_known)
        player->gain = player->gain_wanted = gain;
    player->level_known = true;
    if (gain == player->gain_wanted)
        return;
    player->gain_wanted = gain;
    player->gain_step = (gain - player->gain) / (float)(GLIDE_SECONDS * player->rate_hz);
}

static int64_t reading(const Loop* loop, const Line* line, int64_t frame)
{
    if (!loop || !line->rolling)
        return -1;
    const Slice slice = slice_at(loop, line, frame);
    return slice_reading(loop, &slice, frame);
}

static bool begins_here(const Player* player)
{
    const Slice slice = slice_at(player->current, &player->line, player->frame);
    return slice.begins == player->frame ||
           line_next(&player->line, 0, player->frame) == player->frame;
}

/* Now, where the song is: there is silence until then, or another preview, which rings out. */
static void enter(Player* player)
{
    player->parting_loop = player->current;
    player->parting = player->line;
    player->parting_frame = player->frame;
    const bool parts = player->current != NULL;
    take_over(player);
    player->parting_left = parts ? player->declick : 0;
    player->entering_left = begins_here(player) ? 0 : player->declick;
}

void player_give(Player* player, Loop* loop)
{
    if (loop->preview && player->current && !player->current->preview) {
        player->spent = loop; /* what is whole has come meanwhile */
        return;
    }
    player->next = loop;
    if (!player->line.rolling)
        take_over(player); /* nothing is heard, so nothing can stumble */
    else if (loop->preview)
        enter(player);
    else
        aim(player);
}

void player_move(Player* player, const Position* said, double tempo)
{
    const Line before = player->line;
    const Loop* const old = player->current;
    const int64_t expected = player->frame;
    player->line = line_of(said, tempo, player->rate_hz, &before, expected);
    if (said->has_frame)
        player->frame = said->frame;
    /* Standing, nobody hears a change; and a jump is an edge of the host's own: what repeats
     * there may be shorter than the quantum. */
    const bool jumped = player->frame != expected;
    if (player->next && (!player->line.rolling || (jumped && before.rolling)))
        take_over(player);
    aim(player);
    const int64_t was_at = reading(old, &before, expected);
    const int64_t now_at = reading(player->current, &player->line, player->frame);
    if (was_at == now_at && old == player->current)
        return; /* it goes on as it was */
    player->parting_loop = old;
    player->parting = before;
    player->parting_frame = expected;
    player->parting_left = was_at >= 0 ? player->declick : 0;
    player->entering_left = now_at >= 0 && !begins_here(player) ? player->declick : 0;
}

static void read_loop(const Loop* loop, const Line* line, int64_t frame, uint32_t count,
                      float* left, float* right)
{
    for (uint32_t done = 0; done < count;) {
        const Slice slice = slice_at(loop, line, frame + done);
        done += slice_read(loop, &slice, frame + done, count - done, left + done, right + done);
    }
}

/* Both loops at once, with gains that keep the power of two unlike sounds; of the same music, what
 * both have in common. */
static void fade_over(Player* player, uint32_t count, float* left, float* right)
{
    float incoming[2][PLAYER_PIECE];
    read_loop(player->next, &player->line, player->frame, count, incoming[0], incoming[1]);
    const int64_t begins = player->cue - player->change_over;
    const bool same = in_place(player);
    for (uint32_t i = 0; i < count; ++i) {
        const double place = (double)(player->frame + i - begins) + 0.5;
        const double part = place / player->change_over, angle = part * HALF_TURN;
        const float out = (float)(same ? 1 - part : cos(angle));
        const float in = (float)(same ? part : sin(angle));
        left[i] = left[i] * out + incoming[0][i] * in;
        right[i] = right[i] * out + incoming[1][i] * in;
    }
}

static uint32_t least(uint32_t a, int64_t b) { return b < (int64_t)a ? (uint32_t)b : a; }

/* What lies on the line, without jumps: the loop, and the next one from its bar on. */
static void play(Player* player, uint32_t count, float* left, float* right)
{
    for (uint32_t done = 0; done < count;) {
        uint32_t piece = count - done;
        const int64_t fades = player->cue == NEVER ? NEVER : player->cue - player->change_over;
        const bool fading = player->frame >= fades;
        if (player->frame >= player->cue) {
            take_over(player);
            continue;
        }
        piece = least(piece, (fading ? player->cue : fades) - player->frame);
        if (fading)
            piece = least(piece, PLAYER_PIECE);
        if (player->current) {
            read_loop(player->current, &player->line, player->frame, piece, left + done,
                      right + done);
        } else {
            memset(left + done, 0, piece * sizeof(float));
            memset(right + done, 0, piece * sizeof(float));
        }
        if (fading)
            fade_over(player, piece, left + done, right + done);
        player->frame += piece;
        done += piece;
    }
}

/* After a jump the old place rings out for 1.5 ms; the new one comes whole where it is a beat. */
static void soften(Player* player, uint32_t count, float* left, float* right)
{
    const Loop* const old = player->parting_loop;
    const float length = (float)player->declick;
    for (uint32_t i = 0; i < count && player->entering_left; ++i, --player->entering_left) {
        const float gain = 1 - ((float)player->entering_left - 0.5f) / length;
        left[i] *= gain;
        right[i] *= gain;
    }
    for (uint32_t done = 0; done < count && player->parting_left;) {
        float tail[2][PLAYER_PIECE];
        uint32_t piece = least(count - done, PLAYER_PIECE);
        piece = least(piece, player->parting_left);
        read_loop(old, &player->parting, player->parting_frame, piece, tail[0], tail[1]);
        for (uint32_t i = 0; i < piece; ++i, --player->parting_left) {
            const float gain = ((float)player->parting_left - 0.5f) / length;
            left[done + i] += tail[0][i] * gain;
            right[done + i] += tail[1][i] * gain;
        }
        player->parting_frame += piece;
        done += piece;
    }
}

static void apply_level(Player* player, uint32_t count, float* left, float* right)
{
    if (player->gain == 1 && player->gain_wanted == 1)
        return; /* bit for bit */
    for (uint32_t i = 0; i < count; ++i) {
        const float left_to_go = player->gain_wanted - player->gain;
        const bool there = fabsf(left_to_go) <= fabsf(player->gain_step);
        player->gain = there ? player->gain_wanted : player->gain + player->gain_step;
        left[i] *= player->gain;
        right[i] *= player->gain;
    }
}

void player_fill(Player* player, uint32_t count, float* left, float* right)
{
    if (player->line.rolling) {
        play(player, count, left, right);
    } else {
        memset(left, 0, count * sizeof(float));
        memset(right, 0, count * sizeof(float));
    }
    if (player->entering_left || player->parting_left)
        soften(player, count, left, right);
    apply_level(player, count, left, right);
}

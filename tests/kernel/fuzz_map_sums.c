/* Random shapes, layouts, walks, masks and numbers for map_sums.c, each map in a block of its own exact length, so that
   a sanitizer sees any number that is read beside it; and the same bits at every level, however channels are divided.
   Argument: how many rounds. */

#include "map_sums.c"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define LEVELS 4

static uint64_t state = 20221106;

static int64_t below(int64_t end) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((state >> 33) % (uint64_t)end);
}

static float number(void) {
    static const float special[] = {NAN, INFINITY, -INFINITY, 0, -0.0f, 1e-45f, 3.4e38f, -3.4e38f};
    return below(50) ? (float)(below(2000001) - 1000000) * 1e-3f : special[below(8)];
}

/* A map whose axes lie in a random order, with gaps and backwards; *block is what has to be freed. */
static view some_map(int64_t channels, int64_t height, int64_t width, float **block) {
    int64_t sides[3] = {channels, height, width}, steps[3], length = 1, start = 0;
    int order[3] = {0, 1, 2};
    for (int at = 2; at > 0; at--) {
        int other = (int)below(at + 1), held = order[at];
        order[at] = order[other], order[other] = held;
    }
    for (int at = 0; at < 3; at++) {
        steps[order[at]] = length;
        length *= sides[order[at]] + below(2);
    }
    length = 1;
    for (int axis = 0; axis < 3; axis++) length += (sides[axis] - 1) * steps[axis];
    for (int axis = 0; axis < 3; axis++)
        if (below(3) == 0) start += (sides[axis] - 1) * steps[axis], steps[axis] = -steps[axis];
    *block = malloc(sizeof(float) * (size_t)length);
    for (int64_t at = 0; at < length; at++) (*block)[at] = number();
    return (view){*block + start, steps[0], steps[1], steps[2], NULL, -1};
}

static int same(const double *one, const double *other, int64_t count) {
    for (int64_t at = 0; at < count; at++)
        if (one[at] != other[at] && !(isnan(one[at]) && isnan(other[at]))) return 0;
    return 1;
}

static int one_round(void) {
    int64_t shape[3] = {1 + below(below(8) ? 40 : 200), 1 + below(40), 1 + below(80)}, channels = shape[0], pixels = 0;
    int64_t length = (channels + LANES - 1) / LANES * LANES, maps = 1 + below(MAPS), shares = 1 + below(3), size;
    float *blocks[MAPS], *weights = malloc(sizeof(float) * (size_t)(shape[1] * shape[2]));
    int64_t *order = malloc(sizeof(int64_t) * (size_t)channels);
    double *work = malloc(sizeof(double) * (size_t)(WORK_ROWS * length * shares));
    job each = {{0}};
    size = 3 * maps * channels;
    double *found = calloc(LEVELS * (size_t)size, sizeof(double));
    for (int64_t c = 0; c < channels; c++) order[c] = c;
    for (int64_t c = channels - 1; c > 0; c--) {
        int64_t other = below(c + 1), held = order[c];
        order[c] = order[other], order[other] = held;
    }
    for (int64_t m = 0; m < maps; m++) {
        each[m] = some_map(channels, shape[1], shape[2], blocks + m);
        each[m].channels = m && below(2) ? order : NULL;
        each[m].result = below(5) ? m : -1;
    }
    for (int64_t at = 0; at < shape[1] * shape[2]; at++) pixels += (weights[at] = (float)below(2)) > 0;
    if (pixels == 0) weights[0] = 1, pixels = 1;
    int masked = (int)below(2), good = 1;
    double counted = masked ? (double)pixels : (double)(shape[1] * shape[2]);
    for (int level = 0; level < LEVELS; level++) {
        double *at = found + size * level;
        map_sums_level(level);
        call one = {&each, 1, channels, shape[1], shape[2], masked ? weights : NULL, counted, work,
                    at, at + maps * channels, at + 2 * maps * channels, 1 + below(4), shares, 0};
        map_sums(&one);
        good &= same(found, at, size);
    }
    for (int64_t m = 0; m < maps; m++) free(blocks[m]);
    free(weights), free(order), free(work), free(found);
    return good;
}

int main(int count, char **words) {
    int64_t rounds = count > 1 ? atoll(words[1]) : 1000;
    for (int64_t n = 0; n < rounds; n++)
        if (!one_round()) return printf("round %lld: levels differ\n", (long long)n), 1;
    return printf("%lld rounds\n", (long long)rounds), 0;
}

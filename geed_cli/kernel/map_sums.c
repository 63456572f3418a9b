/* Sums over the pixels of maps: ā, ⟨a', a'⟩ and ⟨a', b'⟩ of every channel, in one pass over float32 numbers.

   A job is one map b, alone or with up to BESIDE maps a beside it, each of which is read where it lies: mirrored,
   turned by quarters and with its channels in other places, by strides and a list of channels. With s near ā and t
   near b̄,

       ā = s + Σ(a − s)/n,   ⟨a', a'⟩ = Σ(a − s)² − (Σ(a − s))²/n,
       ⟨a', b'⟩ = Σ(a − s)(b − t) − Σ(a − s) Σ(b − t)/n,

   in float64, whose squares of float32 numbers neither overflow nor vanish. s and t are means of every SPACING-th
   row, as it is read. Where these are a part 1/k of the pixels that count, n(ā − s)² is at most k ⟨a', a'⟩, so that
   nothing cancels. A constant map has the sums 0 exactly, and ⟨a', b'⟩ = ⟨a', a'⟩ to the last bit where what is read
   of a is b.

   The order of every sum is fixed: TILE × TILE pixels row by row, then the tiles, LANES channels at a time. It depends
   on the maps' shape and on how a map is read, so that no digit depends on the layout in memory, the instructions, the
   threads, what a map lies beside, or what else is in a batch. Tiles fit into the nearest cache, and are square, so
   that turned maps are read as well as others. Compiled without contraction and without fast mathematics (see
   benchmarks/package_kernel.py). Nothing is allocated, and no thread is started: threads that call at once share it. */

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LANES 16 /* as many numbers as a line of a processor's cache has */
#define TILE 8
#define SPACING 16
#define BESIDE 3 /* as many as have all their sums in a processor's registers */
#define MAPS (1 + BESIDE)

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

/* All strides are in numbers. Python writes these as rows of 64-bit integers (sums.py). */
typedef struct {
    const float *map; /* NULL where there is none, and none after it */
    int64_t channel, row, column;
    const int64_t *channels; /* where it has each channel of b; NULL: in the same place */
    int64_t result;          /* its row in the results; negative where nobody asks for it */
} view;

/* b first, then what is beside it. */
typedef view job[MAPS];

/* What the threads of a call share; Python fills it (sums.py). */
typedef struct {
    const job *jobs;
    int64_t count, channels, height, width;
    const float *weights; /* 0 or 1 of each pixel, height × width; NULL: all count */
    double pixels;        /* how many count, at least 1 */
    double *work;         /* WORK_ROWS × (channels rounded up to LANES), of each share */
    double *means, *squares, *products; /* results × channels; b is its own b */
    int64_t parts;                      /* into which the channels of each job are divided */
    int64_t shares;         /* into which the parts of all jobs are divided in their order, one for each thread */
    _Atomic int64_t taken;  /* how many shares have been taken; 0 at first */
} call;

/* Rows of the work space, MAPS of each, as long as the channels rounded up to LANES. */
enum { SHIFTS, SUMS, SQUARES, PRODUCTS, WORK_KINDS };
#define WORK_ROWS (WORK_KINDS * MAPS)
#define WORK(kind, m) (work + ((kind) * MAPS + (m)) * length)

/* Pixels of LANES channels of each map, brought side by side. */
typedef struct {
    int64_t maps, pixels, length;
    int weighted; /* 0 where all pixels count */
    double *work; /* at the first of the channels */
    double weights[TILE * TILE];
    float numbers[MAPS][TILE * TILE][LANES];
} tile;

/* Adds a tile's sums to the work space. */
typedef void adding(const tile *of);

static void scalar_tile(const tile *of) {
    int64_t length = of->length;
    for (int lane = 0; lane < LANES; lane++) {
        double *work = of->work + lane, sum[MAPS] = {0}, square[MAPS] = {0}, product[MAPS] = {0};
        for (int64_t j = 0; j < of->pixels; j++) {
            double y = 0;
            for (int m = 0; m < of->maps; m++) {
                double x = of->numbers[m][j][lane] - *WORK(SHIFTS, m);
                if (of->weighted) x *= of->weights[j];
                if (m == 0) y = x;
                sum[m] += x;
                square[m] += x * x;
                product[m] += x * y;
            }
        }
        for (int m = 0; m < of->maps; m++) {
            *WORK(SUMS, m) += sum[m];
            *WORK(SQUARES, m) += square[m];
            *WORK(PRODUCTS, m) += product[m];
        }
    }
}

#if defined(__GNUC__)
#define PREFETCH(at) __builtin_prefetch((const char *)(at))
#define INLINE static inline __attribute__((always_inline))
#define MOST_HALVES 2
#define AT(kind, m, half) (*(in_memory *)(WORK(kind, m) + size * (half)))

/* The same sums of some of the channels, so many in a vector; maps, halves and weighted are known to the compiler. It
   makes one instruction of the loop over k, which it does not of __builtin_convertvector. */
#define SOME_BY(name, size_)                                                                                    \
    INLINE void name(const tile *of, int first, int maps, int halves, int weighted) {                           \
        enum { size = size_ };                                                                                  \
        typedef double vector __attribute__((vector_size(8 * size_)));                                          \
        typedef double in_memory __attribute__((vector_size(8 * size_), aligned(8), may_alias));                \
        int64_t length = of->length;                                                                            \
        double *work = of->work + first;                                                                        \
        vector shift[MAPS][MOST_HALVES], sum[MAPS][MOST_HALVES] = {0}, square[MAPS][MOST_HALVES] = {0};         \
        vector product[MAPS][MOST_HALVES] = {0}, y[MOST_HALVES], x;                                             \
        for (int m = 0; m < maps; m++)                                                                          \
            for (int half = 0; half < halves; half++) shift[m][half] = AT(SHIFTS, m, half);                     \
        for (int64_t j = 0; j < of->pixels; j++)                                                                \
            for (int m = 0; m < maps; m++)                                                                      \
                for (int half = 0; half < halves; half++) {                                                     \
                    for (int k = 0; k < size; k++) x[k] = of->numbers[m][j][first + size * half + k];           \
                    x -= shift[m][half];                                                                        \
                    if (weighted) x *= of->weights[j];                                                          \
                    if (m == 0) y[half] = x;                                                                    \
                    else product[m][half] += x * y[half];                                                       \
                    sum[m][half] += x;                                                                          \
                    square[m][half] += x * x;                                                                   \
                }                                                                                               \
        for (int m = 0; m < maps; m++)                                                                          \
            for (int half = 0; half < halves; half++) {                                                         \
                AT(SUMS, m, half) += sum[m][half];                                                              \
                AT(SQUARES, m, half) += square[m][half];                                                        \
                if (m) AT(PRODUCTS, m, half) += product[m][half];                                               \
            }                                                                                                   \
    }
SOME_BY(some_by_four, 4)
SOME_BY(some_by_eight, 8)

/* Eight channels at a time where there are registers for their sums: more sums that do not wait for one another. */
INLINE void lanes(const tile *of, int eights, int maps, int weighted) {
    for (int first = 0; eights && first < LANES; first += 8) some_by_eight(of, first, maps, 1, weighted);
    int halves = maps <= 2 ? 2 : 1;
    for (int first = 0; !eights && first < LANES; first += 4 * halves) some_by_four(of, first, maps, halves, weighted);
}

INLINE void any_tile(const tile *of, int eights, int weighted) {
    if (of->maps == 1) lanes(of, eights, 1, weighted);
    else if (of->maps == 2) lanes(of, eights, 2, weighted);
    else if (of->maps == 3) lanes(of, eights, 3, weighted);
    else lanes(of, eights, 4, weighted);
}

#define TILE_OF(name, eights, target) \
    target static void name(const tile *of) { of->weighted ? any_tile(of, eights, 1) : any_tile(of, eights, 0); }
TILE_OF(vector_tile, 0, )
#if defined(__x86_64__)
TILE_OF(avx2_tile, 0, __attribute__((target("avx2"))))
TILE_OF(avx512_tile, 1, __attribute__((target("avx512f"))))
#endif
#else
#define PREFETCH(at) (void)(at)
#endif

static adding *chosen = scalar_tile;

/* Chooses how tiles are summed: 0 one number after another, 1 by the vectors that every processor of the kind has, 2
   by AVX2, 3 by AVX-512; the next lower where it is not there. Returns the choice. For tests, and once at loading. */
EXPORT int map_sums_level(int wanted) {
#if defined(__GNUC__) && defined(__x86_64__)
    if (wanted >= 3 && __builtin_cpu_supports("avx512f")) return chosen = avx512_tile, 3;
    if (wanted >= 2 && __builtin_cpu_supports("avx2")) return chosen = avx2_tile, 2;
#endif
#if defined(__GNUC__)
    if (wanted >= 1) return chosen = vector_tile, 1;
#endif
    return chosen = scalar_tile, 0;
}

/* Channels of a job, from the first up to the last. */
typedef struct {
    const view *views;
    int64_t maps, first, last, length;
    double *work;
} piece;
typedef struct { int64_t top, left, rows, columns; } area;

/* Brings the pixels of up to LANES channels side by side, and 0 for channels that are lacking. Processors do not
   foresee these steps, so what is read next is fetched; it lies so many numbers away. */
static void pack(float (*to)[LANES], const view *from, area of, int64_t first, int64_t count, int64_t next) {
    const float *start = from->map + of.top * from->row + of.left * from->column;
    if (count == LANES && from->channel == 1 && !from->channels) {
        for (int64_t i = 0; i < of.rows; i++)
            for (int64_t j = 0; j < of.columns; j++) {
                const float *at = start + first + i * from->row + j * from->column;
                PREFETCH((uintptr_t)at + sizeof *at * (uintptr_t)next);
                memcpy(*to++, at, sizeof *to);
            }
        return;
    }
    for (int64_t c = 0; c < LANES; c++) {
        const float *source = start;
        if (c < count) source += from->channel * (from->channels ? from->channels[first + c] : first + c);
        for (int64_t i = 0; i < of.rows; i++)
            for (int64_t j = 0; j < of.columns; j++)
                to[i * of.columns + j][c] = c < count ? source[i * from->row + j * from->column] : 0;
    }
}

/* Adds up an area of at most TILE × TILE pixels, for channels from the first up to the last. */
static void add_area(const call *in, const piece *of, area pixels, int64_t first, int64_t last) {
    tile each; /* not set to 0, which would take as long as filling it */
    each.maps = of->maps, each.pixels = 0, each.weighted = in->weights != NULL, each.length = of->length;
    for (int64_t i = pixels.top; i < pixels.top + pixels.rows; i++)
        for (int64_t j = pixels.left; j < pixels.left + pixels.columns; j++, each.pixels++)
            if (in->weights) each.weights[each.pixels] = in->weights[i * in->width + j];
    for (int64_t at = first; at < last; at += LANES) {
        int64_t count = in->channels - at < LANES ? in->channels - at : LANES;
        for (int m = 0; m < of->maps; m++) {
            int64_t back = TILE * of->views[m].column - (at - first);
            pack(each.numbers[m], of->views + m, pixels, at, count, at + LANES < last ? LANES : back);
        }
        each.work = of->work + at;
        chosen(&each);
    }
}

/* Adds up rows from top to bottom, of all channels where these are neighbours in memory, else some after others. */
static void add_rows(const call *in, const piece *of, int64_t top, int64_t bottom) {
    int64_t together = of->views[0].channel == 1 ? of->last - of->first : LANES;
    for (int64_t first = of->first; first < of->last; first += together)
        for (int64_t i = top; i < bottom; i += TILE)
            for (int64_t j = 0; j < in->width; j += TILE) {
                int64_t rows = bottom - i < TILE ? bottom - i : TILE, right = in->width - j;
                add_area(in, of, (area){i, j, rows, right < TILE ? right : TILE}, first, first + together);
            }
}

/* The shifts s and t: means of a few rows, or of all where no pixel of these counts. The other sums are left at 0. */
static void find_shifts(const call *in, const piece *of) {
    double counted = 0, *work = of->work;
    int64_t length = of->length;
    size_t size = sizeof(double) * (size_t)(of->last - of->first);
    for (int row = 0; row < WORK_ROWS; row++) memset(work + row * length + of->first, 0, size);
    for (int all = 0; all < 2 && counted == 0; all++) {
        int64_t first = all ? 0 : in->height < SPACING ? in->height / 2 : SPACING / 2;
        for (int64_t i = first; i < in->height; i += all ? 1 : SPACING) {
            for (int64_t j = 0; j < in->width; j++) counted += in->weights ? in->weights[i * in->width + j] : 1;
            add_rows(in, of, i, i + 1);
        }
    }
    for (int m = 0; m < of->maps; m++)
        for (int64_t c = of->first; c < of->last; c++) WORK(SHIFTS, m)[c] = WORK(SUMS, m)[c] / counted;
    for (int row = MAPS; row < WORK_ROWS; row++) memset(work + row * length + of->first, 0, size);
}

/* Sums of some channels of a job, which become rows of the results. */
static void one_piece(const call *in, const piece *of) {
    double *work = of->work;
    int64_t length = of->length;
    find_shifts(in, of);
    add_rows(in, of, 0, in->height);
    for (int m = 0; m < of->maps; m++) {
        if (of->views[m].result < 0) continue;
        for (int64_t c = of->first; c < of->last && c < in->channels; c++) {
            const int64_t *channels = of->views[m].channels;
            int64_t at = of->views[m].result * in->channels + (channels ? channels[c] : c);
            double sum = WORK(SUMS, m)[c], square = WORK(SQUARES, m)[c] - sum * sum / in->pixels;
            in->means[at] = WORK(SHIFTS, m)[c] + sum / in->pixels;
            in->squares[at] = square;
            in->products[at] = m ? WORK(PRODUCTS, m)[c] - sum * WORK(SUMS, 0)[c] / in->pixels : square;
        }
    }
}

/* Sums shares of a call that no other thread has taken, until there are none: however many threads come. */
EXPORT void map_sums(void *shared) {
    call *of = shared;
    int64_t groups = (of->channels + LANES - 1) / LANES, length = groups * LANES, pieces = of->count * of->parts;
    for (int64_t n; (n = atomic_fetch_add(&of->taken, 1)) < of->shares;)
        for (int64_t at = pieces * n / of->shares; at < pieces * (n + 1) / of->shares; at++) {
            const view *views = of->jobs[at / of->parts];
            int64_t part = at % of->parts, maps = 1;
            while (maps < MAPS && views[maps].map) maps++;
            piece each = {views, maps, LANES * (groups * part / of->parts), LANES * (groups * (part + 1) / of->parts),
                          length, of->work + n * WORK_ROWS * length};
            one_piece(of, &each);
        }
}

#if !defined(MAP_SUMS_SOURCE)
#define MAP_SUMS_SOURCE ""
#endif

/* The first digits of the SHA-256 of the text that this was compiled from. */
EXPORT const char *map_sums_source(void) { return MAP_SUMS_SOURCE; }

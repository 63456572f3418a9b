/* Sums over the pixels of maps: ā, ⟨a', a'⟩ and ⟨a', ρ(g)b'⟩ of every channel, in one pass over float32 numbers.

   A job is one map a, alone or beside a map b that is read where it lies: mirrored, turned by quarters and with its
   channels in other places, by strides and a list of channels. With s a number near ā and t near b̄,

       ā = s + Σ(a − s)/n,   ⟨a', a'⟩ = Σ(a − s)² − (Σ(a − s))²/n,
       ⟨a', b'⟩ = Σ(a − s)(b − t) − Σ(a − s) Σ(b − t)/n,

   in float64, whose squares of float32 numbers neither overflow nor vanish. s and t are means of every
   SPACING-th row, as it is read. Where these are a part 1/k of the pixels that count, n(ā − s)² is at most k ⟨a', a'⟩,
   so that nothing cancels. A constant map has the sums 0 exactly, and equal maps have ⟨a', b'⟩ = ⟨a', a'⟩ to the last
   bit.

   The order of every sum is fixed: row by row, each in tiles of so many pixels; the pixels of a tile one after another,
   then the tiles. It depends on the maps' shape alone, and channels are LANES at a time, so that no digit depends on
   the layout in memory, the instructions, the threads, or what else is in a batch. Tiles are short, so that they stay
   in the nearest cache. Compiled without contraction and without fast mathematics (see benchmarks/package_kernel.py).
   Nothing is allocated, and no thread is started: threads that call at once share the jobs of a call. */

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LANES 16 /* as many numbers as a line of a processor's cache has */
#define TILE_PIXELS 16
#define SPACING 16

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

/* All strides are in numbers. Python writes these as rows of 64-bit integers (sums.py). */
typedef struct {
    const float *map;
    int64_t channel, row, column;
} view;

typedef struct {
    view a, b;               /* b.map is NULL where sums of a alone are asked for */
    const int64_t *channels; /* where each channel of b is read; NULL: in its own place */
    int64_t row;             /* of the results */
} job;

/* Rows of the work space, each as long as the channels rounded up to LANES. */
enum { SUMS, SQUARES, PRODUCTS, OTHERS, SHIFTS, OTHER_SHIFTS, WORK_ROWS };

/* What the threads of a call share; Python fills it (sums.py). */
typedef struct {
    const job *jobs;
    int64_t count, channels, height, width;
    const float *weights; /* 0 or 1 of each pixel, height × width; NULL: all count */
    double pixels;        /* how many count, at least 1 */
    double *work;         /* WORK_ROWS × (channels rounded up to LANES), of each share */
    double *means, *squares, *products; /* count × channels; a map alone is its own b */
    int64_t shares;                     /* into which the jobs are divided in their order, one for each thread */
    _Atomic int64_t taken;              /* how many shares have been taken; 0 at first */
} call;

/* Adds a tile's sums for LANES channels, which lie side by side, to the work space; w are the weights 0 or 1 of its
   pixels, NULL for 1. */
typedef void tile(const float *a, int64_t a_step, const float *b, int64_t b_step, const float *w, int64_t pixels,
                  double *work, int64_t length);

static void scalar_tile(const float *a, int64_t a_step, const float *b, int64_t b_step, const float *w,
                        int64_t pixels, double *work, int64_t length) {
    for (int lane = 0; lane < LANES; lane++, work++, a++, b += b != NULL) {
        double sum = 0, square = 0, product = 0, other = 0;
        for (int64_t j = 0; j < pixels; j++) {
            double weight = w ? w[j] : 1, x = ((double)a[j * a_step] - work[SHIFTS * length]) * weight;
            sum += x;
            square += x * x;
            if (b) {
                double y = ((double)b[j * b_step] - work[OTHER_SHIFTS * length]) * weight;
                product += x * y;
                other += y;
            }
        }
        work[SUMS * length] += sum;
        work[SQUARES * length] += square;
        work[PRODUCTS * length] += product;
        work[OTHERS * length] += other;
    }
}

#if defined(__GNUC__)
#define VECTORS 1
typedef float four_floats __attribute__((vector_size(16), aligned(4), may_alias));
typedef double four __attribute__((vector_size(32)));
typedef double four_in_memory __attribute__((vector_size(32), aligned(8), may_alias));
#define INLINE static inline __attribute__((always_inline))
#define WIDE(at) __builtin_convertvector(*(const four_floats *)(at), four)
#define AT(row, half) (*(four_in_memory *)(work + (row) * length + 4 * (half)))
#define HALVES 2
#define AHEAD 8 /* pixels: maps are walked in steps that processors do not foresee */

/* The same sums of eight channels, four in a vector; paired and weighted are known where it is compiled into its
   callers. */
INLINE void eight(const float *a, int64_t a_step, const float *b, int64_t b_step, const float *w, int64_t pixels,
                  double *work, int64_t length, int paired, int weighted) {
    four sum[HALVES] = {{0}}, square[HALVES] = {{0}}, product[HALVES] = {{0}}, other[HALVES] = {{0}};
    four shift[HALVES] = {AT(SHIFTS, 0), AT(SHIFTS, 1)}, other_shift[HALVES] = {AT(OTHER_SHIFTS, 0), AT(OTHER_SHIFTS, 1)};
    for (int64_t j = 0; j < pixels; j++, a += a_step, b += b_step) {
        __builtin_prefetch((const char *)((uintptr_t)a + AHEAD * sizeof(float) * (uintptr_t)a_step));
        if (paired) __builtin_prefetch((const char *)((uintptr_t)b + AHEAD * sizeof(float) * (uintptr_t)b_step));
        for (int half = 0; half < HALVES; half++) {
            four x = WIDE(a + 4 * half) - shift[half];
            if (weighted) x *= (double)w[j];
            sum[half] += x;
            square[half] += x * x;
            if (paired) {
                four y = WIDE(b + 4 * half) - other_shift[half];
                if (weighted) y *= (double)w[j];
                product[half] += x * y;
                other[half] += y;
            }
        }
    }
    for (int half = 0; half < HALVES; half++) {
        AT(SUMS, half) += sum[half];
        AT(SQUARES, half) += square[half];
        if (paired) AT(PRODUCTS, half) += product[half], AT(OTHERS, half) += other[half];
    }
}

INLINE void lanes(const float *a, int64_t a_step, const float *b, int64_t b_step, const float *w, int64_t pixels,
                  double *work, int64_t length, int paired, int weighted) {
    for (int first = 0; first < LANES; first += 4 * HALVES)
        eight(a + first, a_step, b + first, b_step, w, pixels, work + first, length, paired, weighted);
}

#define TILE(name, target)                                                                                        \
    target static void name(const float *a, int64_t a_step, const float *b, int64_t b_step, const float *w,       \
                            int64_t pixels, double *work, int64_t length) {                                       \
        if (b && w) lanes(a, a_step, b, b_step, w, pixels, work, length, 1, 1);                                   \
        else if (b) lanes(a, a_step, b, b_step, w, pixels, work, length, 1, 0);                                   \
        else if (w) lanes(a, a_step, a, a_step, w, pixels, work, length, 0, 1);                                   \
        else lanes(a, a_step, a, a_step, w, pixels, work, length, 0, 0);                                          \
    }
TILE(vector_tile, )
#if defined(__x86_64__)
TILE(avx2_tile, __attribute__((target("avx2"))))
#endif
#endif

static tile *chosen = scalar_tile;

/* Chooses how tiles are summed: 0 one number after another, 1 by the vectors that every processor of the kind has, 2
   by AVX2; the next lower where it is not there. Returns what it chose. For tests, and once when it is loaded. */
EXPORT int map_sums_level(int wanted) {
#if defined(__GNUC__) && defined(__x86_64__)
    if (wanted >= 2 && __builtin_cpu_supports("avx2")) return chosen = avx2_tile, 2;
#endif
#if defined(VECTORS)
    if (wanted >= 1) return chosen = vector_tile, 1;
#endif
    return chosen = scalar_tile, 0;
}

/* Copies pixels of up to LANES channels side by side, and 0 for those that are lacking. */
static void pack(float *to, view from, const int64_t *channels, int64_t first, int64_t count, int64_t pixels) {
    for (int64_t c = 0; c < LANES; c++) {
        int64_t at = c >= count ? 0 : channels ? channels[first + c] : first + c;
        const float *source = from.map + at * from.channel;
        for (int64_t j = 0; j < pixels; j++) to[j * LANES + c] = c < count ? source[j * from.column] : 0;
    }
}

/* One tile of LANES channels from the first one; the maps begin at its first pixel. */
static void one_tile(const job *each, view a, view b, const float *w, int64_t pixels, int64_t first,
                     int64_t channels, double *work, int64_t length) {
    float a_packed[LANES * TILE_PIXELS], b_packed[LANES * TILE_PIXELS];
    int64_t count = channels - first < LANES ? channels - first : LANES;
    const float *a_at = a.map + first, *b_at = b.map ? b.map + first : NULL;
    int64_t a_step = a.column, b_step = b.column;
    if (count < LANES || a.channel != 1) {
        pack(a_packed, a, NULL, first, count, pixels);
        a_at = a_packed, a_step = LANES;
    }
    if (b.map && (count < LANES || b.channel != 1 || each->channels)) {
        pack(b_packed, b, each->channels, first, count, pixels);
        b_at = b_packed, b_step = LANES;
    }
    chosen(a_at, a_step, b_at, b_step, w, pixels, work + first, length);
}

/* Adds up rows from top to bottom, of all channels where these are neighbours in memory, else channel by channel. */
static void add_rows(const job *each, int paired, int64_t channels, int64_t width, int64_t top, int64_t bottom,
                     const float *weights, double *work, int64_t length) {
    int64_t together = each->a.channel == 1 ? length : LANES;
    for (int64_t start = 0; start < channels; start += together)
        for (int64_t i = top; i < bottom; i++)
            for (int64_t j = 0; j < width; j += TILE_PIXELS) {
                view a = each->a, b = each->b;
                int64_t end = start + together < channels ? start + together : channels;
                int64_t pixels = width - j < TILE_PIXELS ? width - j : TILE_PIXELS;
                a.map += i * a.row + j * a.column;
                b.map = paired ? b.map + i * b.row + j * b.column : NULL;
                const float *w = weights ? weights + i * width + j : NULL;
                for (int64_t first = start; first < end; first += LANES)
                    one_tile(each, a, b, w, pixels, first, channels, work, length);
            }
}

/* The shifts s and t: means of a few rows, or of all where no pixel of these counts. The other sums are left at 0. */
static void find_shifts(const job *each, int paired, int64_t channels, int64_t height, int64_t width,
                        const float *weights, double *work, int64_t length) {
    double counted = 0;
    memset(work, 0, sizeof(double) * WORK_ROWS * length);
    for (int all = 0; all < 2 && counted == 0; all++) {
        int64_t first = all ? 0 : height < SPACING ? height / 2 : SPACING / 2;
        for (int64_t i = first; i < height; i += all ? 1 : SPACING) {
            for (int64_t j = 0; j < width; j++) counted += weights ? weights[i * width + j] : 1;
            add_rows(each, paired, channels, width, i, i + 1, weights, work, length);
        }
    }
    for (int64_t c = 0; c < channels; c++) {
        work[SHIFTS * length + c] = work[SUMS * length + c] / counted;
        work[OTHER_SHIFTS * length + c] = work[OTHERS * length + c] / counted;
    }
    memset(work, 0, sizeof(double) * SHIFTS * length);
}

/* Sums of one job, which become a row of the results. */
static void one_job(const call *of, const job *each, double *work, int64_t length) {
    int paired = each->b.map != NULL;
    int64_t channels = of->channels, start = each->row * channels;
    find_shifts(each, paired, channels, of->height, of->width, of->weights, work, length);
    add_rows(each, paired, channels, of->width, 0, of->height, of->weights, work, length);
    for (int64_t c = 0; c < channels; c++) {
        double sum = work[SUMS * length + c];
        of->means[start + c] = work[SHIFTS * length + c] + sum / of->pixels;
        of->squares[start + c] = work[SQUARES * length + c] - sum * sum / of->pixels;
        of->products[start + c] =
            paired ? work[PRODUCTS * length + c] - sum * work[OTHERS * length + c] / of->pixels : of->squares[start + c];
    }
}

/* Sums shares of a call that no other thread has taken, until there are none: however many threads come. */
EXPORT void map_sums(void *shared) {
    call *of = shared;
    int64_t length = (of->channels + LANES - 1) / LANES * LANES;
    for (int64_t n; (n = atomic_fetch_add(&of->taken, 1)) < of->shares;)
        for (int64_t at = of->count * n / of->shares; at < of->count * (n + 1) / of->shares; at++)
            one_job(of, of->jobs + at, of->work + n * WORK_ROWS * length, length);
}

#if !defined(MAP_SUMS_SOURCE)
#define MAP_SUMS_SOURCE ""
#endif

/* The first digits of the SHA-256 of the text that this was compiled from. */
EXPORT const char *map_sums_source(void) { return MAP_SUMS_SOURCE; }

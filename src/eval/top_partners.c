#include "eval/top_partners.h"

#include "base/blas.h"
#include "base/threads.h"
#include "eval/dot.h"

#include <float.h>
#include <math.h>

#define BLOCK_SCORES ((size_t)4 << 20) /* 32 MB of doubles */
#define MAX_BLOCK 512
#define SCAN_WIDTH 16

double longest_row(const double *x, size_t n, size_t d) {
  double longest = 0;
  for (size_t i = 0; i < n; ++i) {
    double square = dot(x + i * d, x + i * d, d);
    if (square > longest) longest = square;
  }
  return sqrt(longest);
}

size_t partner_block(const partner_task *task) {
  size_t rows = task->n_genes == 0 ? MAX_BLOCK : BLOCK_SCORES / task->n_genes;
  if (rows > MAX_BLOCK) rows = MAX_BLOCK;
  if (rows > task->n_queries) rows = task->n_queries;
  return rows < 1 ? 1 : rows;
}

size_t partner_places(const partner_task *task) {
  return task->n_top < task->n_genes ? task->n_top : task->n_genes;
}

/* ---- a heap of the best, the worst of them on top ----------------------- */

KERNEL_INLINE int is_worse(partner a, partner b) {
  return a.score < b.score || (a.score == b.score && a.gene > b.gene);
}

/* Puts `entry` where it belongs below `place` in a heap of n. */
static void sift_down(partner *heap, size_t n, size_t place, partner entry) {
  for (;;) {
    size_t child = 2 * place + 1;
    if (child >= n) break;
    if (child + 1 < n && is_worse(heap[child + 1], heap[child])) ++child;
    if (!is_worse(heap[child], entry)) break;
    heap[place] = heap[child];
    place = child;
  }
  heap[place] = entry;
}

static void sift_up(partner *heap, size_t place, partner entry) {
  while (place > 0) {
    size_t parent = (place - 1) / 2;
    if (!is_worse(entry, heap[parent])) break;
    heap[place] = heap[parent];
    place = parent;
  }
  heap[place] = entry;
}

/* Turns the heap into a list from best to worst. */
static void sort_heap(partner *heap, size_t n) {
  for (size_t end = n; end > 1; --end) {
    partner worst = heap[0];
    sift_down(heap, end - 1, 0, heap[end - 1]);
    heap[end - 1] = worst;
  }
}

/* ---- one query ---------------------------------------------------------- */

/* The first gene >= from whose product reaches the cut, or n. */
FOR_EACH_CPU
static size_t next_candidate(const double *products, size_t from, size_t n,
                             double cut) {
  size_t gene = from;
  for (; gene + SCAN_WIDTH <= n; gene += SCAN_WIDTH) {
    double n_reached = 0;
    SIMD_SUM(n_reached)
    for (size_t i = 0; i < SCAN_WIDTH; ++i)
      n_reached += products[gene + i] >= cut ? 1 : 0;
    if (n_reached > 0) break;
  }
  while (gene < n && !(products[gene] >= cut)) ++gene;
  return gene;
}

static void mark_excluded(const partner_task *task, size_t query,
                          double *products) {
  if (task->query_genes != NULL && task->query_genes[query] >= 0)
    products[task->query_genes[query]] = -INFINITY;
  if (task->exclusion_starts == NULL) return;
  int end = task->exclusion_starts[query + 1];
  for (int i = task->exclusion_starts[query]; i < end; ++i)
    products[task->exclusions[i]] = -INFINITY;
}

/* The partners of one query as a heap; returns how many. A product and a
 * dot() of the same rows differ by less than `slack`: each is off by at most
 * d roundings of |left| |right| / 2^53. So a gene whose product lies below
 * the worst kept score by more than that cannot be kept. */
static size_t select_partners(const partner_task *task, size_t query,
                              const double *products, partner *heap) {
  size_t d = task->d, n_places = partner_places(task), n_kept = 0;
  const double *left = task->left + query * d;
  double slack = 4 * ((double)d + 1) * DBL_EPSILON * sqrt(dot(left, left, d)) *
                     task->right_norm +
                 DBL_MIN;
  double cut = -DBL_MAX;
  if (n_places == 0) return 0;
  for (size_t gene = 0;; ++gene) {
    gene = next_candidate(products, gene, task->n_genes, cut);
    if (gene == task->n_genes) break;
    partner entry = {dot(left, task->right + gene * d, d), (int)gene};
    if (n_kept < n_places) {
      sift_up(heap, n_kept++, entry);
    } else if (is_worse(heap[0], entry)) {
      sift_down(heap, n_kept, 0, entry);
    }
    if (n_kept == n_places) cut = heap[0].score - slack;
    if (!(cut > -DBL_MAX)) cut = -DBL_MAX; /* also where slack is infinite */
  }
  return n_kept;
}

static void write_partners(const partner_task *task, size_t query,
                           const partner *list, size_t n_kept, int *genes,
                           double *scores) {
  for (size_t place = 0; place < task->n_top; ++place) {
    size_t at = place * task->n_queries + query;
    genes[at] = place < n_kept ? list[place].gene : -1;
    scores[at] = place < n_kept ? list[place].score : NAN;
  }
}

/* ---- a block of queries ------------------------------------------------- */

void top_partners(const partner_task *task, size_t first, size_t last,
                  double *products, partner *heaps, int n_threads, int *genes,
                  double *scores) {
  size_t n_genes = task->n_genes, d = task->d;
  product_shape shape = {.transpose_b = 1,
                         .m = last - first,
                         .n = n_genes,
                         .k = d,
                         .lda = d,
                         .ldb = d,
                         .ldc = n_genes};
  product_double(&shape, 1, task->left + first * d, task->right, 0, products,
                 n_threads);
  PARALLEL_FOR(n_threads)
  for (size_t query = first; query < last; ++query) {
    double *row = products + (query - first) * n_genes;
    partner *heap = heaps + (query - first) * partner_places(task);
    mark_excluded(task, query, row);
    size_t n_kept = select_partners(task, query, row, heap);
    sort_heap(heap, n_kept);
    write_partners(task, query, heap, n_kept, genes, scores);
  }
}

#include "eval/top_partners.h"

#include "base/blas.h"
#include "base/threads.h"
#include "eval/candidates.h"

#include <float.h>
#include <math.h>

size_t partner_block(const partner_task *task) {
  return product_block(task->scorer.n_queries, task->scorer.n_genes);
}

static int count_terms(const pair_scorer *scorer) {
  return scorer->weights == NULL ? 1 : N_TERMS;
}

size_t partner_products(const partner_task *task) {
  return (size_t)count_terms(&task->scorer) * partner_block(task) *
         task->scorer.n_genes;
}

size_t partner_places(const partner_task *task) {
  size_t n_genes = task->scorer.n_genes;
  return task->n_top < n_genes ? task->n_top : n_genes;
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

static void mark_excluded(const partner_task *task, size_t query,
                          double *products) {
  if (task->query_genes != NULL && task->query_genes[query] >= 0)
    products[task->query_genes[query]] = -INFINITY;
  if (task->exclusion_starts == NULL) return;
  int end = task->exclusion_starts[query + 1];
  for (int i = task->exclusion_starts[query]; i < end; ++i)
    products[task->exclusions[i]] = -INFINITY;
}

static double term_slack(const score_term *term, size_t query) {
  return product_slack(term->left + query * term->d, term->d,
                       term->right_norm);
}

/* By how much a score from products of the BLAS may be off. A combination
 * passes on the differences of its terms, by at most its weights, and adds
 * some roundings of its own. */
static double score_slack(const pair_scorer *s, size_t query) {
  double of_term[N_TERMS];
  for (int t = 0; t < count_terms(s); ++t)
    of_term[t] = term_slack(&s->terms[t], query);
  if (s->weights == NULL) return of_term[0];
  of_term[TERM_PROPAGATED] /= s->scale;
  double slack = 0;
  for (int kind = 0; kind < 3; ++kind) {
    const double *w = s->weights + WEIGHTS_PER_KIND * kind;
    double bound = 0;
    for (int t = 0; t < N_TERMS; ++t) bound += fabs(w[1 + t]) * of_term[t];
    for (int i = 0; i < WEIGHTS_PER_KIND; ++i) bound += 1e-12 * fabs(w[i]);
    if (bound > slack) slack = bound;
  }
  return slack;
}

/* The partners of one query as a heap; returns how many. A gene whose score
 * from the products lies below the worst kept one by more than the slack
 * cannot be kept. */
static size_t select_partners(const partner_task *task, size_t query,
                              const double *products, partner *heap) {
  const pair_scorer *scorer = &task->scorer;
  size_t n_places = partner_places(task), n_kept = 0;
  double slack = score_slack(scorer, query);
  double cut = -DBL_MAX;
  if (n_places == 0) return 0;
  for (size_t gene = 0;; ++gene) {
    gene = next_candidate(products, gene, scorer->n_genes, cut);
    if (gene == scorer->n_genes) break;
    partner entry = {pair_score(scorer, query, gene), (int)gene};
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
    size_t at = place * task->scorer.n_queries + query;
    genes[at] = place < n_kept ? list[place].gene : -1;
    scores[at] = place < n_kept ? list[place].score : NAN;
  }
}

/* ---- a block of queries ------------------------------------------------- */

/* The scores of a query in place of the products of its first term; those of
 * term t stand t * per_term further. */
static void combine_row(const pair_scorer *scorer, size_t query,
                        size_t per_term, double *row) {
  for (size_t gene = 0; gene < scorer->n_genes; ++gene) {
    double products[N_TERMS];
    for (size_t t = 0; t < N_TERMS; ++t)
      products[t] = row[t * per_term + gene];
    row[gene] = combine_terms(scorer, query, gene, products);
  }
}

void top_partners(const partner_task *task, size_t first, size_t last,
                  double *products, partner *heaps, int n_threads, int *genes,
                  double *scores) {
  const pair_scorer *scorer = &task->scorer;
  size_t n_genes = scorer->n_genes, per_term = (last - first) * n_genes;
  for (int t = 0; t < count_terms(scorer); ++t) {
    const score_term *term = &scorer->terms[t];
    multiply_rows(term->left + first * term->d, last - first, term->right,
                  n_genes, term->d, products + (size_t)t * per_term,
                  n_threads);
  }
  PARALLEL_FOR(n_threads)
  for (size_t query = first; query < last; ++query) {
    double *row = products + (query - first) * n_genes;
    partner *heap = heaps + (query - first) * partner_places(task);
    if (scorer->weights != NULL) combine_row(scorer, query, per_term, row);
    mark_excluded(task, query, row);
    size_t n_kept = select_partners(task, query, row, heap);
    sort_heap(heap, n_kept);
    write_partners(task, query, heap, n_kept, genes, scores);
  }
}

#include "base/threads.h"
#include "glue/check.h"
#include "glue/entries.h"
#include "seq/expand.h"
#include "seq/orf.h"
#include "seq/pack.h"
#include "seq/views.h"
#include "seq/words.h"

#include <R_ext/Utils.h>

#include <limits.h>
#include <string.h>

/* Spans between two looks at interrupts: their frequencies are put in order
 * within a buffer of this many rows. */
#define SPANS_PER_BLOCK 1024

/* ---- arguments ---------------------------------------------------------- */

/* A code array as R holds it. */
typedef struct {
  const unsigned char *data;
  size_t length;
} code_array;

static code_array get_codes(SEXP x) {
  if (TYPEOF(x) != RAWSXP)
    raise_error(STATUS_INTERNAL, "`codes` is not a raw vector");
  code_array codes = {RAW_RO(x), (size_t)XLENGTH(x)};
  return codes;
}

/* Spans of an array of so many bases: their first base, and that behind the
 * last one, from 0. */
static base_span *get_spans(SEXP first, SEXP last, size_t n_bases) {
  size_t n = (size_t)XLENGTH(first);
  const double *from = get_doubles(first, n, "first");
  const double *to = get_doubles(last, n, "last");
  base_span *spans = scratch_unset(n, sizeof *spans);
  for (size_t i = 0; i < n; ++i) {
    if (!(from[i] >= 0 && from[i] <= to[i] && to[i] <= (double)n_bases))
      raise_error(STATUS_INTERNAL, "a span lies outside of the codes");
    spans[i].first = (size_t)from[i];
    spans[i].last = (size_t)to[i];
  }
  return spans;
}

static void check_strings(SEXP x, const char *name) {
  if (TYPEOF(x) != STRSXP)
    raise_error(STATUS_INTERNAL, "`%s` is not a character vector", name);
}

static word_kinds get_kinds(SEXP k, SEXP step) {
  word_kinds kinds = {.k = get_ints(k, (size_t)XLENGTH(k), "k"),
                      .n_k = (int)XLENGTH(k),
                      .step = get_int(step, "step")};
  for (int i = 0; i < kinds.n_k; ++i)
    if (kinds.k[i] < 1 || kinds.k[i] > MAX_WORD)
      raise_error(STATUS_INTERNAL, "`k` is out of range");
  if (kinds.step < 1) raise_error(STATUS_INTERNAL, "`step` is below 1");
  return kinds;
}

/* ---- packing ------------------------------------------------------------ */

/* list(codes, wrong) of one sequence after the other; wrong: NULL, or the
 * number of the first sequence and letter that is none, from 1. */
SEXP C_pack_transcripts(SEXP sequences) {
  check_strings(sequences, "sequences");
  R_xlen_t n = XLENGTH(sequences), total = 0;
  for (R_xlen_t i = 0; i < n; ++i) total += XLENGTH(STRING_ELT(sequences, i));
  SEXP codes = PROTECT(Rf_allocVector(RAWSXP, total));
  SEXP wrong = R_NilValue;
  unsigned char *at = RAW(codes);
  for (R_xlen_t i = 0; i < n; ++i) {
    SEXP letters = STRING_ELT(sequences, i);
    size_t length = (size_t)XLENGTH(letters);
    size_t packed = pack_letters(CHAR(letters), length, at);
    if (packed < length) {
      wrong = Rf_allocVector(REALSXP, 2);
      REAL(wrong)[0] = (double)i + 1;
      REAL(wrong)[1] = (double)packed + 1;
      break;
    }
    at += length;
  }
  PROTECT(wrong);
  const char *names[] = {"codes", "wrong"};
  SEXP values[] = {codes, wrong};
  SEXP result = named_list(2, names, values);
  UNPROTECT(2);
  return result;
}

/* The codes with the codons of each CDS (a span) and the exon ends of each
 * sequence marked. start: of each sequence, and behind the last. exons: the
 * lengths of all exons; n_exons: how many of them each sequence has, 0 where
 * they are not known. */
SEXP C_mark_tracks(SEXP codes, SEXP start, SEXP cds_first, SEXP cds_last,
                   SEXP exons, SEXP n_exons) {
  code_array known = get_codes(codes);
  size_t n = (size_t)XLENGTH(n_exons);
  const base_span *cds = get_spans(cds_first, cds_last, known.length);
  const double *from = get_doubles(start, n + 1, "start");
  const int *per_sequence = get_ints(n_exons, n, "n_exons");
  const int *lengths = get_ints(exons, (size_t)XLENGTH(exons), "exons");
  size_t left = (size_t)XLENGTH(exons);
  SEXP result = PROTECT(Rf_duplicate(codes));
  unsigned char *marked = RAW(result);
  for (size_t i = 0; i < n; ++i) {
    size_t first = (size_t)from[i], count = (size_t)per_sequence[i];
    mark_codons(marked, cds[i].first, cds[i].last);
    if (count == 0) continue;
    if (count > left ||
        !mark_exons(marked + first, (size_t)from[i + 1] - first, lengths,
                    count))
      raise_error(STATUS_INTERNAL, "exons do not fit their sequence");
    lengths += count;
    left -= count;
  }
  UNPROTECT(1);
  return result;
}

/* The codes of spans, one after the other. */
SEXP C_gather_codes(SEXP codes, SEXP first, SEXP last) {
  code_array known = get_codes(codes);
  size_t n = (size_t)XLENGTH(first), total = 0;
  const base_span *spans = get_spans(first, last, known.length);
  for (size_t i = 0; i < n; ++i) total += spans[i].last - spans[i].first;
  SEXP result = PROTECT(Rf_allocVector(RAWSXP, (R_xlen_t)total));
  unsigned char *at = RAW(result);
  for (size_t i = 0; i < n; ++i) {
    size_t length = spans[i].last - spans[i].first;
    if (length > 0) memcpy(at, known.data + spans[i].first, length);
    at += length;
  }
  UNPROTECT(1);
  return result;
}

/* The letters of each span, a string. */
SEXP C_unpack_letters(SEXP codes, SEXP first, SEXP last) {
  code_array known = get_codes(codes);
  size_t n = (size_t)XLENGTH(first), longest = 0;
  const base_span *spans = get_spans(first, last, known.length);
  for (size_t i = 0; i < n; ++i) {
    size_t length = spans[i].last - spans[i].first;
    if (length > longest) longest = length;
  }
  if (longest > INT_MAX)
    raise_error(STATUS_INTERNAL, "a span is longer than a string may be");
  char *letters = scratch_unset(longest, 1);
  SEXP result = PROTECT(Rf_allocVector(STRSXP, (R_xlen_t)n));
  for (size_t i = 0; i < n; ++i) {
    size_t length = spans[i].last - spans[i].first;
    unpack_letters(known.data + spans[i].first, length, letters);
    SET_STRING_ELT(result, (R_xlen_t)i, Rf_mkCharLen(letters, (int)length));
  }
  UNPROTECT(1);
  return result;
}

/* ---- what is read of codes ---------------------------------------------- */

/* The tracks of each span, an array spans x positions x tracks. */
SEXP C_expand_tracks(SEXP codes, SEXP first, SEXP last, SEXP positions,
                     SEXP n_tracks) {
  code_array known = get_codes(codes);
  const base_span *spans = get_spans(first, last, known.length);
  size_t n = (size_t)XLENGTH(first);
  size_t width = get_count(positions, "positions");
  int tracks = get_int(n_tracks, "n_tracks");
  if (tracks != 4 && tracks != 6)
    raise_error(STATUS_INTERNAL, "`n_tracks` is neither 4 nor 6");
  size_t per_span = width * (size_t)tracks;
  double *row = scratch_unset(per_span, sizeof *row);
  SEXP result = PROTECT(Rf_alloc3DArray(REALSXP, (int)n, (int)width, tracks));
  double *out = REAL(result);
  for (size_t i = 0; i < n; ++i) {
    transcripts_expand(known.data + spans[i].first,
                       spans[i].last - spans[i].first, width, tracks, row);
    for (size_t position = 0; position < width; ++position)
      for (size_t track = 0; track < (size_t)tracks; ++track)
        out[(track * width + position) * n + i] =
            row[position * (size_t)tracks + track];
  }
  UNPROTECT(1);
  return result;
}

/* The longest open reading frame of each span: a matrix spans x 2 with its
 * first base and that behind its last one, from 0 within the span; both are 0
 * where there is none. */
SEXP C_longest_orfs(SEXP codes, SEXP first, SEXP last) {
  code_array known = get_codes(codes);
  const base_span *spans = get_spans(first, last, known.length);
  size_t n = (size_t)XLENGTH(first);
  SEXP result = PROTECT(Rf_allocMatrix(REALSXP, (int)n, 2));
  for (size_t i = 0; i < n; ++i) {
    base_span orf = longest_orf(known.data + spans[i].first,
                                spans[i].last - spans[i].first);
    REAL(result)[i] = (double)orf.first;
    REAL(result)[n + i] = (double)orf.last;
    if (i % SPANS_PER_BLOCK == 0) R_CheckUserInterrupt();
  }
  UNPROTECT(1);
  return result;
}

/* Frequencies of the words of each span, a matrix spans x words. */
SEXP C_word_frequencies(SEXP codes, SEXP first, SEXP last, SEXP k, SEXP step,
                        SEXP threads) {
  code_array known = get_codes(codes);
  const base_span *spans = get_spans(first, last, known.length);
  size_t n = (size_t)XLENGTH(first);
  word_kinds kinds = get_kinds(k, step);
  int n_threads = threads_usable(get_int(threads, "threads"));
  size_t n_words = count_words(&kinds);
  double *rows = scratch_unset(SPANS_PER_BLOCK * n_words, sizeof *rows);
  SEXP result = PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)n_words));
  for (size_t at = 0; at < n; at += SPANS_PER_BLOCK) {
    size_t block = n - at < SPANS_PER_BLOCK ? n - at : SPANS_PER_BLOCK;
    word_frequencies(known.data, spans + at, block, &kinds, n_threads, rows);
    for (size_t word = 0; word < n_words; ++word)
      for (size_t i = 0; i < block; ++i)
        REAL(result)[word * n + at + i] = rows[i * n_words + word];
    R_CheckUserInterrupt();
  }
  UNPROTECT(1);
  return result;
}

/* Number of exons that end in each span. */
SEXP C_count_exon_ends(SEXP codes, SEXP first, SEXP last) {
  code_array known = get_codes(codes);
  const base_span *spans = get_spans(first, last, known.length);
  size_t n = (size_t)XLENGTH(first);
  SEXP result = PROTECT(Rf_allocVector(REALSXP, (R_xlen_t)n));
  for (size_t i = 0; i < n; ++i)
    REAL(result)[i] = (double)count_exon_ends(known.data, spans[i]);
  UNPROTECT(1);
  return result;
}

/* ---- for tests: random views -------------------------------------------- */

/* at: step, item, view */
static view_place get_place(SEXP key, SEXP at) {
  const int *where = get_ints(at, 3, "at");
  view_place place = {.key = get_key(key),
                      .step = (uint32_t)where[0],
                      .item = (uint32_t)where[1],
                      .view = (uint32_t)where[2]};
  return place;
}

/* Two members, from 0, of a set of so many. */
SEXP C_draw_members(SEXP size, SEXP different, SEXP key, SEXP at) {
  size_t n = get_count(size, "size");
  if (n < 1 || n > INT_MAX)
    raise_error(STATUS_INTERNAL, "`size` is out of range");
  view_place place = get_place(key, at);
  uint32_t members[2];
  draw_members(&place, (uint32_t)n, get_int(different, "different"), members);
  SEXP result = PROTECT(Rf_allocVector(INTSXP, 2));
  for (int i = 0; i < 2; ++i) INTEGER(result)[i] = (int)members[i];
  UNPROTECT(1);
  return result;
}

/* list(span = first base and that behind the last, from 0, and the shift;
 * tracks: positions x tracks) of one sequence. rules: crop, codon, shift,
 * mask_rate, mask_all, mask_codons, mask_value, n_tracks. */
SEXP C_draw_view(SEXP codes, SEXP rules, SEXP positions, SEXP key, SEXP at) {
  code_array known = get_codes(codes);
  const double *rule = get_doubles(rules, 8, "rules");
  size_t n = get_count(positions, "positions");
  view_rules wanted = {.crop = rule[0],
                       .codon = rule[1] != 0,
                       .shift = (int)rule[2],
                       .mask_rate = rule[3],
                       .mask_all = rule[4] != 0,
                       .mask_codons = rule[5] != 0,
                       .mask_value = rule[6],
                       .n_tracks = rule[7] == 4 ? 4 : 6};
  size_t width = (size_t)wanted.n_tracks;
  view_place place = get_place(key, at);
  int frame = first_frame(known.data, known.length);
  sequence_view view = draw_view(&wanted, known.length, frame, &place);
  double *row = scratch_unset(n * width, sizeof *row);
  write_view(&wanted, known.data, &view, &place, n, row);
  SEXP span = PROTECT(Rf_allocVector(REALSXP, 3));
  REAL(span)[0] = (double)view.span.first;
  REAL(span)[1] = (double)view.span.last;
  REAL(span)[2] = (double)view.shift;
  SEXP tracks = PROTECT(Rf_allocMatrix(REALSXP, (int)n, (int)width));
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < width; ++j)
      REAL(tracks)[j * n + i] = row[i * width + j];
  const char *names[] = {"span", "tracks"};
  SEXP values[] = {span, tracks};
  SEXP result = named_list(2, names, values);
  UNPROTECT(2);
  return result;
}

#include "seq/text.h"

#include <string.h>

/* What a hashed piece is: the same letters in another role are another piece.
 */
typedef enum {
  PIECE_WORD = 'w',
  PIECE_TRIGRAM = 't',
  PIECE_WITHIN = 'i'
} piece_role;

/* FNV-1a of 64 bits (Fowler, Noll, Vo) of the role and the bytes, folded so
 * that the low bits depend on all of them. */
static uint64_t hash_piece(piece_role role, const char *bytes, size_t n) {
  const uint64_t prime = UINT64_C(1099511628211);
  uint64_t hash = (UINT64_C(14695981039346656037) ^ (uint64_t)role) * prime;
  for (size_t i = 0; i < n; ++i)
    hash = (hash ^ (unsigned char)bytes[i]) * prime;
  return hash ^ hash >> 32;
}

static int is_white(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' ||
         c == '\f';
}

/* Bytes of characters beyond ASCII count as letters. */
static int is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         (unsigned char)c >= 0x80;
}

/* Where the character after the one at i begins, in UTF-8. */
static size_t next_character(const char *text, size_t length, size_t i) {
  ++i;
  while (i < length && ((unsigned char)text[i] & 0xC0) == 0x80) ++i;
  return i;
}

static size_t word_end(const char *text, size_t length, size_t i) {
  while (i < length && is_word(text[i])) ++i;
  return i;
}

size_t plain_text(const char *text, size_t length, char *plain) {
  size_t n = 0;
  plain[n++] = ' ';
  for (size_t i = 0; i < length; ++i) {
    char c = is_white(text[i]) ? ' ' : text[i];
    if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
    if (c != ' ' || plain[n - 1] != ' ') plain[n++] = c;
  }
  if (n == 1) return 0;
  if (plain[n - 1] != ' ') plain[n++] = ' ';
  return n;
}

static size_t count_words(const char *plain, size_t length) {
  size_t n = 0;
  for (size_t i = 0; i < length;) {
    size_t end = word_end(plain, length, i);
    n += end > i;
    i = end > i ? end : i + 1;
  }
  return n;
}

static size_t count_characters(const char *plain, size_t length) {
  size_t n = 0;
  for (size_t i = 0; i < length; i = next_character(plain, length, i)) ++n;
  return n;
}

void text_frequencies(const char *plain, size_t length, size_t n,
                      double *frequencies) {
  memset(frequencies, 0, n * sizeof *frequencies);
  /* at least a character between two blanks */
  if (length == 0) return;
  size_t n_words = count_words(plain, length);
  double share = n_words > 0 ? 0.5 : 1;
  double per_trigram = share / (double)(count_characters(plain, length) - 2);
  for (size_t i = 0;;) {
    size_t second = next_character(plain, length, i);
    size_t third = next_character(plain, length, second);
    if (third >= length) break;
    size_t end = next_character(plain, length, third);
    frequencies[hash_piece(PIECE_TRIGRAM, plain + i, end - i) % n] +=
        per_trigram;
    i = second;
  }
  for (size_t i = 0; i < length;) {
    size_t end = word_end(plain, length, i);
    if (end > i)
      frequencies[hash_piece(PIECE_WORD, plain + i, end - i) % n] +=
          share / (double)n_words;
    i = end > i ? end : i + 1;
  }
}

/* Where the piece at i ends: after three characters of a word, or one other. */
static size_t piece_end(const char *plain, size_t length, size_t i) {
  size_t end = i;
  for (int characters = 0; characters < 3 && end < length; ++characters) {
    if (!is_word(plain[end])) break;
    end = next_character(plain, length, end);
  }
  return end > i ? end : i + 1;
}

size_t text_tokens(const char *plain, size_t length, size_t longest,
                   size_t n_tokens, int *tokens) {
  size_t n = 0;
  tokens[n++] = TOKEN_START;
  for (size_t i = 0; i < length;) {
    size_t end = piece_end(plain, length, i);
    if (plain[i] != ' ') {
      int within = i > 0 && is_word(plain[i]) && is_word(plain[i - 1]);
      uint64_t hash =
          hash_piece(within ? PIECE_WITHIN : PIECE_WORD, plain + i, end - i);
      if (n + 1 < longest)
        tokens[n] = FIRST_PIECE + (int)(hash % (n_tokens - FIRST_PIECE));
      ++n;
    }
    i = end;
  }
  tokens[n < longest ? n : longest - 1] = TOKEN_END;
  return n + 1;
}

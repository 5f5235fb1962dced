#ifndef KITH_SEQ_TEXT_H
#define KITH_SEQ_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Texts as models take them, without a vocabulary that would have to be learned
 * or fetched: pieces of a text are hashed to columns or token numbers (FNV-1a
 * of their bytes), the same on every platform. Letters A to Z count as a to z;
 * other characters stay as they are. Texts are valid UTF-8. */

/* The length that text of so many bytes has at most once it is plain. */
#define PLAIN_LENGTH(length) ((length) + 2)

/* Writes a text in lower case, with one blank for each run of white space and
 * one at either end, and returns its length: 0 for a text of white space. */
size_t plain_text(const char *text, size_t length, char *plain);

/* frequencies[0 .. n - 1] = shares of what a plain text consists of: its words
 * (runs of letters and digits) make one half, its trigrams of characters (with
 * the blanks at the ends of words) the other, or all where there are no words.
 * All are 0 for an empty text. */
void text_frequencies(const char *plain, size_t length, size_t n,
                      double *frequencies);

/* Numbers of tokens that stand for something else than a piece of text. */
enum { TOKEN_PADDING = 0, TOKEN_START = 1, TOKEN_END = 2, FIRST_PIECE = 3 };

/* The tokens of a plain text: a start, its pieces, an end. Words are cut into
 * pieces of three characters from their start on, the last one may be shorter;
 * any other character but a blank is a piece. A piece that begins a word
 * differs from the same letters within one. Pieces beyond `longest` tokens are
 * left out, the end is not. Returns the number of tokens that the text needs;
 * tokens[] holds min(that, longest). longest >= 2, n_tokens > FIRST_PIECE. */
size_t text_tokens(const char *plain, size_t length, size_t longest,
                   size_t n_tokens, int *tokens);

#endif

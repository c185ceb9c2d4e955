#include "fit/repeats.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

/* Columns by which rows are told apart. */
struct key {
  const struct tp_csv *csv;
  int *columns;
  size_t n;
};

struct hashed {
  uint64_t hash;
  size_t row;
};

static int by_hash(const void *a, const void *b)
{
  const struct hashed *const one = a, *const other = b;
  if (one->hash != other->hash)
    return one->hash < other->hash ? -1 : 1;
  return one->row < other->row ? -1 : one->row > other->row;
}

static uint64_t hash_of(const struct key *key, size_t row)
{
  uint64_t hash = 0;
  for (size_t i = 0; i < key->n; i++)
    hash = 0x100000001b3u * (hash ^ tp_hash(tp_csv_cell(key->csv, row, key->columns[i])));
  return hash;
}

static bool is_same(const struct key *key, size_t a, size_t b)
{
  for (size_t i = 0; i < key->n; i++)
    if (strcmp(tp_csv_cell(key->csv, a, key->columns[i]),
               tp_csv_cell(key->csv, b, key->columns[i])) != 0)
      return false;
  return true;
}

/* Of each row the first that is the same: itself, where none is above. */
static size_t *firsts_of(const struct key *key, struct tp_arena *arena)
{
  const size_t n = key->csv->n_rows;
  struct hashed *const sorted = TP_NEW(arena, struct hashed, n + 1);
  size_t *const firsts = TP_NEW(arena, size_t, n + 1);
  for (size_t row = 0; row < n; row++)
    sorted[row] = (struct hashed){hash_of(key, row), row};
  qsort(sorted, n, sizeof *sorted, by_hash);
  for (size_t i = 0; i < n; i++) {
    const size_t row = sorted[i].row;
    firsts[row] = row;
    for (size_t j = i; j-- > 0 && sorted[j].hash == sorted[i].hash && firsts[row] == row;)
      if (is_same(key, sorted[j].row, row))
        firsts[row] = firsts[sorted[j].row];
  }
  return firsts;
}

/* "gemm.csv: 2 rows WHAT (the first: line 9, of line 3)THEN"; nothing where none does. */
static void note(const struct tp_csv *csv, const size_t *firsts, const char *const words[3],
                 struct tp_arena *arena, struct tp_notes *notes)
{
  size_t n = 0, row = 0;
  for (size_t i = csv->n_rows; i-- > 0;)
    if (firsts[i] != i) {
      n++;
      row = i;
    }
  if (n > 0 && notes != NULL)
    TP_APPEND(arena, notes->texts, notes->n,
              tp_arena_printf(arena, "%s: %zu %s %s (the first: line %d, of line %d): %s",
                              csv->path, n, n == 1 ? "row" : "rows", words[n > 1], csv->lines[row],
                              csv->lines[firsts[row]], words[2]));
}

void tp_copies_drop(struct tp_csv *csv, struct tp_arena *arena, struct tp_notes *notes)
{
  static const char *const words[] = {"is a copy of one above", "are copies of ones above",
                                      "counted once"};
  struct key key = {csv, TP_NEW(arena, int, csv->n_columns + 1), csv->n_columns};
  for (size_t c = 0; c < csv->n_columns; c++)
    key.columns[c] = (int)c;
  const size_t *const firsts = firsts_of(&key, arena);
  note(csv, firsts, words, arena, notes);
  size_t n_kept = 0;
  for (size_t row = 0; row < csv->n_rows; row++) {
    if (firsts[row] != row)
      continue;
    tp_csv_move_row(csv, row, n_kept++);
  }
  csv->n_rows = n_kept;
}

void tp_repeats_tell(const struct tp_csv *csv, const struct tp_readable *readable,
                     struct tp_arena *arena, struct tp_notes *notes)
{
  static const char *const words[] = {"measures again what one above did",
                                      "measure again what ones above did", "each counts"};
  struct key key = {csv, TP_NEW(arena, int, csv->n_columns + 1), 0};
  for (size_t c = 0; c < csv->n_columns; c++)
    if (tp_readable_tells_apart(readable, csv->columns[c]))
      key.columns[key.n++] = (int)c;
  note(csv, firsts_of(&key, arena), words, arena, notes);
}

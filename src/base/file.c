#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FIRST_BYTES = 4096, MAX_BYTES = TP_FILE_MOST_BYTES };

/* What the whole of `stream` needs, with a NUL and a byte to see its end; a guess where it is no
 * file. */
static size_t expected_bytes(FILE *stream)
{
  struct stat info;
  return fstat(fileno(stream), &info) == 0 && info.st_size > 0 ? (size_t)info.st_size + 2
                                                               : FIRST_BYTES;
}

/* What is no text of ours by its first bytes; NULL: it may be. */
static const char *fault_of(const char *bytes, size_t length)
{
  static const struct {
    const char *bytes, *fault;
  } others[] = {
      {"\xFF\xFE", "UTF-16; save it as UTF-8 (iconv -f UTF-16 -t UTF-8)"},
      {"\xFE\xFF", "UTF-16; save it as UTF-8 (iconv -f UTF-16 -t UTF-8)"},
      {"\x1F\x8B", "packed by gzip; give what gunzip makes of it"},
      {"PK\x03\x04", "a ZIP file, as spreadsheets are; give a text file, such as CSV"},
  };
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (strncmp(bytes, others[i].bytes, strlen(others[i].bytes)) == 0)
      return others[i].fault;
  return strlen(bytes) != length ? "holds a NUL byte; give a text file" : NULL;
}

/* Appends all of `stream` to a grown buffer, one byte kept free for the final NUL. */
static enum tp_status read_stream(const char *file, FILE *stream, char **buffer, size_t *length,
                                  struct tp_error *error)
{
  size_t capacity = 0;
  for (size_t got = 1; got > 0; *length += got) {
    if (capacity - *length < 2) {
      capacity = capacity == 0 ? expected_bytes(stream) : 2 * capacity;
      if (capacity > MAX_BYTES)
        return tp_fail(error, TP_E_INPUT, "%s: larger than %d MiB; give a smaller file", file,
                       MAX_BYTES / 1024 / 1024);
      char *const larger = realloc(*buffer, capacity);
      if (larger == NULL)
        tp_out_of_memory();
      *buffer = larger;
    }
    got = fread(*buffer + *length, 1, capacity - *length - 1, stream);
  }
  if (ferror(stream))
    return tp_fail(error, TP_E_INPUT, "%s: cannot be read: %s", file, strerror(errno));
  (*buffer)[*length] = '\0';
  const char *const fault = fault_of(*buffer, *length);
  return fault == NULL ? TP_OK : tp_fail(error, TP_E_INPUT, "%s: %s", file, fault);
}

/* What editors of Windows put before UTF-8 is no part of the text. */
static const char *without_mark(const char *text)
{
  static const char byte_order_mark[] = "\xEF\xBB\xBF";
  const size_t length = sizeof byte_order_mark - 1;
  return strncmp(text, byte_order_mark, length) == 0 ? text + length : text;
}

enum tp_status tp_file_read(const char *file, struct tp_arena *arena, const char **text,
                            struct tp_error *error)
{
  const int is_stdin = strcmp(file, "-") == 0;
  FILE *const stream = is_stdin ? stdin : fopen(file, "r");
  if (stream == NULL)
    return tp_fail(error, TP_E_INPUT, "%s: cannot be opened: %s", file, strerror(errno));
  char *buffer = NULL;
  size_t length = 0;
  const enum tp_status status = read_stream(file, stream, &buffer, &length, error);
  if (status == TP_OK)
    *text = tp_arena_strdup(arena, without_mark(buffer));
  free(buffer);
  if (!is_stdin)
    fclose(stream);
  return status;
}

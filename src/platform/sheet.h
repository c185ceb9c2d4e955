#ifndef TP_PLATFORM_SHEET_H
#define TP_PLATFORM_SHEET_H
/* What platform, device and stack files have in common: a format number, a name, and objects that
 * say what kind of knowledge they hold ("kind") and from where ("source").
 */
#include "base/json.h"
#include "platform/device.h"

struct tp_origin {
  enum tp_provenance kind;
  const char *source;
};

enum { TP_SHEET_FORMAT = 1 };

/* Is `name` fit for a path, an XML id and a --set key?  Letters, digits, '-' and '_'. */
bool tp_sheet_is_name(const char *name);

/* Reads `fields` of the object at `path`.  A key that is neither a field nor one of `others`
 * (NULL-terminated: keys somebody else reads) is an error. */
enum tp_status tp_sheet_read_object(const struct tp_doc *doc, const char *path,
                                    const struct tp_field *fields, size_t n_fields,
                                    const char *const *others, void *out, struct tp_arena *arena,
                                    struct tp_error *error);

/* Reads "format" (must be 1) and "name" of the root. */
enum tp_status tp_sheet_read_name(const struct tp_doc *doc, const char **name,
                                  struct tp_arena *arena, struct tp_error *error);

/* Reads the required "kind" and "source" of the object at `path`. */
enum tp_status tp_sheet_read_origin(const struct tp_doc *doc, const char *path,
                                    struct tp_origin *origin, struct tp_arena *arena,
                                    struct tp_error *error);

/* Reads a whole section: origin and fields, nothing else. */
enum tp_status tp_sheet_read_section(const struct tp_doc *doc, const char *path,
                                     const struct tp_field *fields, size_t n_fields, void *out,
                                     struct tp_origin *origin, struct tp_arena *arena,
                                     struct tp_error *error);
#endif

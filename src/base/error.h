#ifndef TP_BASE_ERROR_H
#define TP_BASE_ERROR_H
/* Status codes and the one error text that travels with them.
 *
 * A function that can fail returns enum tp_status and takes a struct tp_error * last.  The function
 * that decides it is an error writes the text; callers forward.  Texts read
 * "FILE:LINE: what is wrong, and the mend" and hold no newline.  Only cli/ prints them.
 * The values are the exit codes of the outside contract.
 */
enum tp_status {
  TP_OK = 0,
  TP_E_CHECK = 1,      /* a check or validation failed */
  TP_E_INPUT = 2,      /* bad usage or bad input */
  TP_E_ENVIRONMENT = 3 /* the environment lacks something */
};

struct tp_error {
  char text[768];
};

/* Writes the formatted text into `error` (which may be NULL) and returns `status`. */
enum tp_status tp_fail(struct tp_error *error, enum tp_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Ends the function with the status of `expression` unless that is TP_OK: for what has nothing to
 * release. */
#define TP_TRY(expression)                          \
  do {                                              \
    const enum tp_status try_status = (expression); \
    if (try_status != TP_OK)                        \
      return try_status;                            \
  } while (0)
#endif

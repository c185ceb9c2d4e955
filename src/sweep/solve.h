#ifndef TP_SWEEP_SOLVE_H
#define TP_SWEEP_SOLVE_H
/* Break-even: where along one key a variant's gain over the standard one crosses a wanted gain.
 *
 *     gain                    gain(x) = speedup(x) - 1
 *       |   o--o              A scan (o) of the range, even in ln(x), finds the cells in which the
 *     --|--x----x---- wanted  gain crosses; in each the place (x) is narrowed down: Brent's method
 *       | o      \__o         on the continuum, bisection on whole numbers.  Two crossings in one
 *       +------------- key    cell cancel and are missed.
 *
 * The key is one of --set, or a whole number: tp, batch, prompt, generate.  Up to 256 whole numbers
 * are all tried.  Every value is predicted from files read afresh.
 */
#include "sweep/grid.h"

struct tp_solve_request {
  const struct tp_grid *grid;       /* one point; the key's own list is ignored */
  const struct tp_catalog *catalog; /* directories, engines, overrides */
  const char *key;
  double from, to; /* both ends included; evenly spaced cells where from is 0 */
  double gain;     /* 0.2: e2e_s of standard is 1.2 times the variant's */
};

/* `value`: the gain is reached there, and no longer just beside it. */
struct tp_crossing {
  double value, gain;
  bool rises; /* the gain, with the key */
  double gain_half,
      gain_double; /* at half and twice the value (whole keys round down); NAN: cannot run */
};

/* Values that cannot run, next to each other in the scan. */
struct tp_unsolved {
  double first, last;
  const char *reason; /* of the first */
};

struct tp_solution {
  const char *unit; /* by the key's suffix; "" where it has none */
  bool whole;       /* the key is a whole number */
  size_t n_crossings, n_unsolved;
  struct tp_crossing *crossings; /* by value */
  struct tp_unsolved *unsolved;
  /* Of the scan: the gain at the first and last value that run, the least and the greatest. */
  double first_value, first_gain, last_value, last_gain;
  double least_value, least_gain, best_value, best_gain;
};

/* Everything lives in `arena`.  TP_OK whether or not there is a crossing; TP_E_INPUT where the
 * request makes no sense or no value can run. */
enum tp_status tp_solve(const struct tp_solve_request *request, struct tp_arena *arena,
                        struct tp_solution *solution, struct tp_error *error);
#endif

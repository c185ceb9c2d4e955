#ifndef TP_TESTS_FAKE_CUDNN_H
#define TP_TESTS_FAKE_CUDNN_H
/* cuDNN's graph API on the CPU: descriptors keep what they are told, and a plan that is executed
 * computes its graph operation by operation, tensor by tensor, with their dimensions and strides.
 * Calls fail by fake_gpu_fails_in. */
#include <stdbool.h>

void fake_cudnn_reset(void);

int fake_cudnn_objects(void);        /* descriptors and handles that live */
int fake_cudnn_plans(void);          /* finalised so far */
const void *fake_cudnn_stream(void); /* of the last execution */

int fake_cudnn_fall_backs(void); /* asked for second best engines so far */

extern bool fake_cudnn_lacks_best; /* mode A names no engine */
extern int fake_cudnn_refused;     /* so many plans are not supported */
extern bool fake_cudnn_capturing;  /* only execution is allowed */
#endif

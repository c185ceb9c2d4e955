#ifndef TP_GPU_NVRTC_H
#define TP_GPU_NVRTC_H
/* cuDNN compiles kernels of attention with NVRTC, and NVRTC with its built-ins.  Each loads the
 * next by its bare name, which the loader looks for beside neither and not where this program's run
 * path leads; a library that is loaded already it finds by name, wherever that came from.
 */

/* Loads both from where this program finds NVRTC.  Where there is none, cuDNN will say so. */
void tp_nvrtc_load(void);
#endif

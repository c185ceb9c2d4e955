/* Stands for libcuda.so.1 where there is no GPU: cuDNN plans, chooses and compiles kernels for a
 * device that it is only told of, and loads them into this.  Kernels cannot be launched. */
#include <stdio.h>

/* What cuDNN 9.19 looks up; 0 is CUDA_SUCCESS. */
#define CALLS(X)                                                                              \
  X(cuCtxGetCurrent)                                                                          \
  X(cuCtxGetLimit)                                                                            \
  X(cuCtxPopCurrent) X(cuCtxPushCurrent) X(cuDeviceGet) X(cuDeviceGetAttribute)               \
      X(cuDeviceGetCount) X(cuFuncGetAttribute) X(cuFuncSetAttribute) X(cuGetErrorName)       \
          X(cuGetErrorString) X(cuKernelGetAttribute) X(cuKernelSetAttribute)                 \
              X(cuLibraryLoadFromFile) X(cuLibraryUnload) X(cuLinkAddData) X(cuLinkComplete)  \
                  X(cuLinkCreate) X(cuLinkDestroy) X(cuModuleGetFunction) X(cuModuleLoadData) \
                      X(cuModuleUnload) X(cuOccupancyMaxPotentialClusterSize) X(cuStreamGetCtx)
#define CALL(name) \
  int name(void);  \
  int name(void)   \
  {                \
    return 0;      \
  }
CALLS(CALL)

#define NO_LAUNCH(name) \
  int name(void);       \
  int name(void)        \
  {                     \
    return 801;         \
  } /* CUDA_ERROR_NOT_SUPPORTED */
NO_LAUNCH(cuLaunchKernel)
NO_LAUNCH(cuLaunchKernelEx)
NO_LAUNCH(cuLaunchCooperativeKernel)

static char last[512];
static const int something;

const char *fake_driver_kernel(void);
int cuDriverGetVersion(int *version);
int cuLibraryLoadData(const void **library, const void *code);
int cuLibraryGetKernel(const void **kernel, const void *library, const char *name);

/* The last that was loaded. */
const char *fake_driver_kernel(void)
{
  return last;
}

int cuDriverGetVersion(int *version)
{
  *version = 13000;
  return 0;
}

int cuLibraryLoadData(const void **library, const void *code)
{
  (void)code;
  *library = &something;
  return 0;
}

int cuLibraryGetKernel(const void **kernel, const void *library, const char *name)
{
  (void)library;
  snprintf(last, sizeof last, "%s", name);
  *kernel = &something;
  return 0;
}

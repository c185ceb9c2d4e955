dnl TP_CUDA: finds nvcc and proves it by compiling and linking; sets
dnl   have_cuda, have_cudnn, have_nccl   yes or no
dnl   NVCC, NVCCFLAGS                    NVCCFLAGS: the architectures, unless the user says them
dnl   CUDA_CPPFLAGS, CUDA_LIBS           for C files; for linking with nvcc
dnl --with-cuda: auto never fails; asked for, or needed (first argument yes), it fails with the mend.
AC_DEFUN([TP_CUDA], [
AC_ARG_VAR([NVCC], [CUDA compiler])
AC_ARG_VAR([NVCCFLAGS], [CUDA compiler flags [-O3 and code for sm_80, sm_90a, sm_100 and newer]])
AC_ARG_VAR([CUDA_LIBRARIES], [what --with-cuda-libraries is where it is not given])
AC_ARG_WITH([cuda],
  [AS_HELP_STRING([--with-cuda@<:@=DIR@:>@],
    [build tpsim-cuda, which runs programs on GPUs, with the CUDA toolkit in DIR
     @<:@auto: where nvcc is in PATH or /usr/local/cuda@:>@])],
  [], [with_cuda=auto])
AC_ARG_WITH([cuda-libraries],
  [AS_HELP_STRING([--with-cuda-libraries=DIR],
    [cuBLAS, cuDNN and NCCL where nvcc finds none: as pip installs them, in folders of DIR,
     .../site-packages/nvidia @<:@CUDA_LIBRARIES@:>@])],
  [tp_cuda_libraries=--with-cuda-libraries],
  [tp_cuda_libraries=CUDA_LIBRARIES
   AS_IF([test "x$with_cuda" != xno], [with_cuda_libraries=$CUDA_LIBRARIES])])
AS_CASE([$with_cuda_libraries],
  [''|no], [with_cuda_libraries=],
  [AS_IF([ls "$with_cuda_libraries"/*/lib >/dev/null 2>&1],
    [with_cuda_libraries=`cd "$with_cuda_libraries" && pwd`],
    [AC_MSG_ERROR([$tp_cuda_libraries: no $with_cuda_libraries/*/lib; DIR is the folder nvidia of Python's site-packages])])])
have_cuda=no have_cudnn=no have_nccl=no
tp_cuda_fault="nvcc is neither in PATH nor in /usr/local/cuda/bin; give --with-cuda=DIR or install the CUDA toolkit"
AS_CASE([$with_cuda],
  [no], [tp_cuda_fault="it was switched off by --without-cuda"],
  [yes|auto], [AC_PATH_PROG([NVCC], [nvcc], [], [$PATH$PATH_SEPARATOR/usr/local/cuda/bin])],
  [AC_PATH_PROG([NVCC], [nvcc], [], [$with_cuda/bin])
   tp_cuda_fault="no $with_cuda/bin/nvcc; DIR of --with-cuda=DIR is the folder that holds bin/nvcc"])
AS_IF([test "x$with_cuda" != xno && test -n "$NVCC"], [_TP_CUDA_TRY])
AS_IF([test $have_cuda = no], [
  AS_IF([test "x$1" = xyes], [AC_MSG_ERROR([--disable-tpsim leaves only tpsim-cuda, and $tp_cuda_fault])])
  AS_CASE([$with_cuda], [no|auto], [], [AC_MSG_ERROR([--with-cuda: $tp_cuda_fault])])])
AM_CONDITIONAL([HAVE_CUDA], [test $have_cuda = yes])
AM_CONDITIONAL([HAVE_CUDNN], [test $have_cudnn = yes])
AC_SUBST([CUDA_CPPFLAGS])
AC_SUBST([CUDA_LIBS])
])

dnl The toolkit that nvcc belongs to, its architectures, and its libraries one by one.
AC_DEFUN([_TP_CUDA_TRY], [
# The nvcc found may be a script or a link outside the toolkit: only nvcc itself knows its TOP.
tp_cuda_dir=`$NVCC --dryrun conftest.cu 2>&1 | sed -n 's/^#@S|@ TOP=//p'`
AS_IF([test -z "$tp_cuda_dir"], [tp_cuda_dir=`AS_DIRNAME(["$NVCC"])`/..])
AS_IF([tp_cuda_real=`cd "$tp_cuda_dir" 2>/dev/null && pwd`], [tp_cuda_dir=$tp_cuda_real])
CUDA_CPPFLAGS= CUDA_LIBS=
AS_IF([test -f "$tp_cuda_dir/include/cuda_runtime_api.h"], [CUDA_CPPFLAGS="-isystem $tp_cuda_dir/include"])
for tp_lib in lib64 lib; do
  AS_IF([test -z "$CUDA_LIBS" && test -f "$tp_cuda_dir/$tp_lib/libcudart_static.a"],
    [CUDA_LIBS="-L$tp_cuda_dir/$tp_lib -Xlinker -rpath -Xlinker $tp_cuda_dir/$tp_lib"])
done
AS_IF([test -z "$NVCCFLAGS"], [
  NVCCFLAGS=-O3
  tp_known=`$NVCC --list-gpu-arch 2>/dev/null`
  for tp_arch in 80 90 100; do
    AS_CASE([" "`AS_ECHO(["$tp_known"]) | tr '\n' ' '`" "], [*" compute_$tp_arch "*], [
      tp_newest=$tp_arch
      AS_CASE([$tp_arch], [90], [tp_real=90a], [tp_real=$tp_arch])
      NVCCFLAGS="$NVCCFLAGS -gencode arch=compute_$tp_real,code=sm_$tp_real"])
  done
  AS_IF([test -n "$tp_newest"],
    [NVCCFLAGS="$NVCCFLAGS -gencode arch=compute_$tp_newest,code=compute_$tp_newest"])])
_TP_CUDA_LINK([cuBLASLt and cuBLAS], [-lcublasLt -lcublas], [have_cuda],
  [#include <cublasLt.h>
   #include <cublas_v2.h>],
  [cublasLtHandle_t lt; cublasHandle_t blas; return (int)cublasLtCreate(&lt) + (int)cublasCreate(&blas);])
AS_IF([test $have_cuda = yes], [_TP_CUDA_HEADERS])
AS_IF([test $have_cuda = no],
  [tp_cuda_fault="$NVCC cannot compile and link a program with cuBLASLt and cuBLAS, or $CC finds none of their headers; config.log says why; where pip installed them, give --with-cuda-libraries=DIR"],
  [_TP_CUDA_LINK([a cuDNN 9 that plans for a device's properties], [-lcudnn], [have_cudnn],
    [#include <cudnn.h>],
    [cudnnHandle_t handle; return (int)cudnnCreate(&handle) + CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP;])
   AS_IF([test "x$enable_peers" != xno], [_TP_CUDA_LINK([NCCL], [-lnccl], [have_nccl],
    [#include <nccl.h>], [int version; return (int)ncclGetVersion(&version);])])
   # cuDNN loads NVRTC by name: pip has it in a folder of its own.
   AS_IF([test $have_cudnn = yes && test -n "$with_cuda_libraries"], [
     for tp_file in "$with_cuda_libraries"/*/lib/libnvrtc.so.*; do
       AS_IF([test -f "$tp_file"],
         [CUDA_LIBS="-Xlinker -rpath -Xlinker `AS_DIRNAME(["$tp_file"])` $CUDA_LIBS"
          break])
     done])
   # NCCL is loaded where ranks need it (peers/nccl_library.c): of it only the places to look stay.
   CUDA_LIBS=`AS_ECHO(["$CUDA_LIBS"]) | sed 's/-l:*@<:@^ @:>@*nccl@<:@^ @:>@* //'`
   AS_IF([test $have_cudnn = yes], [AC_DEFINE([HAVE_CUDNN], [1], [attention by cuDNN])])
   AS_IF([test $have_nccl = yes], [AC_DEFINE([HAVE_NCCL], [1], [collectives by NCCL])])])
])

dnl nvcc finds its own headers; the C compiler needs to be told.
AC_DEFUN([_TP_CUDA_HEADERS], [
AC_MSG_CHECKING([whether $CC finds the headers of $tp_cuda_dir])
tp_save_CPPFLAGS=$CPPFLAGS
CPPFLAGS="$CPPFLAGS $CUDA_CPPFLAGS"
AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <cuda_runtime_api.h>
  #include <cublasLt.h>
  #include <cublas_v2.h>]], [])], [], [have_cuda=no])
CPPFLAGS=$tp_save_CPPFLAGS
AC_MSG_RESULT([$have_cuda])
])

dnl _TP_CUDA_LINK(WHAT, LIBS, VARIABLE, HEADERS, BODY): CUDA_LIBS grows by what links, CUDA_CPPFLAGS
dnl by where its headers are, if nvcc knows neither.
AC_DEFUN([_TP_CUDA_LINK], [
AC_MSG_CHECKING([whether $NVCC links with $1])
cat > conftest.cu <<_ACEOF
$4
__global__ void kernel(void) {}
int main(void) { kernel<<<1, 1>>>(); $5 }
_ACEOF
tp_cppflags= tp_libs="$2"
_TP_CUDA_LINK_TRY([$3])
AS_IF([test $$3 = no && test -n "$with_cuda_libraries"], [
  tp_libs=
  # pip's packages have no links that -lNAME would find.
  for tp_lib in $2; do
    for tp_file in "$with_cuda_libraries"/*/lib/lib${tp_lib#-l}.so*; do
      tp_dir=`AS_DIRNAME(["$tp_file"])`
      tp_cppflags="$tp_cppflags -isystem `AS_DIRNAME(["$tp_dir"])`/include"
      tp_libs="$tp_libs -L$tp_dir -l:`AS_BASENAME(["$tp_file"])` -Xlinker -rpath -Xlinker $tp_dir"
      break # of two versions the first, cu13 before cublas
    done
  done
  _TP_CUDA_LINK_TRY([$3])])
rm -f conftest.cu conftest$EXEEXT
AC_MSG_RESULT([$$3])
])

AC_DEFUN([_TP_CUDA_LINK_TRY], [
AS_IF([$NVCC $NVCCFLAGS $tp_cppflags conftest.cu -o conftest$EXEEXT $tp_libs $CUDA_LIBS >&AS_MESSAGE_LOG_FD 2>&1],
  [$1=yes; CUDA_CPPFLAGS="$CUDA_CPPFLAGS$tp_cppflags" CUDA_LIBS="$tp_libs $CUDA_LIBS"])
])

dnl TP_MPI: off unless asked for; sets have_mpi, MPI_CFLAGS and MPI_LIBS from pkg-config or mpicc.
AC_DEFUN([TP_MPI], [
AC_ARG_WITH([mpi],
  [AS_HELP_STRING([--with-mpi], [let mpirun start the processes of tpsim-cuda @<:@no: it forks them@:>@])],
  [], [with_mpi=no])
have_mpi=no
AS_CASE([$with_mpi],
  [no], [],
  [yes], [
    PKG_CHECK_MODULES([MPI], [ompi-c], [have_mpi=yes],
      [PKG_CHECK_MODULES([MPI], [mpich], [have_mpi=yes],
        [AC_PATH_PROG([MPICC], [mpicc])
         AS_IF([test -n "$MPICC" && MPI_CFLAGS=`$MPICC --showme:compile 2>&AS_MESSAGE_LOG_FD`],
           [MPI_LIBS=`$MPICC --showme:link`; have_mpi=yes])])])
    AS_IF([test $have_mpi = no],
      [AC_MSG_ERROR([--with-mpi: neither pkg-config (ompi-c, mpich) nor Open MPI's mpicc is there; install libopenmpi-dev, or leave it out: one machine needs none])])
    tp_save_CPPFLAGS=$CPPFLAGS tp_save_LIBS=$LIBS
    CPPFLAGS="$CPPFLAGS $MPI_CFLAGS" LIBS="$MPI_LIBS $LIBS"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <mpi.h>]], [[return MPI_Finalize();]])], [],
      [AC_MSG_ERROR([--with-mpi: a program with MPI_Finalize does not link; config.log says why])])
    CPPFLAGS=$tp_save_CPPFLAGS LIBS=$tp_save_LIBS
    AC_DEFINE([HAVE_MPI], [1], [processes started by mpirun])],
  [AC_MSG_ERROR([--with-mpi takes no value; MPI_CFLAGS and MPI_LIBS say where it is])])
AM_CONDITIONAL([HAVE_MPI], [test $have_mpi = yes])
])

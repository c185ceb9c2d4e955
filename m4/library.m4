dnl TP_LIBRARY(PREFIX, MODULE, VERSION, PACKAGE, INCLUDES, CALL): a library that every program needs; sets
dnl   PREFIX_CFLAGS, PREFIX_LIBS
dnl   PREFIX_STATIC_LIBS   the archive, where there is one: tpsim-cuda travels to machines that have
dnl                        the toolkit's libraries and nothing else
dnl GPU machines may lack pkg-config; CPPFLAGS and LDFLAGS may lead elsewhere, too: then INCLUDES must
dnl compile, where the version is old enough, and CALL link.
AC_DEFUN([TP_LIBRARY], [
PKG_CHECK_MODULES([$1], [$2 >= $3], [], [
  $1_CFLAGS= $1_LIBS=-l$2
  tp_save_LIBS=$LIBS
  LIBS="$$1_LIBS $LIBS"
  AC_LINK_IFELSE([AC_LANG_PROGRAM([[$5]], [[$6;]])], [],
    [AC_MSG_ERROR([$2 >= $3 is not there ($4 of Debian); install it, or say where it is with CPPFLAGS and LDFLAGS])])
  LIBS=$tp_save_LIBS])
tp_library_dir=`test -z "$PKG_CONFIG" || $PKG_CONFIG --variable=libdir $2`
AS_IF([test -f "$tp_library_dir/lib$2.a"],
  [$1_STATIC_LIBS=$tp_library_dir/lib$2.a], [$1_STATIC_LIBS=$$1_LIBS])
AC_SUBST([$1_STATIC_LIBS])
])

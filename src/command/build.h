#ifndef TP_COMMAND_BUILD_H
#define TP_COMMAND_BUILD_H
/* Which build of a program this is. */

/* The identifier that the linker wrote into the running program, as hexadecimal digits: the same
 * sources, options and tools give the same one.  "" where it wrote none. */
enum { TP_BUILD_CHARS = 65 };
void tp_build_id(char id[TP_BUILD_CHARS]);
#endif

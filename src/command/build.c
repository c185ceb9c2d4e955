#define _GNU_SOURCE /* dl_iterate_phdr */

#include "command/build.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

static void put_hex(const unsigned char *bytes, size_t n, char *to)
{
  for (size_t i = 0; i < n && 2 * i + 2 < TP_BUILD_CHARS; i++)
    snprintf(to + 2 * i, 3, "%02x", bytes[i]);
}

/* Notes of a segment: a header, the owner's name and the value, each padded to 4 bytes. */
static void read_notes(const unsigned char *at, size_t size, char *id)
{
  ElfW(Nhdr) note;
  while (size >= sizeof note) {
    memcpy(&note, at, sizeof note);
    const size_t name = (note.n_namesz + 3U) & ~3U, value = (note.n_descsz + 3U) & ~3U;
    if (size - sizeof note < name + value)
      return;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof "GNU" &&
        memcmp(at + sizeof note, "GNU", sizeof "GNU") == 0)
      put_hex(at + sizeof note + name, note.n_descsz, id);
    at += sizeof note + name + value;
    size -= sizeof note + name + value;
  }
}

/* The first object is the program itself. */
static int read_program(struct dl_phdr_info *info, size_t size, void *data)
{
  (void)size;
  for (int i = 0; i < info->dlpi_phnum; i++)
    if (info->dlpi_phdr[i].p_type == PT_NOTE)
      read_notes((const unsigned char *)info->dlpi_addr + info->dlpi_phdr[i].p_vaddr,
                 info->dlpi_phdr[i].p_memsz, data);
  return 1;
}

void tp_build_id(char id[TP_BUILD_CHARS])
{
  id[0] = '\0';
  dl_iterate_phdr(read_program, id);
}

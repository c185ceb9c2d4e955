/* The ops that keys.c prices: of each kind small and large ones, in all types. */
#include "keys.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(list)   (sizeof(list) / sizeof *(list))
#define EACH(i, list) (size_t i = 0; i < COUNT(list); i++)

static const char columns[] =
    "op,m,n,k,dtype,batch,seq_len,kv_len,heads,kv_heads,head_dim,cache_write,read_bytes,"
    "write_bytes,bytes,ranks,algorithm,held_sms,copy_bytes_per_s,id,kv_dtype,window,tokens,"
    "hidden,intermediate,top_k,experts,moe_tp,moe_ep,kernel,scale";

/* A row of the first cells, and empty ones behind them. */
static void row(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void row(FILE *out, const char *format, ...)
{
  char cells[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(cells, sizeof cells, format, arguments);
  va_end(arguments);
  int missing = 0;
  for (const char *c = columns; *c != '\0'; c++)
    missing += *c == ',';
  for (const char *c = cells; *c != '\0'; c++)
    missing -= *c == ',';
  fputs(cells, out);
  while (missing-- > 0)
    fputc(',', out);
  fputc('\n', out);
}

static void put_gemms(FILE *out)
{
  static const char *const dtypes[] = {"bf16", "fp8", "fp32"};
  static const char *const low[] = {"fp8-block", "nvfp4", "w4a16"};
  for
    EACH(d, dtypes)
    {
      for (int m = 1; m <= 16384; m *= 16) {
        row(out, "gemm,%d,4096,4096,%s", m, dtypes[d]);
        row(out, "gemm,%d,1000,16384,%s", m, dtypes[d]);
      }
      row(out, "gemm,512,4096,4096,%s,,,,,,,,,,,,,40,1e12", dtypes[d]);
    }
  for
    EACH(d, low)
  for (int m = 1; m <= 16384; m *= 4) {
    row(out, "gemm,%d,4096,4096,%s", m, low[d]);
    row(out, "gemm,%d,1000,16384,%s", m + 1, low[d]);
  }
  for (int m = 1; m <= 65536; m *= 16) {
    row(out, "quantise,%d,,1024,fp8,,,,,,,,,,,,,,,,,,,,,,,,,,tensor", m);
    row(out, "quantise,%d,,16384,fp8,,,,,,,,,,,,,,,,,,,,,,,,,,token", m);
  }
}

static void put_attention(FILE *out)
{
  for (int x = 1; x <= 16384; x *= 16)
    for (int h = 1; h <= 64; h *= 8) {
      row(out, "attention_prefill,,,,bf16,1,%d,,64,%d,128", x, h);
      row(out, "attention_prefill,,,,bf16,8,%d,,64,%d,128,with", x, h);
      row(out, "attention_decode,,,,bf16,1,,%d,64,%d,128", x, h);
      row(out, "attention_decode,,,,bf16,64,,%d,64,%d,128", x, h);
      row(out, "attention_decode,,,,bf16,512,,%d,64,%d,64", x, h);
      row(out, "attention_prefill,,,,bf16,1,%d,,64,%d,512", x, h);
      row(out, "attention_decode,,,,bf16,1,,%d,64,%d,256", x, h);
    }
  for (int x = 1; x <= 16384; x *= 16)
    for (int h = 64; h <= 256; h += 64) {
      row(out, "attention_prefill,,,,bf16,4,%d,,32,8,%d,,,,,,,,,,fp8", x, h);
      row(out, "attention_decode,,,,bf16,64,,%d,32,8,%d,,,,,,,,,,fp8,128", x, h);
      row(out, "mla_prefill,,,,bf16,4,%d,,%d,,,,,,,,,,,,fp8", x, h);
      row(out, "mla_decode,,,,bf16,64,,%d,%d,,,,,,,,,,,,fp8", x, h);
    }
}

static void put_experts(FILE *out)
{
  static const char *const dtypes[] = {"bf16",  "fp8",         "fp8-block",
                                       "nvfp4", "w4a16-mxfp4", "w4a8-mxfp4"};
  static const char *const shapes[] = {"4096,1536,8,128,1,1,marlin", "4096,1536,8,128,8,1",
                                       "4096,1000,8,128,8,8", "6144,16384,2,8,1,1"};
  for
    EACH(d, dtypes)
  for (int tokens = 1; tokens <= 16384; tokens *= 8)
      for
        EACH(s, shapes)
  row(out, "moe,,,,%s,,,,,,,,,,,,,,,,,,%d,%s", dtypes[d], tokens, shapes[s]);
}

static void put_memory(FILE *out)
{
  for (double bytes = 1e3; bytes < 1e10; bytes *= 100)
    row(out, "memory,,,,,,,,,,,,%.0f,%.0f", bytes, bytes);
}

static void put_collectives(FILE *out)
{
  static const char *const kinds[] = {"all_reduce", "all_gather", "reduce_scatter", "all_to_all"};
  static const char *const algorithms[] = {"ring", "tree", "one-shot", "two-shot", "nvls"};
  for (int bytes = 1024; bytes < 1000000000; bytes *= 32)
    for (int ranks = 2; ranks <= 8; ranks *= 2) {
      for
        EACH(k, kinds)
      row(out, "%s,,,,,,,,,,,,,,%d,%d", kinds[k], bytes, ranks);
      for
        EACH(a, algorithms)
      if (ranks > 2 || a + 1 < COUNT(algorithms)) /* nvls needs more than two */
        row(out, "all_reduce,,,,,,,,,,,,,,%d,%d,%s", bytes, ranks, algorithms[a]);
    }
}

char *keys_ops_text(void)
{
  char *text = NULL;
  size_t n_bytes;
  FILE *const out = open_memstream(&text, &n_bytes);
  if (out == NULL)
    return NULL;
  fprintf(out, "%s\n", columns);
  put_gemms(out);
  put_attention(out);
  put_experts(out);
  put_memory(out);
  put_collectives(out);
  fclose(out);
  return text;
}

/* nccl-tests' output as people have it: each row's time comes from its own column, whatever layout,
 * prefix or company it stands in; what would give a wrong number is refused. */
#include "fit/nccl_tests.h"

#include "../suite.h"

#include <string.h>

static struct tp_arena *arena;
static struct tp_error error;
static struct tp_csv csv;
static struct tp_notes notes;

static void set_up(void)
{
  arena = tp_arena_create();
  notes = (struct tp_notes){.n = 0};
}

static void tear_down(void)
{
  tp_arena_free(arena);
}

static enum tp_status parse(const char *op, int ranks, bool in_place, const char *text)
{
  const struct tp_nccl_tests_request request = {op, ranks, in_place};
  return tp_nccl_tests_parse("t.txt", text, &request, arena, &csv, &notes, &error);
}

#define RANKS                                                          \
  "# nThread 1 nGpus 2 minBytes 1024\n# Using devices\n"               \
  "#  Rank  0 Group  0 Pid  7 on  1080ti device  0 [0x1b] NVIDIA\n"    \
  "#  Rank  1 Group  0 Pid  7 on  1080ti device  1 [0x43] NVIDIA\n#\n" \
  "#                            out-of-place              in-place\n"
#define UNITS "#   (B)   (elements)     (us)  (GB/s)  (GB/s)   (us)  (GB/s)  (GB/s)\n"
#define TIMES "time algbw busbw #wrong time algbw busbw #wrong\n" UNITS
#define NOW   RANKS "# size count type redop root " TIMES
#define OLD   RANKS "# size count type redop time algbw busbw error time algbw busbw error\n" UNITS
#define GATHER                \
  "# all_gather_perf\n" RANKS \
  "# size count type time algbw busbw error time algbw busbw error\n" UNITS

/* Texts, what is asked, and the table that they make, without its header. */
static const struct {
  const char *what, *op;
  int ranks;
  bool in_place;
  const char *text, *rows;
} tables[] = {
    {"today's layout", "all_reduce", 0, false,
     NOW "0 0 half sum -1 6.1 0 0 0 6.2 0 0 0\n"
         "1024 256 float sum -1 18.45 0.06 0.06 0 17.5 0.06 0.06 0\n"
         "2048 1024 half sum -1 1e3 0.00 0.00 N/A 999 0.00 0.00 N/A\n# Avg bus bandwidth : 1\n",
     "all_reduce,2,1024,fp32,18.449999999999999\nall_reduce,2,2048,fp16,1000\n"},
    {"one element in less than a microsecond", "all_reduce", 0, false,
     NOW "2 1 half sum -1 0.5 0.06 0.06 0 0.5 0.06 0.06 0\n", "all_reduce,2,2,fp16,0.5\n"},
    {"in place", "all_reduce", 0, true,
     NOW "1024 256 float sum -1 18.5 0.06 0.06 0 17.5 0.06 0.06 0\n",
     "all_reduce,2,1024,fp32,17.5\n"},
    {"no root column", "all_reduce", 0, false,
     OLD "1048576 262144 float sum 1392.5 0.75 0.75 1e-06 1024.25 1.02 1.02 1e-06\n",
     "all_reduce,2,1048576,fp32,1392.5\n"},
    {"no root column, in place", "all_reduce", 0, true,
     OLD "1048576 262144 float sum 1392.5 0.75 0.75 1e-06 1024.25 1.02 1.02 1e-06\n",
     "all_reduce,2,1048576,fp32,1024.25\n"},
    {"neither redop nor root", NULL, 0, false,
     GATHER "1048576 131072 float 72.5 14.46 7.23 0e+00 71.5 14.66 7.33 0e+00\n",
     "all_gather,2,1048576,fp32,72.5\n"},
    {"blank redop and root under a header that has them", "all_gather", 0, false,
     NOW "1048576 131072 float 72.5 14.46 7.23 0 71.5 14.66 7.33 0\n",
     "all_gather,2,1048576,fp32,72.5\n"},
    {"the same in place", "all_gather", 0, true,
     NOW "1048576 131072 float 72.5 14.46 7.23 0 71.5 14.66 7.33 0\n",
     "all_gather,2,1048576,fp32,71.5\n"},
    {"no header, no root", "all_reduce", 4, false,
     "33554432 8388608 float sum 1575 21.30 31.95 1e-06\n", "all_reduce,4,33554432,fp32,1575\n"},
    {"no header, root", "all_reduce", 4, false,
     "33554432 8388608 float sum -1 1575 21.30 31.95 0 1500 22.37 33 0\n"
     "33554432 8388608 float prod -1 1575 21.30 31.95 0 1500 22.37 33 0\n",
     "all_reduce,4,33554432,fp32,1575\nall_reduce,4,33554432,fp32,1575\n"},
    {"no header, in place", "all_reduce", 4, true,
     "33554432 8388608 float sum -1 1575 21.30 31.95 0 1500 22.37 33 0\n",
     "all_reduce,4,33554432,fp32,1500\n"},
    {"mpirun --tag-output", "all_reduce", 0, false,
     "[1,0]<stdout>:# nThread 1\n[1,0]<stdout>:#  Rank 0 x\n[1,0]<stdout>:#  Rank 1 x\n"
     "[1,0]<stdout>:# size count type redop root time algbw busbw #wrong\n"
     "[1,0]<stdout>:        1024  256 float sum -1 18.5 0.06 0.06 0\n"
     "[1,0]<stdout>:1073741824  268435456 float sum -1 5000 214.75 214.75 0\n",
     "all_reduce,2,1024,fp32,18.5\nall_reduce,2,1073741824,fp32,5000\n"},
    {"mpirun --timestamp-output", "all_reduce", 0, false,
     "Thu Jul 18 15:41:05 2024<stdout>:# nThread 1\nThu Jul 18 15:41:05 2024<stdout>:# Rank 0\n"
     "Thu Jul 18 15:41:05 2024<stdout>:# Rank 1\n"
     "Thu Jul 18 15:41:05 2024<stdout>:     1024 256 float sum -1 18.5 0.06 0.06 0\n",
     "all_reduce,2,1024,fp32,18.5\n"},
    {"srun --label", "all_reduce", 0, false,
     "0: # nThread 1\n0: # Rank 0\n0: # Rank 1\n0: # size count type redop root time algbw\n"
     "0:     1024 256 float sum -1 18.5 0.06 0.06 0\n",
     "all_reduce,2,1024,fp32,18.5\n"},
    {"kubectl logs --timestamps", "all_reduce", 0, false,
     "2024-07-18T15:41:05.123456789Z # nThread 1\n2024-07-18T15:41:05.1Z #   Rank  0 Pid\n"
     "2024-07-18T15:41:05.123456789Z #   Rank  1 Pid\n"
     "2024-07-18T15:41:05.123456789Z      1024 256 float sum -1 18.5 0.06 0.06 0\n"
     "2024-07-18T15:41:05+00:00 stdout F    2048 512 float sum -1 18.5 0.11 0.11 0\n",
     "all_reduce,2,1024,fp32,18.5\nall_reduce,2,2048,fp32,18.5\n"},
    {"carriage returns, and what others print between", "all_reduce", 0, false,
     NOW "10gpu: 3 devices found\r\n1080ti:77:77 [0] NCCL WARN 12 retries of 3\r\n"
         "1024 256 float sum -1 18.5 0.06 0.06 0 18 0.06 0.06 0\r\n"
         "2024 12 warning: low power\nNCCL version 2.20\n"
         "2048 512 float sum -1 18.5 0.11 0.11 0 18 0.11 0.11 0\r\n",
     "all_reduce,2,1024,fp32,18.5\nall_reduce,2,2048,fp32,18.5\n"},
    {"several collectives, each by its name", NULL, 0, false,
     "$ ./build/all_reduce_perf -b 8\n" NOW "1024 256 float sum -1 18.5 0.06 0.06 0\n"
     "$ ./build/alltoall_perf -b 8\n" NOW "1024 256 float none -1 28.5 0.04 0.04 0\n"
     "# Collective test starting: reduce_scatter_perf\n" NOW
     "1024 256 float sum -1 8.5 0.12 0.12 0\n",
     "all_reduce,2,1024,fp32,18.5\nall_to_all,2,1024,fp32,28.5\nreduce_scatter,2,1024,fp32,8.5\n"},
    {"names that come last", NULL, 0, false,
     NOW "1024 256 float sum -1 18.5 0.06 0.06 0\n"
         "# Collective test concluded: all_gather_perf\n" NOW
         "1024 256 float sum -1 8.5 0.12 0.12 0\n# Collective test concluded: all_reduce_perf\n",
     "all_gather,2,1024,fp32,18.5\nall_reduce,2,1024,fp32,8.5\n"},
    {"a second run counts its ranks anew", "all_reduce", 0, false,
     NOW "1024 256 float sum -1 18.5 0.06 0.06 0\n"
         "# Rank 0\n# Rank 1\n# Rank 2\n2048 512 float sum -1 18.5 0.11 0.11 0\n",
     "all_reduce,2,1024,fp32,18.5\nall_reduce,3,2048,fp32,18.5\n"},
    {"ranks in groups, each of which runs by itself", "all_reduce", 0, false,
     "# Rank 0 Group 0 Pid\n# Rank 1 Group 1 Pid\n# Rank 2 Group 0 Pid\n# Rank 3 Group 1 Pid\n"
     "1024 256 float sum -1 18.5 0.06 0.06 0\n",
     "all_reduce,2,1024,fp32,18.5\n"},
    {"in colours", "all_reduce", 0, false,
     "\033[32m# Rank 0\033[0m\n\033[32m# Rank 1\033[0m\n"
     "\033[1;32m  1024 256 float sum -1 \033[31m18.5 0.06 0.06 0\033[0m\n",
     "all_reduce,2,1024,fp32,18.5\n"},
    {"a list of lines", "all_reduce", 0, false,
     "ok: [box] => {\n  \"stdout_lines\": [\n    \"#  Rank  0\",\n    \"#  Rank  1\",\n"
     "    \"#  size count type redop root time algbw busbw #wrong time algbw busbw #wrong \",\n"
     "    \"   1024 256 float sum -1 18.5 0.06 0.06 0 17.5 0.06 0.06 0\",\n"
     "    \"   2048 512 float sum -1 19.5 0.11 0.11 0 17.5 0.12 0.12 0\"\n  ]\n}\n",
     "all_reduce,2,1024,fp32,18.5\nall_reduce,2,2048,fp32,19.5\n"},
    {"CSV as the log's header has it", "all_reduce", 8, false,
     "size,count,type,redop,root,time,algbw,busbw,#wrong,time,algbw,busbw,#wrong\n"
     "1024,256,float,sum,-1,18.5,0.06,0.06,0,17.5,0.06,0.06,0\n",
     "all_reduce,8,1024,fp32,18.5\n"},
    {"the same in place", "all_reduce", 8, true,
     "size,count,type,redop,root,time,algbw,busbw,#wrong,time,algbw,busbw,#wrong\n"
     "1024,256,float,sum,-1,18.5,0.06,0.06,0,17.5,0.06,0.06,0\n",
     "all_reduce,8,1024,fp32,17.5\n"},
    {"CSV with names of its own", NULL, 0, false,
     "numCycle, collective, ranks, size, type, redop, inplace, time, algbw, busbw, #wrong\n"
     "0, AllReduce, 8, 1024, half, sum, 0, 18.5, 0.06, 0.06, 0\n"
     "0, AllReduce, 8, 1024, half, sum, 1, 17.5, 0.06, 0.06, 0\n"
     "0, AllGather, 8, 2048, \"half\", none, 0, 28.5, 0.07, 0.06, 0\n",
     "all_reduce,8,1024,fp16,18.5\nall_gather,8,2048,fp16,28.5\n"},
    {"CSV oop_ and ip_", "all_reduce", 8, true,
     "size (B),count,type,oop_time (us),oop_algbw,ip_time (us),ip_algbw\n"
     "1024,256,float,18.5,0.06,17.5,0.06\n",
     "all_reduce,8,1024,fp32,17.5\n"},
    {"CSV behind a comment, with a comment before it", NULL, 0, false,
     "# Collective test starting: all_gather_perf\n# Rank 0\n# Rank 1\n"
     "# size,count,type,time,algbw,busbw,# wrong\n1024,256,float,18.5,0.06,0.06,0\n",
     "all_gather,2,1024,fp32,18.5\n"},
    {"JSON with its command line", NULL, 8, false,
     "{\"command\": \"mpirun ./alltoall_perf -b 8\", \"config\": {\"minimum_bytes\": 8, "
     "\"ngpus\": 1}, \"start_time\": 17, \"results\": [{\"size\": \"1024\", \"type\": "
     "\"float\", \"out_of_place\": {\"time\": 18.5}}]}",
     "all_to_all,8,1024,fp32,18.5\n"},
    {"CSV reports joined, and what a spreadsheet adds", "all_reduce", 4, false,
     "size,type,time\n1024,float,5\n,,\nsize,type,time\n2048,float,6\n,,,,\n",
     "all_reduce,4,1024,fp32,5\nall_reduce,4,2048,fp32,6\n"},
    {"JSON by size", "all_gather", 4, false,
     "{\"identifier\": \"nccl-tests structured output\", \"benchmark\": [{\"33554432\": "
     "{\"count\": "
     "8388608, \"type\": \"float\", \"redop\": \"none\", \"root\": \"-1\", \"oop_time\": 1494.5, "
     "\"oop_algbw\": 22.4, \"ip_time\": 1400.5}}]}\n",
     "all_gather,4,33554432,fp32,1494.5\n"},
    {"JSON of nccl-tests", NULL, 0, true,
     "{\"args\": [\"./build/all_gather_perf\", \"-b\", \"8\"], \"results\": [{\"size\": 1024,\n"
     "\"count\": 256, \"type\": \"bfloat16\", \"out_of_place\": {\"time\": 18.5, \"alg_bw\": 1, "
     "\"nwrong\": 0}, \"in_place\": {\"time\": 17.5, \"nwrong\": null}}], "
     "\"devices\": [{\"rank\": 0}, {\"rank\": 1}, {\"rank\": 2}]}",
     "all_gather,3,1024,bf16,17.5\n"},
    {"JSON lines", NULL, 0, false,
     "{\"name\": \"AllReduce\", \"ranks\": 8, \"size\": 1024, \"type\": \"half\", \"inPlace\": 0, "
     "\"time\": \"18.5\", \"wrong\": \"0\"}\n{\"name\": \"AllReduce\", \"ranks\": 8, \"size\": "
     "1024, \"type\": \"half\", \"inPlace\": 1, \"time\": 17.5}\n",
     "all_reduce,8,1024,fp16,18.5\n"},
};

START_TEST(reads)
{
  ck_assert_msg(parse(tables[_i].op, tables[_i].ranks, tables[_i].in_place, tables[_i].text) ==
                    TP_OK,
                "%s: %s", tables[_i].what, error.text);
  ck_assert_uint_eq(notes.n, 0);
  const char *rows = "";
  for (size_t i = 0; i < csv.n_rows; i++)
    for (int c = 0; c < 5; c++)
      rows = tp_arena_printf(arena, "%s%s%s", rows, tp_csv_cell(&csv, i, c), c < 4 ? "," : "\n");
  ck_assert_msg(strcmp(rows, tables[_i].rows) == 0, "%s:\n%s", tables[_i].what, rows);
}
END_TEST

static const struct {
  const char *op;
  int ranks;
  bool in_place;
  const char *text, *said;
} faults[] = {
    {NULL, 0, false, NOW "16 4 float sum -1 5 0 0 0\n", "t.txt:9: the output does not name its"},
    {"all_redcue", 0, false, NOW "16 4 float sum -1 5 0 0 0\n", "--op: no collective 'all_redcue'"},
    {"all_reduce", 0, false, NOW, "t.txt:1: holds no time"},
    {"all_reduce", 0, false, "", "t.txt:1: holds no time"},
    {"all_reduce", 0, false, NOW "16 4 float\n", "t.txt:9: no line of nccl-tests"},
    {"all_reduce", 4, false, "16 4 float\n", "t.txt:1: no line of nccl-tests"},
    {"all_reduce", 4, false, "33554432 8388608 float sum 1000 1575 31.95\n", "t.txt:1: no line"},
    {"all_reduce", 0, true,
     RANKS "# size count type redop root time algbw\n"
           "16 4 float sum -1 5 0 0 0\n",
     "t.txt:8: no in-place time"},
    {"all_reduce", 0, false, NOW "16 4 floaty sum -1 5 0 0 0\n", "t.txt:9: no type 'floaty'"},
    {"all_reduce", 0, false, NOW "16 2 double sum -1 5 0 0 0 5 0 0 0\n", "t.txt:9: no type"},
    {"all_reduce", 0, false, NOW "16 4 float sum -1 0 0 0 0 5 0 0 0\n", "t.txt:9: size and time"},
    {"all_reduce", 0, false, NOW "16 4 float sum -1 nan 0 0 0 5 0 0 0\n", "t.txt:9: size and time"},
    {"all_reduce", 0, false, NOW "16 4 float sum -1 5 0 0 3 5 0 0 0\n", "t.txt:9: #wrong is 3"},
    {"all_reduce", 0, false, NOW "16 4 float sum -1 5 0 0 0 5 0 0 7\n", "t.txt:9: #wrong is 7"},
    {"all_reduce", 0, false, NOW "1073741824 268435456 float sum -1 5000 214.75 375.81\n",
     "t.txt:9: 375.81 stands where #wrong does, a whole number: the line is cut"},
    {"all_reduce", 0, false, NOW "16 4 float 5 0.00 0 3 5 0.00 0 0\n", "t.txt:9: #wrong is 3"},
    {"all_reduce", 0, false,
     NOW "16 4 float sum -1 5 0 0 0 5 0 0 0\n"
         "# Out of bounds values : 9 FAILED\n",
     "t.txt:10: the run failed its own check"},
    {"all_reduce", 0, false,
     RANKS "# size count type redop root cputime algbw busbw #wrong\n"
           "16 4 float sum -1 5 0 0 0\n",
     "t.txt:7: times of the CPU (-C 1)"},
    {"all_reduce", 0, false, "# Rank 0\n# Rank 1\n# Rank 0\n", "t.txt:3: rank 0 stands twice"},
    {"all_reduce", 0, false, "# nThread 1\n16 4 float sum -1 5 0.00 0 0\n", "give --ranks N"},
    {"all_reduce", 3, false, NOW "16 4 float sum -1 5 0 0 0 5 0 0 0\n", "on 2 ranks, and --ranks"},
    {"all_reduce", 1, false, "16 4 float sum -1 5 0.00 0 0\n", "a collective has 2 to"},
    {"all_reduce", 0, false,
     "# Rank 0 Group 0\n# Rank 1 Group 1\n# Rank 2 Group 0\n16 4 float sum -1 5 0.00 0 0\n",
     "t.txt:4: groups of unlike numbers of ranks"},
    {"all_reduce", 4, false,
     "{\"size\": 8, \"type\": \"half\", \"time\": 2, \"devices\": [{\"group\": 0}, {\"group\": 0}, "
     "{\"group\": 1}]}",
     "groups of unlike numbers of ranks"},
    {"all_reduce", 0, false, NOW "1024 256 float sum -1 18,45 0,06 0,06 0 17,5 0,06 0,06 0\n",
     "t.txt:9: '18,45' has a comma for its point"},
    {"all_reduce", 0, false,
     NOW
     "1048576 262144 float sum -1 0.5 2.10 2.10 0\n1048576 262144 float sum -1 500 2.10 2.1 0\n",
     "t.txt:10: times in ms and in us"},
    {"all_reduce", 4, false, "size,type,time\n1024,float\n", "t.txt:2: 2 cells where"},
    {"all_reduce", 4, false, "size,type,time\n1024,float,x\n", "t.txt:2: size and time"},
    {"all_reduce", 4, false, "size,type,time_ms\n1024,float,1\n", "t.txt:1: holds no"},
    {"all_reduce", 0, false, "{\"size\": 1024, \"type\": \"float\", \"time\": 3}",
     "give --ranks N"},
    {"all_reduce", 4, false, "{\"size\": 1024,\n\"time\": }", "t.txt:2: not JSON"},
    {"all_reduce", 4, false,
     "{\"size\": 8, \"type\": \"float\", \"oop_time\": 3, \"oop_wrong\": 2}", "#wrong is 2"},
    {"all_reduce", 4, true, "{\"size\": 8, \"type\": \"float\", \"oop_time\": 3}",
     "holds no in-place"},
    {"all_reduce", 0, false, NOW "8 2 float none -1 5 0 0 0 5 0 0 0\n8 2 float none -1 5 0 0 0\n",
     "t.txt:9: has redop none, as no all_reduce has; say with --op"},
    {"all_reduce", 0, false, NOW "16 4 float 5 0.00 0 0 5 0.00 0 0\n", "t.txt:9: has redop none"},
    {"reduce_scatter", 4, false, "1024 256 float none -1 18.5 0.06 0.06 0\n", "has redop none"},
    {"all_gather", 4, false, "1024 256 float sum -1 18.5 0.06 0.06 0\n", "has redop sum"},
    {"all_reduce", 4, false, "1024 256 float sum 2 18.5 0.06 0.06 0\n", "t.txt:1: has a root"},
    {"all_reduce", 4, false, "size,type,redop,root,time\n1024,float,none,-1,5\n",
     "t.txt:2: has redop none"},
    {"all_gather", 4, false, "size,type,redop,root,time\n1024,float,none,0,5\n", "has a root"},
    {"all_reduce", 4, false,
     "{\"size\": 8, \"type\": \"float\", \"redop\": \"none\", \"root\": -1, \"time\": 3}",
     "t.txt:1: has redop none"},
    {"all_to_all", 4, false,
     "{\"size\": 8, \"type\": \"float\", \"redop\": \"none\", \"root\": \"0\", \"time\": 3}",
     "t.txt:1: has a root"},
    {NULL, 4, false, "# broadcast_perf\n16 4 float none 0 5 0.00 0 0\n",
     "t.txt:2: holds times of broadcast, which nothing here models; all_reduce, all_gather, "
     "reduce_scatter and all_to_all are read"},
    {"all_reduce", 4, false, "# reduce_perf\n16 4 float sum 0 5 0.00 0 0\n", "times of reduce, "},
    {NULL, 0, false,
     "{\"name\": \"SendRecv\", \"ranks\": 8, \"size\": 8, \"type\": \"half\", \"time\": 2}",
     "times of sendrecv, "},
    {"reduce", 4, false, "16 4 float sum 0 5 0.00 0 0\n",
     "--op: no reduce is modelled; all_reduce"},
};

START_TEST(refuses)
{
  ck_assert_msg(parse(faults[_i].op, faults[_i].ranks, faults[_i].in_place, faults[_i].text) ==
                    TP_E_INPUT,
                "took %s", faults[_i].text);
  ck_assert_msg(strstr(error.text, faults[_i].said) != NULL, "said: %s", error.text);
}
END_TEST

#define MIXED                                                          \
  "./all_reduce_perf\n" NOW "1024 256 float sum -1 18.5 0.06 0.06 0\n" \
  "./all_gather_perf\n" NOW "1024 256 float none -1 8.5 0.12 0.12 0\n" \
  "./broadcast_perf\n" NOW "1024 256 float none 0 8.5 0.12 0.12 0\n"

START_TEST(says_what_it_leaves_out)
{
  ck_assert_int_eq(parse(NULL, 0, false, MIXED), TP_OK);
  ck_assert_uint_eq(csv.n_rows, 2);
  ck_assert_uint_eq(notes.n, 1);
  ck_assert_str_eq(notes.texts[0], "t.txt: 1 rows of broadcast left out");
  ck_assert_int_eq(parse("all_gather", 0, false, MIXED), TP_OK);
  ck_assert_uint_eq(csv.n_rows, 1);
  ck_assert_str_eq(tp_csv_cell(&csv, 0, 4), "8.5");
  ck_assert_uint_eq(notes.n, 3);
  /* What the log says of itself counts more. */
  notes.n = 0;
  ck_assert_int_eq(parse("reduce_scatter", 0, false, MIXED), TP_OK);
  ck_assert_uint_eq(csv.n_rows, 2);
  ck_assert_str_eq(tp_csv_cell(&csv, 1, 0), "all_gather");
  ck_assert_str_eq(notes.texts[0],
                   "t.txt: 1 rows are all_reduce, as the log names it, not reduce_scatter of --op");
}
END_TEST

/* As nccl-tests printed until 2018, with a name for the count and no root. */
START_TEST(takes_milliseconds_by_their_bandwidth)
{
  ck_assert_int_eq(
      parse("all_reduce", 2, false,
            "#  bytes  N  type  op  time  algbw  busbw  res  time  algbw  busbw  res\n"
            "  8  2  float  sum  0.018  0.00  0.00  0e+00  0.018  0.00  0.00  0e+00\n"
            "  33554432  8388608  float  sum  0.370  90.76  90.76  0e+00  0.371  90.4  90.4  0\n"),
      TP_OK);
  ck_assert_uint_eq(csv.n_rows, 2);
  ck_assert_str_eq(tp_csv_cell(&csv, 0, 4), "18");
  ck_assert_str_eq(tp_csv_cell(&csv, 1, 4), "370");
  ck_assert_uint_eq(notes.n, 1);
  ck_assert_str_eq(notes.texts[0],
                   "t.txt: times are taken as milliseconds, which their algbw says they are");
}
END_TEST

START_TEST(says_where_it_ran)
{
#define RANK(n, host) \
  "#  Rank  " n " Group  0 Pid  7 on  " host " device  0 [0x1b] NVIDIA H100 80GB\r\n"
  ck_assert_int_eq(parse("all_reduce", 0, false,
                         "# nThread 1\n" RANK("0", "a") RANK("1", "a") RANK(
                             "2", "b") "16 4 float sum -1 5 0.00 0 0\n# nThread 1\n" RANK("0", "a")
                             RANK("1", "a") "16 4 float sum -1 5 0.00 0 0\n"),
                   TP_OK);
  static const char *const cells[2][4] = {{"3", "2", "2", "NVIDIA H100 80GB"},
                                          {"2", "1", "2", "NVIDIA H100 80GB"}};
  for (size_t row = 0; row < 2; row++) {
    ck_assert_str_eq(tp_csv_cell(&csv, row, 1), cells[row][0]);
    for (int c = 1; c < 4; c++)
      ck_assert_str_eq(tp_csv_cell(&csv, row, 4 + c), cells[row][c]);
  }
  ck_assert_int_eq(parse("all_reduce", 0, false,
                         "{\"results\": [{\"size\": 8, \"type\": \"half\", \"time\": 2}],"
                         " \"devices\": [{\"hostname\": \"a\", \"name\": \"NVIDIA L40S\"},"
                         " {\"hostname\": \"b\"}]}"),
                   TP_OK);
  ck_assert_str_eq(tp_csv_cell(&csv, 0, 5), "2");
  ck_assert_str_eq(tp_csv_cell(&csv, 0, 6), "1");
  ck_assert_str_eq(tp_csv_cell(&csv, 0, 7), "NVIDIA L40S");
  ck_assert_int_eq(parse("all_reduce", 2, false, "16 4 float sum -1 5 0.00 0 0\n"), TP_OK);
  ck_assert_str_eq(tp_csv_cell(&csv, 0, 5), "");
  ck_assert_str_eq(tp_csv_cell(&csv, 0, 7), "");
}
END_TEST

/* Logs of several programs whose names did not make it into the file. */
START_TEST(leaves_out_what_cannot_be_the_collective)
{
#define UNNAMED                                                                                 \
  NOW "1024 256 float sum -1 18.5 0.06 0.06 0\n" NOW "1024 256 float none -1 8.5 0.12 0.12 0\n" \
      "2048 512 float none -1 9.5 0.22 0.22 0\n" NOW "1024 256 float none 0 7.5 0.14 0.14 0\n"
  ck_assert_int_eq(parse("all_reduce", 0, false, UNNAMED), TP_OK);
  ck_assert_uint_eq(csv.n_rows, 1);
  ck_assert_str_eq(tp_csv_cell(&csv, 0, 4), "18.5");
  ck_assert_uint_eq(notes.n, 1);
  ck_assert_str_eq(notes.texts[0], "t.txt: 3 rows left out, from line 18 on: they have redop none, "
                                   "as no all_reduce has");
  ck_assert_int_eq(parse("all_gather", 0, false, UNNAMED), TP_OK);
  ck_assert_uint_eq(csv.n_rows, 2);
  ck_assert_str_eq(tp_csv_cell(&csv, 0, 4), "8.5");
}
END_TEST

START_TEST(knows_its_kind)
{
  for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
    if (strstr(tables[i].text, "algbw") != NULL)
      ck_assert_msg(tp_nccl_tests_is(tables[i].text), "%s", tables[i].what);
  ck_assert(!tp_nccl_tests_is("op,ranks,bytes,time_us,algbw\n"));
  ck_assert(!tp_nccl_tests_is("op,ranks,bytes,time_us,algbw")); /* nothing ends the line */
  ck_assert(!tp_nccl_tests_is("m,n,k,time_us\n"));
  ck_assert(tp_nccl_tests_is("# nThread 1"));
  ck_assert(tp_nccl_tests_is("# nThread 1\n# of a table of ours: time_us\n"));
  ck_assert(!tp_nccl_tests_is("model,platform,tp,ttft_s\n"));
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("nccl-tests");
  TCase *tcase = tcase_create("output");
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_loop_test(tcase, reads, 0, (int)(sizeof tables / sizeof tables[0]));
  tcase_add_loop_test(tcase, refuses, 0, (int)(sizeof faults / sizeof faults[0]));
  tcase_add_test(tcase, says_what_it_leaves_out);
  tcase_add_test(tcase, takes_milliseconds_by_their_bandwidth);
  tcase_add_test(tcase, says_where_it_ran);
  tcase_add_test(tcase, leaves_out_what_cannot_be_the_collective);
  tcase_add_test(tcase, knows_its_kind);
  suite_add_tcase(suite, tcase);
  return suite;
}

TP_SUITE_MAIN

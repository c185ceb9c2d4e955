#!/bin/sh
# The commands as a user meets them: help and its examples, formats, exit codes, files.
PATH=${BINDIR:-$PWD}:$PATH
. "$(dirname "$0")/../tap.sh"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99

# exits STATUS COMMAND...: it ends so, silent on standard error where that is 0, else with one line.
exits() {
  want=$1
  shift
  "$@" >out 2>err </dev/null
  [ $? = "$want" ] || return 1
  if [ "$want" = 0 ]; then [ ! -s err ]; else [ "$(grep -c '^tpsim: ' err)" = 1 ]; fi
}

point='--model llama-3.1-8b --platform dgx-h100 --tp 8'
# shellcheck disable=SC2086 # words
predict() {
  tpsim predict $point "$@"
}

check "help lists the commands" exits 0 tpsim --help
commands=$(sed -n '/^commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p' out)
check "version" exits 0 tpsim --version
check "all commands are listed" [ "$(echo "$commands" | wc -w)" -ge 9 ]
for command in $commands; do
  check "$command --help" exits 0 tpsim "$command" --help
  case $command in
  plot | report | help) ;; # pictures and pages
  *) check "$command has --format" grep -q -- '--format F' out ;;
  esac
  example=$(sed -n '/^example:/,$s/^  //p' out | head -1)
  case $command in
  check) continue ;; # what it finds depends on its baseline, not on this test
  calibrate) continue ;; # reads the user's own measurements
  plot) command -v gnuplot >/dev/null || continue ;;
  esac
  check "example: $example" exits 0 sh -c "$example"
done

columns=$(tpsim list columns | sed 1d | cut -d, -f1 | paste -sd, -)
check "list columns is the header" [ "$columns" = "$(predict --interleave 1 | head -1)" ]
check "without the last where they are not given" \
  [ "$columns" = "$(predict | head -1),layers,micro_batch,interleave" ]
check "up to the last that is given" [ "$columns" = "$(predict --layers 1 | head -1),micro_batch,interleave" ]
check "piped is CSV" [ "$(predict | wc -l)" = 2 ]
check "table" sh -c "tpsim predict $point --format table | grep -q 'time to first token'"
check "compare shows every variant" \
  [ "$(tpsim compare $point | cut -d, -f4 | sed 1d | sort -u | wc -l)" -ge 7 ]
check "json" [ "$(predict --format json | grep -c '"ttft_s": 0')" = 1 ]
check "short options" [ "$(tpsim predict -m llama-3.1-8b -p dgx-h100 --tp=8 -b4)" = "$(predict --batch 4)" ]
check "a point that cannot run is a row" sh -c "
  tpsim predict --model llama-3.1-8b --platform dgx-h100 --tp 7 | grep -q 'does not divide'"

check "training has its rows" [ "$(tpsim compare $point --phase train,train+recompute | grep -c ',ok,train')" = 12 ]
check "training is one step" sh -c "
  tpsim predict $point --phase train --format table | grep -q 'training step'"
check "show-program of training" sh -c "
  tpsim show-program $point --phase train+recompute | grep -q 'mlp.down.wgrad'"
# agree OPTIONS: both engines to 1e-6; without the simulator its engine is refused, with the mend.
agree() {
  if [ -x "${BINDIR:-$PWD}/tpsim-des" ]; then
    predict --variant ladder --engine analytic,des "$@" | sed 1d | cut -d, -f19 |
      awk 'NR == 1 {a = $1} NR == 2 {d = $1 / a - 1; exit !(d < 1e-6 && d > -1e-6)}'
  else
    exits 3 predict --variant ladder --engine des "$@" && grep -q 'take the engine analytic' err
  fi
}
check "des agrees on training" agree --phase train

check "timeline" exits 0 predict --variant ladder --timeline t.json
check "timeline has both streams" [ "$(grep -o '"compute"\|"communication"' t.json | sort -u | wc -l)" = 2 ]
check "timeline marks the passes" [ "$(grep -c '"cat":"pass"' t.json)" = 2 ]
check "timeline says what an op is" grep -q '"args":{"op":"m=1024 n=.*"flops":[1-9]' t.json
if [ -x "${BINDIR:-$PWD}/tpsim-des" ]; then
  check "timeline of des" exits 0 predict --variant ladder --engine des --layers 2 --timeline d.json
  check "timeline of des has every rank" [ "$(grep -c '"process_name"' d.json)" = 8 ]
fi
check "timeline of several" exits 0 tpsim compare $point --variant standard,ladder --timeline c.json
check "timeline names them" grep -q '"ladder, rank 0"' c.json
check "timeline of several numbers" exits 0 tpsim compare $point --variant standard,ladder \
  --batch 1,2 --timeline n.json
check "timeline names them by both" grep -q '"ladder, batch 2, rank 0"' n.json
check "timeline as rows" exits 0 predict --variant ladder --timeline t.csv
check "timeline has a row an op" [ "$(grep -c ',0,c' t.csv)" = "$(grep -c '"args":{"op"' t.json)" ]
# The same numbers stand in both; a GEMM's operations and what its device does at most are by hand.
sed -n 's/.*"cat":"\([a-z]*\)".*"ts":\(.*\),"dur":\(.*\),"args":{"op":"\(.*\)","flops":\(.*\),"dram_bytes":\(.*\),"link_bytes":\(.*\),"SMs":\(.*\)}}.*/\1,\4,\2,\3,\5,\6,\7,\8/p' \
  t.json >json.rows
same_rows() {
  cut -d, -f24- t.csv | sed 1d | paste -d, - json.rows | awk -F, '
    function is(a, b) { return a - b <= 1e-4 * (a + b + 1) && b - a <= 1e-4 * (a + b + 1) }
    function shape(size) { match(" " $2, " " size "=[0-9]*"); return substr($2, RSTART + 2, RLENGTH - 3) }
    { if ($1 != $11 || $2 != $12 || !is($3, $13) || !is($4 - $3, $14)) exit bad = 1 }
    { for (i = 5; i <= 8; i++) if (!is($i, $(i + 10))) exit bad = 1 }
    $1 == "gemm" { gemms++; if (!is($5, 2 * shape("m") * shape("n") * shape("k"))) exit bad = 1 }
    $9 != 989.4e12 || $10 != 3.35e12 { exit bad = 1 }
    END { exit bad || gemms == 0 }'
}
check "rows say what the trace says" same_rows
check "des agrees" agree --stack ideal

sweep="--model ladder-1b,llama-3.1-8b --platform dgx-h100,l40s-x4 --tp 1:8:x2 --batch 1:64:x2
  --variant standard,ladder,no-comm"
# shellcheck disable=SC2086 # words
{
  check "sweep" exits 0 tpsim sweep $sweep -o one.csv
  mkdir two && cd two && check "sweep by two workers" exits 0 tpsim sweep $sweep -o one.csv -j 2
  cd ..
  check "the same bytes" cmp one.csv two/one.csv
  check "the same sidecar" cmp one.csv.json two/one.csv.json
  head -c 9999 one.csv >two/one.csv
  cd two && check "resume" exits 0 tpsim sweep $sweep -o one.csv --resume
  cd ..
  check "resumed is whole" cmp one.csv two/one.csv
  check "sweep to standard output" sh -c "tpsim sweep $(echo $sweep) | cmp - one.csv"
  check "sweep as JSON has an object a point" \
    [ "$(tpsim sweep $sweep --format json | grep -c '{"model": ')" = "$(sed 1d one.csv | wc -l)" ]
}
# A sidecar that is kept with its rows stays theirs, whichever build makes them again.
resweep=$(cd "${SRCDIR:-.}" && pwd)/tools/resweep
resweep() {
  "$resweep" kept.csv --model ladder-1b --platform dgx-h100 --tp "$1"
}
check "sweep once" exits 0 resweep 1
sed -i 's/"build": "[^"]*/"build": "older/' kept.csv.json && cp kept.csv.json kept.json
check "sweep again" exits 0 resweep 1
check "leaves the sidecar of the same rows" cmp kept.csv.json kept.json
check "sweep otherwise" exits 0 resweep 2
check "names the build of other rows" sh -c '! grep -q older kept.csv.json'
check "points from a result" exits 0 tpsim sweep --points one.csv -o again.csv
check "points give the same rows" cmp one.csv again.csv
printf 'model: [ladder-1b, llama-3.1-8b]\nplatform: [dgx-h100, l40s-x4]\ntp: [1, "2:8:x2"]
batch: 1:64:x2\nvariant: [standard, ladder, no-comm]\n' >s.yaml
check "sweep file" exits 0 tpsim sweep s.yaml -o yaml.csv
check "sweep file gives the same rows" cmp one.csv yaml.csv

# Own files keep apart from shipped ones, in rows and where rows are asked again.
mkdir llama-3.1-8b && sed 's/"num_hidden_layers": [0-9]*/"num_hidden_layers": 4/' \
  "${SRCDIR:-.}/models/llama-3.1-8b.json" >llama-3.1-8b/config.json
own="--platform dgx-h100 --tp 2 --generate 4"
# shellcheck disable=SC2086 # words
{
  check "own and shipped" exits 0 tpsim sweep --model llama-3.1-8b/config.json,llama-3.1-8b $own -o own.csv
  check "own and shipped have two names" [ "$(sed 1d own.csv | cut -d, -f1 | sort -u | wc -l)" = 2 ]
  check "asked again" exits 0 tpsim sweep --points own.csv -o own2.csv
  check "the same numbers" cmp own.csv own2.csv
  check "from within the folder" sh -c "cd llama-3.1-8b && tpsim sweep --model config.json $own >../own3.csv"
  check "named by its folder" grep -q "/llama-3.1-8b/config.json," own3.csv
  check "asked again from elsewhere" exits 0 tpsim sweep --points own3.csv -o own4.csv
  check "the same numbers, too" cmp own3.csv own4.csv
  sed -i 's/"vocab_size": /&1/' llama-3.1-8b/config.json
  tpsim sweep --points own.csv >own5.csv 2>said
  check "a changed file is said" grep -q "^tpsim: note: own.csv was made with another llama-3.1-8b/config.json" said
  check "once" [ "$(wc -l <said)" = 1 ]
  echo '{"quantization": {"quant_algo": "FP8"}}' >llama-3.1-8b/hf_quant_config.json
  tpsim sweep --points own.csv -o own6.csv 2>said
  check "so is a file that has come" grep -q "own.csv was made without llama-3.1-8b/hf_quant_config.json" said
  rm llama-3.1-8b/hf_quant_config.json && tpsim sweep --points own6.csv >own7.csv 2>said
  check "and one that has gone" grep -q "own6.csv was made with llama-3.1-8b/hf_quant_config.json, which is not" said
  echo '{"bits": 4, "group_size": 128}' >llama-3.1-8b/quantize_config.json
  tpsim sweep --points own.csv -o own8.csv 2>said
  check "whichever tool wrote it" grep -q "own.csv was made without llama-3.1-8b/quantize_config.json" said
  tpsim sweep --points own8.csv -o llama-3.1-8b/quantize_config.json 2>said
  check "which nothing overwrites" grep -q "quantize_config.json: is read and would be written" said
  rm llama-3.1-8b/quantize_config.json
  tpsim sweep --model ladder-1b $own --set gemm.launch_s=0 -o set.csv && tpsim sweep --points set.csv >/dev/null 2>said
  check "so is an option that rows do not tell" grep -q "with --set=gemm.launch_s=0, which is not given" said
}

check "sweep to nowhere" exits 0 tpsim sweep --model ladder-1b --platform dgx-h100 -o /dev/null
check "no place to write" exits 3 tpsim sweep --model ladder-1b --platform dgx-h100 -o none/x.csv
if [ -w /dev/full ]; then
  check "disk full" exits 3 tpsim sweep --model ladder-1b --platform dgx-h100 -o /dev/full
  check "disk full on standard output" sh -c "predict() { tpsim predict $point >/dev/full; }
    predict 2>err; [ \$? = 3 ]"
fi
mkdir -p data/models
cp "${SRCDIR:-.}/models/ladder-1b.json" data/models/mine.json
check "TPSIM_DATA comes first" exits 0 env TPSIM_DATA="$work/data" tpsim predict --model mine \
  --platform dgx-h100
cp data/models/mine.json "data/models/$(printf 'tab\there').json"
check "a tab in a name is written in JSON's way" sh -c "TPSIM_DATA=$work/data tpsim list models -f json |
  grep -F '{\"model\": \"tab\\there\",'"
check "whole numbers are listed whole" sh -c "for f in table csv json; do tpsim list models -f \$f |
  grep llama-3.1-405b | grep -w 16384 || exit 1; done"
narrow() { # WIDTH COMMAND...: no line of its output is wider, no word is lost
  wide=$1
  shift
  "$@" | tr -s ' \n' '\n\n' | sort >words
  COLUMNS=$wide "$@" >out
  awk -v most="$wide" '{ gsub(/[\200-\277]/, "") } length > most { exit wide = 1 } END { exit wide }' out &&
    tr -s ' \n' '\n\n' <out | sort | cmp - words
}
check "tables fold at words" narrow 90 tpsim list columns -f table
check "to any width" narrow 100 tpsim list stacks -f table
check "help folds at words" narrow 100 tpsim predict --help
printf 'op,m,n,k\n"gemm",16,512,512\n' >ops.csv
check "cost in every format" sh -c "tpsim cost -d h100-sxm ops.csv -f json | grep -q '{\"op\": \"gemm\", \"m\": 16,' &&
  tpsim cost -d h100-sxm ops.csv -f table | grep -q '^op .*predicted_us'"
for mark in ';' '\t'; do
  printf "op${mark}m${mark}n${mark}k\n" >parted.csv
  check "columns parted by $mark are named" exits 2 tpsim cost -d h100-sxm parted.csv
  check "with the mend" grep -q "columns are parted by .*; save it\|parted by .*, not by commas" err
done
mkdir -p data/platforms/devices data/platforms/stacks data/platforms/libraries
for text in '{' '{}'; do # no JSON; no key of those that must be there
  for place in models platforms platforms/devices platforms/stacks platforms/libraries; do
    echo "$text" >data/$place/broken.json
  done
  for topic in models platforms devices stacks libraries; do
    TPSIM_DATA=$work/data tpsim list $topic >out 2>err
    check "a file of $text leaves the other $topic" [ "$(wc -l <err) $(wc -l <out)" = \
      "1 $(($(tpsim list $topic | wc -l) + $([ $topic = models ] && echo 2 || echo 0)))" ]
  done
done
# What is installed beside the program comes from the same tables.
check "a manual page" exits 0 tpsim help --man
tpsim help --man cost >page
check "its backslashes are shown" grep -qF 'dtype\engemm' page
check "names every command" [ "$(grep -c '^\.BR tpsim' out)" -ge "$(echo "$commands" | wc -w)" ]
for command in $commands; do
  check "a page of $command" exits 0 tpsim help --man "$command"
  tpsim "$command" --help | sed -n '/^options:/,/^example/s/^ *\(-., \)\? *--\([a-z0-9-]*\).*/\2/p' |
    grep -vx help >names
  sed -n 's/\\-/-/g; s/^\.B .*--\([^ ]*\).*/\1/p' out >paged
  check "with its options" cmp names paged
  ! command -v man >/dev/null || ! man --version >/dev/null 2>&1 ||
    check "that man reads without a warning" [ -z "$(man --warnings -E UTF-8 -l -Tutf8 ./out 2>&1 >/dev/null)" ]
done
check "completion for zsh" exits 0 tpsim help --completion zsh
! command -v zsh >/dev/null || check "which zsh reads" zsh -n out
check "completion for bash" exits 0 tpsim help --completion bash
cp out completion
complete() { # WORD...: what bash would offer for the last
  bash -c '. ./completion; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tpsim; printf "%s\n" "${COMPREPLY[@]}"' sh "$@"
}
if command -v bash >/dev/null; then
  check "completes commands" [ "$(complete tpsim pre)" = predict ]
  check "options" [ "$(complete tpsim predict --gen)" = --generate ]
  check "names" [ "$(complete tpsim predict --model llama-3.1-40)" = llama-3.1-405b ]
  check "names behind a letter" [ "$(complete tpsim predict -p dgx-b20)" = dgx-b200 ]
  check "types" [ "$(complete tpsim sweep --dtype fp16,w4a8)" = fp16,w4a8-mxfp4 ]
  check "formats behind a letter" [ "$(complete tpsim predict -f js)" = json ]
  check "topics" [ "$(complete tpsim list serve)" = serve-columns ]
  check "tables" [ "$(complete tpsim reproduce tok)" = tokenweave ]
  for kind in $(complete tpsim plot '' | grep -v '^-'); do
    check "a picture $kind" sh -c "! tpsim plot $kind 2>&1 | grep -q 'no kind of picture'"
  done
  check "all pictures" [ "$(complete tpsim plot '' | grep -vc '^-')" = "$(grep -c '&tp_plot_' "${SRCDIR:-.}/src/plot/kinds.c")" ]
  check "the last of a list" [ "$(complete tpsim compare --platform l40s-x4,dgx-b2)" = l40s-x4,dgx-b200 ]
fi
check "no such shell" exits 2 tpsim help --completion fish

# A wiring where names are looked for, by its path, and in a result that is asked again.
mkdir -p data/models/wirings 'a+b:c' && cp "${SRCDIR:-.}/models/wirings/ladder.tpa" data/models/wirings/mine.tpa
cp "${SRCDIR:-.}/models/wirings/spd.tpa" 'a+b:c/sub.tpa'
check "a wiring of TPSIM_DATA is listed" sh -c "TPSIM_DATA=$work/data tpsim list variants | grep -q '^mine,'"
check "a wiring of TPSIM_DATA by name" sh -c "TPSIM_DATA=$work/data tpsim predict $point --variant mine |
  sed 1d | cut -d, -f13- >mine; tpsim predict $point --variant ladder | sed 1d | cut -d, -f13- | cmp - mine"
wired='standard,a+b:c/sub.tpa:40+flash-int4,spd:40+flash-int4,ladder.tpa'
check "wirings are swept" exits 0 tpsim sweep --model llama-3.1-8b --platform dgx-h100 --tp 2,8 \
  --variant "$wired" -o wired.csv
check "a path may have signs" sh -c "[ \$(grep -c '40+flash-int4' wired.csv) = 4 ] &&
  grep spd: wired.csv | cut -d, -f13- >named && grep sub.tpa wired.csv | cut -d, -f13- | cmp - named"
check "a wiring is among the files of a result" grep -q 'a+b:c/sub.tpa' wired.csv.json
check "points of wirings" exits 0 tpsim sweep --points wired.csv -o rewired.csv
check "points of wirings give the same rows" cmp wired.csv rewired.csv
check "a wiring is solved" exits 0 tpsim solve --model llama-3.1-8b --platform dgx-h100 --tp 8 \
  --variant 'a+b:c/sub.tpa:40' --over nvlink.bytes_per_s_per_direction --from 5e9 --to 900e9 --gain 0.05
check "des agrees on a wiring" agree --variant spd:40 --stack ideal
last_cell() { # POINT...: the last column of a predicted row, the type of its cache
  tpsim predict --platform dgx-h200 --tp 8 --prompt 16 --generate 2 --format csv "$@" 2>err | tail -1 | sed 's/.*,//'
}
check "a quantised checkpoint says of which type its cache is" [ "$(last_cell --model deepseek-v3)" = bf16 ]
check "else the stack does" [ "$(last_cell --model llama-3.1-8b --dtype fp8)" = fp8 ]
check "types of half a byte do not train" sh -c "tpsim predict --model llama-3.1-8b --platform dgx-h100 \
  --phase train --dtype nvfp4 2>&1 | grep -q 'nobody trains in it'"
tpsim sweep --model llama-3.1-8b --platform dgx-h100 --set device.gemm.spread_ratio=0.1 -o given.csv
check "a baseline from a result says its options" sh -c "tpsim check --make given.csv -o given.base 2>&1 |
  grep -q 'was made with --set=device.gemm.spread_ratio=0.1, which no column tells'"
check "override" sh -c "a=\$(tpsim predict $point | sed 1d | cut -d, -f16)
  b=\$(tpsim predict $point --set nvlink.bytes_per_s_per_direction=45e9 | sed 1d | cut -d, -f16)
  [ \"\$a\" != \"\$b\" ]"
finish

#!/bin/sh
# tools/gpu-suite with a program that only says what it was asked: every stage has its turn, and
# what failed is named at the end.
suite=${SRCDIR:-.}/tools/gpu-suite
case $suite in /*) ;; *) suite=$PWD/$suite ;; esac
. "$(dirname "$0")/../tap.sh"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99

# Python has neither PyTorch nor pip's CUDA, and says so at once.
mkdir quick && printf '#!/bin/sh\nexit 1\n' >quick/python3 && chmod +x quick/python3
PATH=$work/quick:$PATH

cat >fake <<'END'
#!/bin/sh
echo "$*" >>"$ASKED"
echo "$LD_LIBRARY_PATH" >"$ASKED.libraries"
case $1 in
"$BREAKS") echo "$1 breaks" >&2; exit 3 ;;
bench)
  mkdir -p traces/fake && echo row >traces/fake/gemm.csv
  echo "traces/fake: Fake GPU, planned as on fake"
  [ "$BREAKS" != hang ] || { echo $$ >"$ASKED.pid"; exec sleep 100; }
  ;;
esac
END
chmod +x fake
cp fake tpsim
cat >>tpsim <<'END'
[ "$1" != validate ] || cat "$REPORT"
END
# figures LAYERS GENERATE GAIN: as validate has it; ops may be far off, and other gains
figures() {
  echo file,group,value,figures,mape,bias,worst_error,measured,predicted,worst
  echo "gemm.csv,all,,9,0.3,0,0.9,1,2,gemm.csv:2: gemm"
  echo "layers.csv,all,,60,$1,0,0.2,1,2,layers.csv:2: ttft_s"
  echo "layers.csv,variant,ladder,30,0.5,0,0.2,1,2,layers.csv:3: ttft_s"
  echo "layers.csv,speedup,ttft_s of ladder,9,0.01,0,$3,1.2,1.1,layers.csv:3: ttft_s"
  echo "layers.csv,speedup,ttft_s of no-comm,9,0.01,0,-0.2,1.2,1.1,layers.csv:4: ttft_s"
  echo "generate.csv,all,,40,$2,0,0.2,1,2,generate.csv:2: tpot_s"
}
REPORT=$work/report
export REPORT
figures 0.05 0.075 -0.04 >report
ASKED=$work/asked
export ASKED BREAKS

memcheck=
PATH=$PATH:/usr/local/cuda/bin command -v compute-sanitizer >/dev/null && memcheck=" selftest"
BREAKS=none
"$suite" ./fake out >said 2>&1
check "all well: exit 0" [ $? = 0 ]
check "its stages" [ "$(cut -d' ' -f1 asked | grep -v version | uniq | tr '\n' ' ')" = \
  "devices selftest bench calibrate validate$memcheck " ]
check "within the time" grep -q '^bench all --budget 400$' asked
check "the figures: 60 x 5 % + 40 x 7.5 % of 100" grep -qx "gpu-suite: MAPE of layers and generate \
6.0 % over 100 figures (each at most 8 %), gain of ladder off by at most 0.040 over 9 (at most 0.05): met" \
  said
check "what to take home" grep -qx "gpu-suite: to take home: out/fake.tgz; .*: tar -xzf fake.tgz" said
check "has the traces" [ "$(tar -xOzf out/fake.tgz traces/fake/gemm.csv)" = row ]
check "and last, what is next" [ "$(tail -1 said)" = "gpu-suite: next: git add traces/fake" ]

# misses TEXT LAYERS GENERATE GAIN
# shellcheck disable=SC2317 # check calls it
misses() {
  text=$1
  shift
  figures "$@" >report
  "$suite" ./fake out >said 2>&1
  [ $? = 1 ] && grep -q '^gpu-suite: failed: figures$' said && grep -q "$text.*: missed$" said
}
check "layers off" misses ' 7.2 % over 100 ' 0.09 0.045 0.01
check "generations off" misses ' 6.6 % ' 0.05 0.09 0.01
check "a gain off" misses ' 0.051 over 9 ' 0.05 0.05 -0.051
figures 0.05 0.05 0 | grep -v speedup >report
"$suite" ./fake out >said 2>&1
check "no gain measured: exit 1" [ $? = 1 ]
check "and said" grep -q 'off by at most - over 0 (at most 0.05): missed' said
: >report
"$suite" ./fake out >said 2>&1
check "nothing measured: exit 1" [ $? = 1 ]
check "and said so" grep -q 'MAPE of layers and generate - over 0 figures' said
figures 0.05 0.05 0 >report

: >asked
BREAKS=selftest
"$suite" ./fake out >said 2>&1
check "a stage that fails: exit 1" [ $? = 1 ]
check "the next has its turn" grep -q '^bench all' asked
check "and is named" grep -q '^gpu-suite: failed: selftest' said

: >asked
BREAKS=devices
"$suite" ./fake out >said 2>&1
check "no GPU: exit 3" [ $? = 3 ]
check "nothing more is asked" [ "$(cat asked)" = "devices --format table" ]

BREAKS=bench
rm -f out/fake.tgz
"$suite" ./fake out >said 2>&1
check "a bench that fails: exit 1" [ $? = 1 ]
check "nothing to take home" grep -qx 'gpu-suite: next: nothing was measured' said
mkdir alone && cp fake alone/
BREAKS=none
"$suite" alone/fake out >said 2>&1
check "without tpsim: exit 0" [ $? = 0 ]
check "what is next for one who has it" [ "$(tail -1 said)" = "gpu-suite: next: where tpsim runs: \
tpsim calibrate traces/fake && tpsim validate traces/fake; git add traces/fake" ]

# Stopped amid the bench.
rm -f out/fake.tgz
BREAKS=hang
"$suite" ./fake out >said 2>&1 &
while [ ! -s asked.pid ]; do sleep 0.1; done
kill $!
wait $!
check "stopped: exit 130" [ $? = 130 ]
check "nothing runs on" [ -z "$(ps -o pid= -p "$(cat asked.pid)")" ]
check "what was measured can be taken home" [ "$(tar -xOzf out/fake.tgz traces/fake/gemm.csv)" = row ]
check "and it says how to go on" grep -q 'stopped: .*the same command goes on$' said
BREAKS=none

# Every stage at its slowest: a clock that timeout moves on by all that it was given.
mkdir clock
echo 0 >clock/now
printf '#!/bin/sh\ncat "%s/clock/now"\n' "$work" >clock/date
cat >clock/timeout <<'END'
#!/bin/sh
clock=$(dirname "$0")/now
echo $(($(cat "$clock") + $2 + $3)) >"$clock"
END
printf '#!/bin/sh\n' >clock/compute-sanitizer
chmod +x clock/*
PATH=$work/clock:$PATH "$suite" ./fake out >said 2>&1
check "at its slowest it ends in ten minutes: $(cat clock/now) s" [ "$(cat clock/now)" -le 600 ]

# Built where it is absent, with the libraries of pip.
mkdir -p tree/tools pip/nvidia/cudnn/lib pip/nvidia/cuda_nvrtc/lib bin
: >pip/nvidia/cuda_nvrtc/lib/libnvrtc.so.13
cp "$suite" "${suite%/*}/cuda-libraries" tree/tools/
cat >tree/configure <<'END'
#!/bin/sh
printf '%s\n' "$@" >asked
echo '#define HAVE_CUDNN 1' >config.h
printf 'tpsim-cuda:\n\tcp %s %s\n' "$WORK/fake" tpsim-cuda >Makefile
END
printf '#!/bin/sh\n' >bin/nvcc
chmod +x tree/configure bin/nvcc
WORK=$work CUDA_LIBRARIES=pip/nvidia PATH=$work/bin:$PATH tree/tools/gpu-suite >said 2>&1
check "builds, and runs what it built" [ $? = 0 ]
check "and finds what only libraries load" \
  grep -q "^\(.*:\)*$work/pip/nvidia/cuda_nvrtc/lib\(:.*\)*$" asked.libraries
check "configured with pip's libraries" \
  grep -qx -- "--with-cuda-libraries=$work/pip/nvidia" tree/build/asked
check "alone" grep -qx -- --disable-tpsim tree/build/asked
check "the traces are where they belong" [ -f tree/traces/fake/gemm.csv ]
rm tree/build/tpsim-cuda && cp tpsim tree/build/
WORK=$work PATH=$work/bin:$PATH tree/tools/gpu-suite >said 2>&1
check "a tpsim beside it stays what is built" sh -c '! grep -q disable-tpsim tree/build/asked'
rm -r tree/build
sed -i 's/#define/#undef/' tree/configure
WORK=$work PATH=$work/bin:$PATH tree/tools/gpu-suite >said 2>&1
check "without cuDNN: exit 3" [ $? = 3 ]
check "and where to say where it is" grep -q 'no cuDNN 9.* CUDA_LIBRARIES$' said

CUDA_LIBRARIES=pip/nvidai "$suite" ./fake out >said 2>&1
check "libraries' folder that is not there: exit 2" [ $? = 2 ]
check "and what it should be" grep -q '^gpu-suite: CUDA_LIBRARIES: no pip/nvidai/\*/lib; ' said
"$suite" ./absent >said 2>&1
check "a program that is not there: exit 3" [ $? = 3 ]
PATH=/usr/bin:/bin "$suite" a b c >said 2>&1
check "too many words: exit 2" [ $? = 2 ]
check "and how it is called" grep -q 'tools/gpu-suite \[TPSIM-CUDA \[FOLDER\]\]' said
finish

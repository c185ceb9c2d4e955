#!/bin/sh
# tpsim-cuda as it travels, on a machine that is made up: the toolkit's libraries as pip lays them out,
# no NCCL, and a loader that knows of no others.
bindir=${BINDIR:-$PWD}
libraries=${SRCDIR:-.}/tools/cuda-libraries
case $libraries in /*) ;; *) libraries=$PWD/$libraries ;; esac
program=$bindir/carry/tpsim-cuda
skip() { echo "1..0 # SKIP $*"; exit 0; }
[ -x "$program" ] || skip "built without the CUDA toolkit"
! ldd "$program" | grep -q libasan || skip "built with sanitizers, which must be loaded first"
command -v readelf >/dev/null || skip "no readelf, which tells how a program is linked"
loader=$(readelf -l "$program" | sed -n 's/.*program interpreter: \(.*\)\]$/\1/p')
"$loader" --help 2>/dev/null | grep -q inhibit-cache || skip "the loader $loader cannot forget its cache"
cublas=$(ldd "$program" | sed -n 's:.* => \(/.*/libcublas\.so\.[0-9]*\) .*:\1:p')
toolkit=${cublas%/*} major=${cublas##*.}
[ -e "$toolkit/libnvrtc.so.$major" ] || skip "the toolkit has no libnvrtc.so.$major beside cuBLAS"
. "$(dirname "$0")/../tap.sh"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
unset LD_LIBRARY_PATH CUDA_HOME

# As it is built.
# shellcheck disable=SC2317 # check calls it
lacks() { ! grep -q "$@"; }
readelf -SW "$program" >sections && readelf -d "$program" >linked
check "no symbols" lacks '\.symtab' sections
check "NCCL is not linked" lacks 'NEEDED.*nccl' linked

# Elsewhere: no folder of this machine in its run path.
runpath=$(sed -n 's/.*R[UN]*PATH.*\[\(.*\)\]$/\1/p' linked)
nowhere=$(printf '%s' "$runpath" | sed 's:[^/]:x:g')
sed "s:$runpath:$nowhere:" "$program" >tpsim-cuda && chmod +x tpsim-cuda

lay() { # lay FOLDER LIBRARY...: links to the toolkit's, and to what a library has of several files
  folder=$1
  mkdir -p "$folder"
  shift
  for name; do
    for file in "$toolkit/lib$name".so* "$toolkit/lib${name}_"*.so*; do
      [ ! -e "$file" ] || ln -sf "$file" "$folder/"
    done
  done
}
lay site-12/nvidia/cublas/lib cublas cublasLt
lay site-12/nvidia/cuda_nvrtc/lib nvrtc nvrtc-builtins
lay site-12/nvidia/cudnn/lib cudnn
lay site-13/nvidia/cu13/lib cublas cublasLt nvrtc nvrtc-builtins
lay site-13/nvidia/cudnn/lib cudnn

alone() { "$loader" --inhibit-cache "$@" >out 2>err; }
# at SITE COMMAND...: with the folders of the site that cuda-libraries tells, and no others.
# shellcheck disable=SC2317 # check calls it
at() {
  CUDA_LIBRARIES=$work/$1/nvidia "$libraries" ./tpsim-cuda 2>missing | tr : '\n' |
    sed -n "s:^$work/::p" >folders
  shift
  LD_LIBRARY_PATH=$(paste -sd : folders) alone "$@"
}
# shellcheck disable=SC2317 # check calls these four
{
  refused() { ! alone "$@" && grep -q 'libcu.*cannot open shared object' err; }
  lists() { [ ! -s missing ] && grep -qx "$1" folders; } # of the site that was asked last
  links() { at "$1" --list ./tpsim-cuda && grep -q "lib$2\.so.* => $1/nvidia/$3/lib/" out; }
  says() { # says STATUS TEXT COMMAND...
    status=$1 text=$2
    shift 2
    "$@"
    [ $? = "$status" ] && cat out err | grep -q -- "$text"
  }
}
check "without its libraries it does not start" refused ./tpsim-cuda --version
for layout in site-12:cublas:cuda_nvrtc site-13:cu13:cu13; do
  site=${layout%%:*} nvrtc=${layout##*:} cublas=${layout#*:}
  cublas=${cublas%:*}
  check "$site: cuBLAS is pip's" links "$site" cublas "$cublas"
  check "$site: cuDNN, too" links "$site" cudnn cudnn
  check "$site: NVRTC, which nothing links, is on the path" lists "$site/nvidia/$nvrtc/lib"
  check "$site: it starts" says 0 '^tpsim-cuda ' at "$site" ./tpsim-cuda --version
done
CUDA_LIBRARIES=$work/site-14/nvidia "$libraries" ./tpsim-cuda >out 2>err
check "a site that is not there: exit 2" [ $? = 2 ]
check "and what it should be" grep -q "^CUDA_LIBRARIES: no $work/site-14/nvidia/\*/lib; " err
check "and checks itself on the CPU, without NCCL" says 0 '^[1-9][0-9]* passed, 0 failed' \
  at site-13 ./tpsim-cuda selftest --device host --only 'ladder tp 2 fp32'

# What is loaded when it is needed.
cp "$bindir/tests/cuda/libraries" . && lay nvrtc nvrtc nvrtc-builtins
check "NVRTC by itself does not find its built-ins" says 1 'NVRTC: 7' alone ./libraries nvrtc-alone
check "loaded here, it compiles" says 0 'NVRTC: 0' alone ./libraries nvrtc
mkdir nccl
nccl() { LD_LIBRARY_PATH=nccl alone ./libraries nccl; }
nccl
if [ $? = 77 ]; then
  echo "# built without NCCL: nothing loads it"
else
  check "no NCCL: its name and the mend" says 3 'libnccl\.so\.2.*LD_LIBRARY_PATH.*peer-kernels' nccl
  ln -s "$toolkit/libcudnn.so.9" nccl/libnccl.so.2
  check "one that lacks a function" says 3 'libnccl.so.2 has no ncclGetVersion; install NCCL 2' nccl
  ln -sf "$toolkit/libnccl.so.2" nccl/libnccl.so.2
  [ ! -e nccl/libnccl.so.2 ] || check "and NCCL" says 0 '^NCCL 2' nccl
fi
finish

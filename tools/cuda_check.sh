#!/bin/bash
# Checks the engine fused_cuda on a machine with a GPU, in 200 seconds, each step with a limit of its own:
#   bash tools/cuda_check.sh FOLDER
# FOLDER gets what each step printed, and the times of the cells. CHALKNET_EXTRA: a folder of further packages.
out=${1:?the folder for what is found}
export PYTHONPATH=src:.:${CHALKNET_EXTRA:-} PYTHONUNBUFFERED=1
export JAX_COMPILATION_CACHE_DIR=$(mktemp -d) JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0
step() { # name, seconds, command
  local name=$1 limit=$2 began=$SECONDS
  shift 2
  timeout -k 3 "$limit" "$@" >"$out/$name.txt" 2>&1
  echo "== $name: status $? after $((SECONDS - began)) s" | tee -a "$out/steps.txt"
  tail -n "${shown:-8}" "$out/$name.txt" | cut -c1-400
}
step device 10 nvidia-smi --query-gpu=name,driver_version,memory.used --format=csv
shown=20 step open 45 bash -c "printf '%s\n' S1 S2 S3 S4 S5 S6 S7 S8 --tiny | xargs -P 9 -I{} python3 -m tools.cuda_times {}"
shown=24 step times 60 python3 -m tools.cuda_times "$out/times.json"
step tests 50 python3 -m pytest -q -n 8 -o filterwarnings=default --timeout=50 tests/engine/test_fused_cuda_gpu.py
# what the bindings ask the driver for and it does not have is no error of a kernel: API errors are not reported
step memcheck 27 compute-sanitizer --tool memcheck --report-api-errors no --error-exitcode 9 python3 -m tools.cuda_times --tiny
step racecheck 25 compute-sanitizer --tool racecheck --error-exitcode 9 python3 -m tools.cuda_times --tiny

#!/bin/bash
# Checks the engine fused_cuda on a machine with a GPU, each step with a limit of its own:
#   bash tools/cuda_check.sh FOLDER
# FOLDER gets what each step printed, and the times of the cells.
out=${1:?the folder for what is found}
export PYTHONPATH=src:.:${CHALKNET_EXTRA:-} PYTHONUNBUFFERED=1
step() { # name, seconds, command
  local name=$1 limit=$2 began=$SECONDS
  shift 2
  timeout "$limit" "$@" >"$out/$name.txt" 2>&1
  echo "$name: status $? after $((SECONDS - began)) s" | tee -a "$out/steps.txt"
  tail -n "${LINES_SHOWN:-6}" "$out/$name.txt" | cut -c1-400
}
step device 20 nvidia-smi
step times 110 python3 -m tools.cuda_times "$out/times.json"
step tests 60 python3 -m pytest -q -o filterwarnings=default --timeout=50 tests/engine/test_fused_cuda_gpu.py
step memcheck 30 compute-sanitizer --tool memcheck --error-exitcode 9 python3 -m tools.cuda_times --tiny
step racecheck 40 compute-sanitizer --tool racecheck --error-exitcode 9 python3 -m tools.cuda_times --tiny

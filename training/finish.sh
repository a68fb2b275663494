#!/bin/sh
# Make a model of the run's newest checkpoint and compare it with another:
#   ./finish.sh 15m NEW.gguf ../models/inkling.gguf
# The run is paused meanwhile. PYTHON, WORK, TYPE and INKLING (the program) may be given in the environment.
set -eu
budget=$1 new=$(realpath "$2") old=$(realpath "$3")
cd "$(dirname "$0")"
python=${PYTHON:-.venv/bin/python}
work=${WORK:-$HOME/.cache/inkling/training}
type=${TYPE:-q8_0}
inkling=${INKLING:-$(realpath ../target/release/inkling)}
run=$(cat "$work/train.pid" 2>/dev/null || true)
if [ -n "$run" ] && kill -STOP "$run" 2>/dev/null; then
    trap 'kill -CONT "$run"' EXIT
    trap 'exit 130' INT TERM
fi
"$python" train.py --work "$work" --inkling "$inkling" --cooldown "$budget" --type "$type"
"$python" export_gguf.py --work "$work" --checkpoint "$work/cooled.pt" --type "$type" --out "$new"
"$python" plot.py --work "$work" --log "$work/train.jsonl" "$work/cooled.jsonl" --out "${new%.gguf}.svg"
"$python" evaluate.py --work "$work" --inkling "$inkling" "$old" "$new"

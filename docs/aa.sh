#!/usr/bin/env bash
# How often the same work is called faster or slower: the rf lab, `sequential` against `tasks` on 1 worker, many runs with
# seeds of their own. Fails when more than 5 of 100 runs give a verdict. Needs a release build and python3.
#
#     docs/aa.sh [RUNS] [REPEATS]
set -euo pipefail
cd "$(dirname "$0")/.."
workbench=${WORKBENCH:-target/release/workbench}
runs=${1:-100}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for seed in $(seq "$runs"); do
    "$workbench" --run-dir "$work" --lab rf --preset quick --arms sequential,tasks --workers 1 --seed "$seed" \
        ${2:+--repeats "$2"} --set models=3 --set rows=1000 --json >"$work/$seed.json" 2>"$work/log" || {
        cat "$work/log" >&2
        exit 1
    }
    printf '.' >&2
done
printf '\n' >&2
python3 - "$runs" "$work"/*.json <<'PYTHON'
import json, math, sys

runs, called, above, ratios = int(sys.argv[1]), 0, 0, []
for path in sys.argv[2:]:
    with open(path) as file:
        result = json.load(file)
    arm = next(arm for arm in result["arms"] if arm["name"] == "tasks")
    interval = arm["speedup_interval"]
    ratios.append(arm["speedup"])
    if interval is None or interval["kind"] != "confidence95":
        sys.exit("no confidence interval: give 3 repeats or more")
    called += interval["low"] > 1 or interval["high"] < 1
    above += arm["speedup"] > 1
ratios.sort()
print(f"{called} of {runs} runs of equal arms gave a verdict; `tasks` looked faster in {above}, "
      f"median {ratios[len(ratios) // 2]:.3f}x")
sys.exit(called > math.ceil(runs / 20))
PYTHON

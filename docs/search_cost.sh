#!/usr/bin/env bash
# What the lab tune costs itself: wall and CPU time per trial of searches of 1,000 and 10,000 trials
# of two epochs on 36 rows, where training takes next to no time. With a release build:
#
#   docs/search_cost.sh [WORKBENCH [REPEATS]]
#
# The sizes take turns, and runs lie in memory where the system has such a folder: creating files
# costs more on a disk, and depends on what else is written there. Prints medians and all values.
set -euo pipefail
workbench=${1:-target/release/workbench}
repeats=${2:-5}
runs=$(mktemp -d -p "$([ -d /dev/shm ] && echo /dev/shm || echo /tmp)")
trap 'rm -rf "$runs"' EXIT
for _ in $(seq 1 "$repeats"); do
    for trials in 1000 10000; do
        "$workbench" --run-dir "$runs" --lab tune --quiet --json --repeats 1 --workers 1 \
            --arms random,random+asha,tpe,pbt --set "trials=$trials" --set population=50 \
            --set budget=2 --set grace=1 --set rows=60 --set equal_budget=false \
            --set 'hidden=integer(1,4)' --set 'batch=grid(16,32)'
        rm -rf "${runs:?}"/*
    done
done | PYTHONPATH=$(dirname "$0") python3 -B -c '
import statistics, sys
from documents import documents

costs = {}
for document in documents(sys.stdin):
    for arm in document["arms"]:
        trials = arm["work"]["trials"]
        place = (arm["name"], document["parameters"]["trials"])
        both = [arm[figure][0] / trials * 1e6 for figure in ("wall_s", "cpu_s")]
        costs.setdefault(place, []).append(both)
for (arm, trials), of in sorted(costs.items()):
    wall, cpu = [statistics.median(one) for one in zip(*of)]
    each = " ".join(f"{one[0]:.0f}" for one in of)
    print(f"{arm:12} {trials:6} trials: {wall:4.0f} us wall, {cpu:4.0f} us CPU a trial  ({each})")
'

#!/usr/bin/env bash
# How near `workbench tune what-if` comes to what was measured: ASHA and HyperBand on 1 and 2 slots,
# the same trials in all arms. On a machine that does nothing else, with a release build:
#
#   docs/what_if.sh [WORKBENCH [REPEATS]]
#
# Prints measured over predicted wall time for each repeat, and their median for each arm and number
# of slots. Fails where a median is further than 5 % from 1.
set -euo pipefail
workbench=${1:-target/release/workbench}
repeats=${2:-5}
runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT
"$workbench" --run-dir "$runs" --lab tune --quiet --arms random,random+asha,random+hyperband \
    --workers 1,2 --repeats "$repeats" \
    --set trials=60 --set budget=32 --set grace=2 --set rows=5160 --set equal_budget=false
for repeat in $(seq 1 "$repeats"); do
    "$workbench" --run-dir "$runs" tune what-if latest --repeat "$repeat" --slots 1,2 --json
done | PYTHONPATH=$(dirname "$0") python3 -B -c '
import statistics, sys
from documents import documents

ratios = {}
for document in documents(sys.stdin):
    for one in document["compared"]:
        place = (one["arm"], one["slots"])
        ratios.setdefault(place, []).append(one["measured_s"] / one["predicted_s"])
far = False
for (arm, slots), of in sorted(ratios.items()):
    median = statistics.median(of)
    far |= abs(median - 1) > 0.05
    each = " ".join(f"{ratio:.3f}" for ratio in of)
    print(f"{arm:18} {slots} slots: median {median:.3f}  ({each})")
sys.exit(far)
'

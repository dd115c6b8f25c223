#!/usr/bin/env bash
# What showing a run costs: the rf lab, quick preset with 15 repeats, watched at 200×60 to its end, several times over.
# Prints what the records state. Needs a release build, tmux and python3.
#
#     docs/watch_cost.sh [TIMES]
set -euo pipefail
. "$(dirname "$0")/in_tmux.sh"
for _ in $(seq "${1:-3}"); do
    "${tmux[@]}" -f /dev/null new-session -d -x 200 -y 60 \
        "TERM=tmux-256color WORKBENCH_RUN_DIR=$work/runs WORKBENCH_PRESET=quick WORKBENCH_REPEATS=15 $workbench"
    wait_for 'usable'
    "${tmux[@]}" send-keys Enter
    wait_for 'Repeats *15'
    "${tmux[@]}" send-keys s
    wait_for 'What if'
    "${tmux[@]}" send-keys q
    while "${tmux[@]}" has-session 2>/dev/null; do sleep 0.1; done
done
"$workbench" --run-dir "$work/runs" runs --json | python3 -c '
import json, sys
for run in json.load(sys.stdin):
    cost, load = run["instrument"], run["arms"][0]["wall_median_s"]
    print("showing %.2f %%, sampling and recording %.2f %% of one core" % (
        100 * cost["screen_share_of_one_core"], 100 * cost["share_of_one_core"]))'

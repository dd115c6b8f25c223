#!/usr/bin/env bash
# What `workbench monitor` costs at two looks per second, with its screen at 120×40 and without one, in percent of one core: CPU time
# of the program, and of the helper that asks the GPUs' driver. Needs a release build and tmux; with SCENARIO also the simulated
# library (cargo build --release -p workbench-nvml-sim).
#
#     docs/monitor_cost.sh [SECONDS] [SCENARIO]
set -euo pipefail
. "$(dirname "$0")/in_tmux.sh"
seconds="${1:-30}"
simulate=()
[ $# -lt 2 ] || simulate=(--simulate-gpus "$(realpath "$2")")
ticks="$(getconf CLK_TCK)"

# User and system time of a process and its children, in ticks.
used() {
    cat "/proc/$1/stat" $(pgrep -P "$1" | sed 's,.*,/proc/&/stat,') 2>/dev/null |
        sed 's/.*) //' | awk '{ sum += $12 + $13 } END { print sum }'
}

# Measures a process from when it has settled.
cost() {
    sleep 3
    before="$(used "$2")"
    sleep "$seconds"
    after="$(used "$2")"
    awk -v name="$1" -v n="$((after - before))" -v t="$ticks" -v s="$seconds" \
        'BEGIN { printf "%s: %.2f %% of one core\n", name, 100 * n / t / s }'
}

"${tmux[@]}" -f /dev/null new-session -d -x 120 -y 40 \
    "TERM=tmux-256color WORKBENCH_RUN_DIR=$work/runs exec $workbench ${simulate[*]} monitor"
wait_for 'Processes by'
cost 'with its screen' "$("${tmux[@]}" list-panes -F '#{pane_pid}')"
"${tmux[@]}" send-keys q

"$workbench" "${simulate[@]}" monitor --prometheus 127.0.0.1:0 2>"$work/served" &
cost 'without a screen' "$!"
kill "$!"

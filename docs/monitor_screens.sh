#!/usr/bin/env bash
# Captures the monitor with simulated GPUs from the real program into docs/monitor_screens.md, and takes the pictures docs/monitor.png
# and docs/monitor_light.png. The cores, disks and interfaces are this machine's; of its processes only those that are started here are
# shown. Needs a release build, also of the simulated library (cargo build --release -p workbench-nvml-sim), tmux, python3 and chromium.
set -euo pipefail
. "$(dirname "$0")/in_tmux.sh"

# Some processes to look at: a training that does little.
cat >"$work/train.sh" <<'END'
exec {nothing}<> <(:)
while :; do
    for ((n = 0; n < 4000 * ($2 + 1); n++)); do :; done
    # a pause without another process
    read -rt 0.2 -u "$nothing" || :
done
END
ranks=()
for rank in 0 1 2 3; do
    (cd "$work" && exec bash train.sh --rank "$rank" --world-size 4) &
    ranks+=("$!")
done
trap 'kill "${ranks[@]}" 2>/dev/null || true; "${tmux[@]}" kill-server 2>/dev/null || true; rm -rf "$work"' EXIT

# A new terminal of so many columns and rows with the monitor: scenario, variables.
watch() {
    "${tmux[@]}" kill-server 2>/dev/null || true
    # A server that is ending must not be taken for the new one.
    tmux=(tmux -L "workbench-docs-monitor-$$-$((shown += 1))")
    start "${2:-}" "--simulate-gpus crates/nvml-sim/scenarios/$1.toml monitor"
    wait_for 'GPUs'
    "${tmux[@]}" send-keys / 'world-size' Enter
    # Long enough for a past to be seen.
    sleep "${PAST:-25}"
}

shown=0
{
    printf '# The monitor\n\nCaptured by `docs/monitor_screens.sh` in the dark theme, with GPUs that are simulated at the driver.\n'
    watch training WORKBENCH_THEME=dark
    capture 'Eight GPUs at work, 120×40'
    picture monitor
    watch hot WORKBENCH_THEME=dark
    capture 'A GPU that is held down by heat, 120×40'
    watch mig WORKBENCH_THEME=dark
    capture 'A GPU that is divided, 120×40'
    columns=80 rows=24
    watch training WORKBENCH_THEME=dark
    capture 'Eight GPUs at work, 80×24'
    "${tmux[@]}" send-keys Tab
    sleep 1
    capture 'The next panel, 80×24'
    columns=120 rows=40
    watch training WORKBENCH_THEME=light
    picture monitor_light
} >"$work/monitor_screens.md"
mv "$work/monitor_screens.md" "$work/monitor.png" "$work/monitor_light.png" docs/

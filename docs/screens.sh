#!/usr/bin/env bash
# Captures Home, Set-up, Run and Result from the real program into docs/screens.md, and takes the pictures docs/run.png
# and docs/result.png, and docs/ddp.png where the ddp lab's worker is set up. docs/monitor_screens.sh does the same for the monitor.
# Needs a release build, tmux, python3 and chromium.
set -euo pipefail
. "$(dirname "$0")/in_tmux.sh"

start
{
    printf '# Screens\n\nCaptured by `docs/screens.sh` at 120×40 from a quick run of the rf lab with 7 repeats.\n'
    wait_for 'usable'
    capture Home
    "${tmux[@]}" send-keys Enter
    wait_for 'Set up'
    # without a run of it yet, the form begins with the quick preset
    go_to Repeats
    "${tmux[@]}" send-keys 7 Enter Home
    wait_for 'Repeats *7'
    capture Set-up
    "${tmux[@]}" send-keys s
    wait_for 'repeat [3-6] of 7'
    # a repeat on two slots, well under way
    wait_for '^│ *1 A.*E'
    capture Run
    picture run
    wait_for 'What if'
    capture Result
    picture result
    if "$workbench" setup --check >/dev/null; then
        "${tmux[@]}" kill-server
        # A server that is ending must not be taken for the new one.
        tmux=(tmux -L "workbench-docs-ddp-$$")
        start "WORKBENCH_LAB=ddp WORKBENCH_PRESET=quick"
        wait_for 'usable'
        "${tmux[@]}" send-keys Enter
        wait_for 'Set up'
        "${tmux[@]}" send-keys s
        # the first arm is done, and the second is well under way
        wait_for '1 of [0-9]* repeats'
        wait_for 'ddp on 2 workers'
        wait_for '^│ *0  *[1-9][0-9][0-9]  *\(forward\|backward\|all-reduce\)'
        capture 'Run, ranks of a training'
        picture ddp
        mv "$work/ddp.png" docs/
    else
        echo "no picture of the ddp lab: workbench setup" >&2
    fi
} >"$work/screens.md"
mv "$work/screens.md" "$work/run.png" "$work/result.png" docs/
if [ -e "${CARGO_TARGET_DIR:-target}/release/libworkbench_nvml_sim.so" ]; then
    docs/monitor_screens.sh
else
    echo "no pictures of the monitor: cargo build --release -p workbench-nvml-sim" >&2
fi

#!/usr/bin/env bash
# Captures Home, Set-up, Run and Result from the real program into docs/screens.md. Needs a release build and tmux.
set -euo pipefail
cd "$(dirname "$0")/.."
workbench="${CARGO_TARGET_DIR:-target}/release/workbench"
work="$(mktemp -d)"
tmux=(tmux -L "workbench-screens-$$")
trap '"${tmux[@]}" kill-server 2>/dev/null || true; rm -rf "$work"' EXIT

# Waits until the screen shows a text, for a minute at most.
wait_for() {
    for _ in $(seq 600); do
        if "${tmux[@]}" capture-pane -p | grep -q "$1"; then return; fi
        sleep 0.1
    done
    echo "the screen never showed: $1" >&2
    exit 1
}

capture() {
    printf '\n## %s\n\n```text\n' "$1"
    "${tmux[@]}" capture-pane -p | sed 's/[[:space:]]*$//'
    printf '```\n'
}

"${tmux[@]}" new-session -d -x 120 -y 40 "WORKBENCH_RUN_DIR=$work/runs $workbench"
{
    printf '# Screens\n\nCaptured by `docs/screens.sh` at 120×40 from a quick run of the rf lab with 7 repeats.\n'
    wait_for 'usable'
    capture Home
    "${tmux[@]}" send-keys Enter
    wait_for 'Set up'
    # quick preset, then the fields down to the repeats
    "${tmux[@]}" send-keys Right Down Down Down Down Down Down 7 Enter Home
    wait_for 'Repeats *7'
    capture Set-up
    "${tmux[@]}" send-keys s
    wait_for 'repeat [3-6] of 7'
    capture Run
    wait_for 'What if'
    capture Result
} >"$work/screens.md"
mv "$work/screens.md" docs/screens.md

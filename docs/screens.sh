#!/usr/bin/env bash
# Captures Home, Set-up, Run and Result from the real program into docs/screens.md, and takes the pictures docs/run.png
# and docs/result.png, and docs/ddp.png where the ddp lab's worker is set up. Needs a release build, tmux, python3 and chromium.
set -euo pipefail
. "$(dirname "$0")/in_tmux.sh"

capture() {
    printf '\n## %s\n\n```text\n' "$1"
    "${tmux[@]}" capture-pane -p | sed 's/[[:space:]]*$//'
    printf '```\n'
}

# Takes a picture of the screen with its colours.
picture() {
    "${tmux[@]}" capture-pane -e -p | python3 docs/terminal_picture.py 120 40 >"$work/screen.html" 2>"$work/size"
    read -r width height <"$work/size"
    chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$work/profile" \
        --window-size="$width,$height" --screenshot="$work/$1.png" "file://$work/screen.html" 2>/dev/null
}

# Opens the program on a new terminal, with these variables.
start() {
    "${tmux[@]}" -f /dev/null new-session -d -x 120 -y 40 \
        "TERM=tmux-256color COLORTERM=truecolor WORKBENCH_RUN_DIR=$work/runs $* $workbench"
    "${tmux[@]}" set -as terminal-features ',*:RGB'
}

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
        start WORKBENCH_LAB=ddp WORKBENCH_PRESET=quick
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

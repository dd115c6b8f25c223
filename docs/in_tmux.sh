# Sourced by the scripts that drive the real program in a terminal. Gives $workbench (a release build), $work (a folder that goes when
# the script ends), "${tmux[@]}" (a server of the script's own), start, wait_for, capture and picture.
cd "$(dirname "${BASH_SOURCE[0]}")/.."
workbench="${CARGO_TARGET_DIR:-target}/release/workbench"
[ -x "$workbench" ] || { echo "there is no $workbench yet: cargo build --release" >&2; exit 3; }
work="$(mktemp -d)"
tmux=(tmux -L "workbench-docs-$$")
trap '"${tmux[@]}" kill-server 2>/dev/null || true; rm -rf "$work"' EXIT

# Waits until the screen shows a text, for two minutes at most.
wait_for() {
    for _ in $(seq 1200); do
        # Not piped: grep ends at the first match, and what tmux still had to write would count as a failure.
        if grep -q "$1" <<<"$("${tmux[@]}" capture-pane -p)"; then return; fi
        sleep 0.1
    done
    echo "the screen never showed: $1" >&2
    exit 1
}

# Goes down to a row of the form.
go_to() {
    for _ in $(seq 60); do
        if grep -q "▸ $1 " <<<"$("${tmux[@]}" capture-pane -p)"; then return; fi
        "${tmux[@]}" send-keys Down
        sleep 0.2
    done
    echo "the form has no row $1" >&2
    exit 1
}

# Opens the program on a new terminal of $columns × $rows, with these variables and arguments.
columns=120
rows=40
start() {
    "${tmux[@]}" -f /dev/null new-session -d -x "$columns" -y "$rows" \
        "TERM=tmux-256color COLORTERM=truecolor WORKBENCH_RUN_DIR=$work/runs ${1:-} $workbench ${2:-}"
    "${tmux[@]}" set -as terminal-features ',*:RGB'
}

# Writes the screen as text, under a title.
capture() {
    printf '\n## %s\n\n```text\n' "$1"
    "${tmux[@]}" capture-pane -p | sed 's/[[:space:]]*$//'
    printf '```\n'
}

# Takes a picture of the screen with its colours.
picture() {
    "${tmux[@]}" capture-pane -e -N -p | python3 docs/terminal_picture.py "$columns" "$rows" >"$work/screen.html" 2>"$work/size"
    read -r width height <"$work/size"
    chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$work/profile" \
        --window-size="$width,$height" --screenshot="$work/$1.png" "file://$work/screen.html" 2>/dev/null
}

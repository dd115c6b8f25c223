# Sourced by the scripts that drive the real program in a terminal. Gives $workbench (a release build), $work (a folder that goes when
# the script ends), "${tmux[@]}" (a server of the script's own) and wait_for.
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

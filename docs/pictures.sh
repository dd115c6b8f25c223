#!/usr/bin/env bash
# Makes docs/report.png, the picture of a report in the README, from a real run. Needs a release build and chromium.
#
#     docs/pictures.sh [RUN]        RUN as `workbench show` takes it; without one a quick run is made
set -euo pipefail
cd "$(dirname "$0")/.."
workbench="${CARGO_TARGET_DIR:-target}/release/workbench"
[ -x "$workbench" ] || { echo "there is no $workbench yet: cargo build --release" >&2; exit 3; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
if [ $# -gt 0 ]; then
    "$workbench" report "$1" -o "$work/report.html"
else
    "$workbench" --lab rf --preset quick --repeats 7 --run-dir "$work/runs" --report "$work/report.html" --quiet
fi
chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --hide-scrollbars --user-data-dir="$work/profile" \
    --window-size=1000,1500 --screenshot="$PWD/docs/report.png" "file://$work/report.html" 2>/dev/null

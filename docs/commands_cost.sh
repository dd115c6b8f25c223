#!/usr/bin/env bash
# What a repeat of a program costs beside the program: `true` as two arms under workbench and under hyperfine (without a
# shell), in turn. Needs a release build, hyperfine 1.20 (cargo install hyperfine --version 1.20.0) and python3.
#
#     docs/commands_cost.sh [ROUNDS] [REPEATS]
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 - "${WORKBENCH:-target/release/workbench}" "$work" "${1:-5}" "${2:-500}" <<'PYTHON'
import json, os, statistics, subprocess, sys, time

workbench, work, rounds, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
ours = [workbench, "--run-dir", work, "--lab", "commands", "--arm", "a=true", "--arm", "b=true",
        "--repeats", str(repeats), "--json"]
theirs = ["hyperfine", "-N", "--warmup", "0", "--runs", str(repeats), "--export-json", f"{work}/h.json",
          "--style", "none", "true", "true"]


def cost(command):
    """Milliseconds for each repeat: wall, CPU of the command and all that it started; and what it printed."""
    before, started = os.times(), time.perf_counter()
    said = subprocess.run(command, check=True, capture_output=True).stdout
    wall, after = time.perf_counter() - started, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return 1e3 * wall / repeats / 2, 1e3 * cpu / repeats / 2, said


seen = []
for number in range(rounds):
    both = {}
    for name, command in [("ours", ours), ("theirs", theirs)][:: 1 if number % 2 else -1]:
        both[name] = cost(command)
    with open(f"{work}/h.json") as file:
        hyperfine = [1e3 * run["median"] for run in json.load(file)["results"]]
    stated = [1e3 * arm["wall_median_s"] for arm in json.loads(both["ours"][2])["arms"]]
    seen.append((*both["ours"][:2], *both["theirs"][:2], statistics.mean(stated), statistics.mean(hyperfine)))


def told(name, values, unit):
    print(f"{name}: {statistics.median(values):.2f}{unit} ({min(values):.2f} to {max(values):.2f})")


columns = list(zip(*seen))
told("wall for each repeat, workbench", columns[0], " ms")
told("wall for each repeat, hyperfine", columns[2], " ms")
told("CPU for each repeat, workbench", columns[1], " ms")
told("CPU for each repeat, hyperfine", columns[3], " ms")
told("wall, workbench in hyperfines", [a / b for a, b in zip(columns[0], columns[2])], "x")
told("CPU, workbench in hyperfines", [a / b for a, b in zip(columns[1], columns[3])], "x")
told("what `true` takes, says workbench", columns[4], " ms")
told("what `true` takes, says hyperfine", columns[5], " ms")
PYTHON

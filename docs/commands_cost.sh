#!/usr/bin/env bash
# What a repeat of a program costs beside the program: `true` as two arms under workbench and under
# hyperfine, without a shell and as it is used without options, in turn. What each of them takes for
# three repeats is subtracted: it is what starting and ending take. Needs a release build, hyperfine
# 1.20 (cargo install hyperfine --version 1.20.0) and python3. WORKBENCH names another program,
# WORKBENCH_BEFORE one that is measured in turn with it.
#
#     docs/commands_cost.sh [ROUNDS] [REPEATS]
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 - "${WORKBENCH:-target/release/workbench}" "$work" "${1:-5}" "${2:-500}" <<'PYTHON'
import json, os, statistics, subprocess, sys, time

workbench, work, rounds, repeats = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
FEW = 3


def ours(program):
    def command(repeats):
        return [program, "--run-dir", work, "--lab", "commands", "--arm", "a=true", "--arm", "b=true",
                "--repeats", str(repeats), "--json"]

    return command, lambda said: [1e3 * arm["wall_median_s"] for arm in json.loads(said)["arms"]]


def theirs(*options):
    def command(repeats):
        return ["hyperfine", *options, "--warmup", "0", "--runs", str(repeats),
                "--export-json", f"{work}/h.json", "--style", "none", "true", "true"]

    return command, said_by_hyperfine


def said_by_hyperfine(_):
    with open(f"{work}/h.json") as file:
        return [1e3 * run["median"] for run in json.load(file)["results"]]


def once(command):
    """Seconds: wall, CPU of the command and all that it started; and what it printed."""
    before, started = os.times(), time.perf_counter()
    said = subprocess.run(command, check=True, capture_output=True).stdout
    wall, after = time.perf_counter() - started, os.times()
    return wall, after.children_user + after.children_system - before.children_user - before.children_system, said


def cost(command, stated):
    """Milliseconds for each repeat: wall, CPU, and what the program takes by its own account."""
    few, many = once(command(FEW)), once(command(FEW + repeats))
    wall, cpu = (1e3 * (many[at] - few[at]) / repeats / 2 for at in (0, 1))
    return wall, cpu, statistics.mean(stated(many[2]))


kinds = {"workbench": ours(workbench), "hyperfine -N": theirs("-N"), "hyperfine": theirs()}
if before := os.environ.get("WORKBENCH_BEFORE"):
    kinds["workbench before"] = ours(before)
seen = {name: [] for name in kinds}
for number in range(rounds):
    for name in list(kinds)[:: 1 if number % 2 else -1]:
        seen[name].append(cost(*kinds[name]))


def told(name, values, unit):
    print(f"{name}: {statistics.median(values):.2f}{unit} ({min(values):.2f} to {max(values):.2f})")


columns = {name: list(zip(*values)) for name, values in seen.items()}
for what, column in [("wall for each repeat", 0), ("CPU for each repeat", 1), ("what `true` takes, as stated", 2)]:
    for name in kinds:
        told(f"{what}, {name}", columns[name][column], " ms")
for what, column in [("wall", 0), ("CPU", 1)]:
    for name in list(kinds)[1:]:
        both = zip(columns["workbench"][column], columns[name][column])
        told(f"{what}, workbench over {name}", [a / b for a, b in both], "x")
PYTHON

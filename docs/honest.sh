#!/usr/bin/env bash
# Whether honest hand-ins are accused: many runs of the rf lab while the machine is disturbed (busy loops that come and go, a
# CPU quota that is cut and lifted, the whole program stopped for seconds, killed and resumed), each handed in and verified with
# outputs made again. Fails when a check finds an error. Needs a release build, python3 and Linux; the quota needs a cgroup that
# may be written, and is left out, and said so, without one.
#
#     docs/honest.sh [RUNS]
set -euo pipefail
cd "$(dirname "$0")/.."
workbench=$(realpath "${WORKBENCH:-target/release/workbench}")
runs=${1:-50}
work=$(mktemp -d)
group=
for root in /sys/fs/cgroup/cpu /sys/fs/cgroup; do
    if mkdir "$root/workbench-honest-$$" 2>/dev/null; then
        if [ -e "$root/workbench-honest-$$/cpu.cfs_quota_us" ] || [ -e "$root/workbench-honest-$$/cpu.max" ]; then
            group=$root/workbench-honest-$$
            break
        fi
        rmdir "$root/workbench-honest-$$"
    fi
done
[ -n "$group" ] || echo "no cgroup can be made here: quotas are left out" >&2
loops=()
pid=
end() {
    [ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
    for loop in "${loops[@]}"; do kill "$loop" 2>/dev/null || true; done
    wait 2>/dev/null || true
    [ -z "$group" ] || rmdir "$group" || true
    rm -rf "$work"
}
trap end EXIT

quota() { # percent of one core, or none
    [ -n "$group" ] || return 0
    local version1=$group/cpu.cfs_quota_us
    if [ -e "$version1" ]; then
        if [ "$1" = none ]; then echo -1 >"$version1"; else echo $(($1 * 1000)) >"$version1"; fi
    elif [ "$1" = none ]; then
        echo max >"$group/cpu.max"
    else
        echo "$(($1 * 1000)) 100000" >"$group/cpu.max"
    fi
}

throttled() { # periods in which the group had to wait
    [ -z "$group" ] || sed -n 's/^nr_throttled //p' "$group/cpu.stat"
}

run() { # starts a run within the group
    (
        [ -z "$group" ] || echo "$BASHPID" >"$group/cgroup.procs"
        exec "$workbench" --run-dir "$work/runs" "$@" -q
    ) >"$work/out" 2>&1 &
    pid=$!
}

pause() { python3 -c "import random, time; random.seed('$1'); time.sleep(random.uniform($2, $3))"; }

accused=0
for n in $(seq "$runs"); do
    quota none
    run --lab rf --preset quick --seed "$n" --set models=8 --repeats 3
    case $((n % 6)) in
    0) what=quiet ;;
    1) what="busy loops that come and go"
        for _ in 1 2 3 4; do
            timeout 1 sh -c 'while :; do :; done' &
            loops=("$!")
            pause "$n" 0.1 0.6
        done ;;
    2) what="a quota that is cut and lifted"
        pause "$n" 0.1 0.6; quota 40; pause "$n" 0.5 1.5; quota none ;;
    3) what="stopped for seconds"
        pause "$n" 0.1 1; kill -STOP "$pid" 2>/dev/null || true; pause "$n" 1 4; kill -CONT "$pid" 2>/dev/null || true ;;
    4) what="killed and resumed"
        pause "$n" 0.5 1; kill -KILL "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true
        run resume latest ;;
    5) what="a quota all the time"
        quota 120 ;;
    esac
    wait "$pid" || { cat "$work/out" >&2; echo "run $n ($what) failed" >&2; exit 1; }
    quota none
    "$workbench" --run-dir "$work/runs" submit latest -o "$work/$n.zip" --draft >"$work/out" 2>&1 || { cat "$work/out" >&2; exit 1; }
    # A draft without answers is incomplete, which is an exit code of 1 too.
    { "$workbench" verify "$work/$n.zip" --reexecute 1 --json 2>"$work/out" || true; } >"$work/found.json"
    if ! python3 -c "
import json, sys
found = [f for f in json.load(open('$work/found.json'))[0]['findings'] if f['severity'] == 'error' and f['kind'] != 'incomplete']
for one in found:
    print(f\"run $n ($what): {one['kind']}: {one['text']}\")
sys.exit(bool(found))"; then
        accused=$((accused + 1))
    fi
    printf '.' >&2
done
printf '\n%s of %s honest hand-ins were accused; quotas held the runs up in %s periods\n' \
    "$accused" "$runs" "$(throttled)"
[ "$accused" = 0 ]

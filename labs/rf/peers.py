#!/usr/bin/env python3
"""The rf lab against what people would pick instead, side by side in one interleaved run.

Every round runs, in random order: each arm of workbench, scikit-learn with n_jobs=1 and n_jobs=all, and, where Ray is
installed, a Ray task per model. All train the same number of forests with the same parameters on the same split.
Times are wall seconds of the training loop alone; Ray's start-up is printed apart. Ratios are against scikit-learn with
n_jobs=1 of the same round; the interval is the range over the rounds.

    cargo build --release
    python3 -m pip install scikit-learn==1.9.1 pandas ray==2.60.0   # ray may be left out; also needs the zstd program
    python3 labs/rf/peers.py --rounds 3

The default is a tenth of the full size (5, 6, …, 34 trees); --first 50 --step 10 is the whole lab.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "assets" / "datasets"))
WORKBENCH = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "workbench"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--models", type=int, default=30)
    parser.add_argument("--first", type=int, default=5)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seed", type=int, default=42)
    return parser.parse_args()


def load():
    """The embedded table, unpacked, and split as the lab splits it."""
    import numpy
    from make_california_housing import ASSET, PLANES, rebuild
    from sklearn.model_selection import train_test_split

    packed = subprocess.run(["zstd", "-dc", ASSET], check=True, capture_output=True).stdout
    planes = numpy.frombuffer(packed, "u1").reshape(9, PLANES, -1).astype(numpy.int64)
    zigzag = sum(planes[:, plane] << (8 * plane) for plane in range(PLANES))
    integers = numpy.cumsum((zigzag >> 1) ^ -(zigzag & 1), axis=1).T
    table = rebuild(integers)
    y = table.pop("MedHouseVal")
    return train_test_split(numpy.column_stack(list(table.values())), y, test_size=0.2, random_state=42)


def forest(n_estimators, seed, n_jobs):
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(
        n_estimators=n_estimators, max_depth=20, min_samples_split=5, random_state=seed, n_jobs=n_jobs
    )


def train(n_estimators, data, seed, n_jobs):
    x_train, x_test, y_train, y_test = data
    model = forest(n_estimators, seed, n_jobs).fit(x_train, y_train)
    predictions = model.predict(x_test)
    return float(1 - ((predictions - y_test) ** 2).sum() / ((y_test - y_test.mean()) ** 2).sum())


def scikit_learn(sizes, data, seed, n_jobs):
    start = time.perf_counter()
    scores = [train(n, data, seed, n_jobs) for n in sizes]
    return time.perf_counter() - start, max(scores)


def with_ray(ray, sizes, data, seed):
    task = ray.remote(num_cpus=1)(train)
    start = time.perf_counter()
    shared = ray.put(data)
    scores = ray.get([task.remote(n, shared, seed, 1) for n in sizes])
    return time.perf_counter() - start, max(scores)


def workbench(arm, args, runs):
    command = [
        WORKBENCH, "--lab", "rf", "--repeats", "1", "--arms", arm if arm == "sequential" else f"sequential,{arm}",
        "--workers", str(args.workers), "--set", f"models={args.models}", "--set", f"n_estimators_first={args.first}",
        "--set", f"n_estimators_step={args.step}", "--run-dir", runs, "--json", "--quiet",
    ]  # fmt: skip
    document = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return {a["name"]: (a["wall_s"][0], a["quality"]["r2"]) for a in document["arms"]}


def main():
    args = arguments()
    if not WORKBENCH.exists():
        sys.exit(f"{WORKBENCH} is missing; run `cargo build --release` first")
    data = load()
    sizes = [args.first + i * args.step for i in range(args.models)]
    ray = None
    try:
        import ray

        start = time.perf_counter()
        ray.init(num_cpus=args.workers, include_dashboard=False, logging_level="ERROR")
        print(f"ray {ray.__version__} started in {time.perf_counter() - start:.1f} s", file=sys.stderr)
    except ImportError:
        print("ray is not installed: left out", file=sys.stderr)
    rounds = []
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory() as runs:
        for number in range(args.rounds):
            contenders = {
                "scikit-learn n_jobs=1": lambda: scikit_learn(sizes, data, args.seed, 1),
                f"scikit-learn n_jobs={args.workers}": lambda: scikit_learn(sizes, data, args.seed, args.workers),
                "workbench sequential": lambda: workbench("sequential", args, runs)["sequential"],
                "workbench tasks": lambda: workbench("tasks", args, runs)["tasks"],
                "workbench trees": lambda: workbench("trees", args, runs)["trees"],
            }
            if ray is not None:
                contenders["Ray, a task per model"] = lambda: with_ray(ray, sizes, data, args.seed)
            order = list(contenders)
            rng.shuffle(order)
            rounds.append({name: contenders[name]() for name in order})
            print(f"round {number + 1} of {args.rounds} done", file=sys.stderr)
    if ray is not None:
        ray.shutdown()
    print(f"{sum(sizes)} trees in {args.models} forests, {args.workers} workers, {args.rounds} rounds\n")
    print("| contender | wall s (median) | against scikit-learn n_jobs=1 (range) | best R² |")
    print("|---|---|---|---|")
    base = "scikit-learn n_jobs=1"
    for name in sorted(rounds[0], key=lambda n: -statistics.median(r[n][0] for r in rounds)):
        walls = [r[name][0] for r in rounds]
        ratios = [r[base][0] / r[name][0] for r in rounds]
        print(
            f"| {name} | {statistics.median(walls):.1f} | {statistics.median(ratios):.2f}× "
            f"({min(ratios):.2f} to {max(ratios):.2f}) | {rounds[0][name][1]:.3f} |"
        )


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The forest engine against scikit-learn, LightGBM, ranger and smartcore, one core each, in interleaved rounds.

    cargo build --release -p workbench-forest --example peer
    python3 -m pip install scikit-learn==1.9.1 pandas lightgbm   # LightGBM may be left out; also needs the zstd program
    apt-get install r-cran-ranger                                # may be left out
    python3 crates/forest/benches/peers.py --rounds 5            # the table of docs/performance.md
    python3 crates/forest/benches/peers.py --equivalence 30      # scores over 30 seeds, with a test of equivalence

Every round runs all contenders in random order, each pinned to one core. What is compared is the CPU time of fit and
predict together per tree; reading, and for this engine sorting (once for all trees of a data set, stated
apart), are left out. Ratios are against scikit-learn in the same round; in brackets is their range over the rounds.
"""

import argparse
import importlib.util
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "assets" / "datasets"))
sys.path.insert(0, str(ROOT / "crates" / "forest" / "tests" / "fixtures"))
PEER = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "examples" / "peer"


def california():
    from make import california as split

    x_train, x_test, y_train, y_test = split(whole=True)
    x, y = np.concatenate([x_train, x_test]), np.concatenate([y_train, y_test])
    return x, y, len(y_test), {"max_depth": 20, "min_samples_split": 5}


def ties():
    r = np.random.RandomState(1)
    x = r.randint(0, 10, (20_000, 12))
    return x, np.round(x[:, 0] * x[:, 1] + x[:, 2] + r.normal(size=20_000) * 3), 4_000, {"min_samples_split": 5}


def classes():
    r = np.random.RandomState(2)
    centres = r.normal(size=(10, 20)) * 1.5
    y = r.randint(0, 10, 20_000)
    return centres[y] + r.normal(size=(20_000, 20)), y, 4_000, {"max_features": 4}


def missing():
    x, y, test, parameters = california()
    x = x.copy()
    x[np.random.RandomState(3).uniform(size=x.shape) < 0.1] = np.nan
    return x, y, test, parameters


def wide():
    r = np.random.RandomState(4)
    x = r.normal(size=(2_000, 5_000))
    return x, np.round(x[:, :20].sum(axis=1) * 100), 400, {"max_features": 1_666}


def large():
    r = np.random.RandomState(5)
    x = r.normal(size=(1_000_000, 50)).astype(np.float32)
    y = x[:, 0] * x[:, 1] + np.sin(3 * x[:, 2]) + r.normal(size=1_000_000)
    return x, y, 100_000, {"max_depth": 12, "max_features": 16}


SETS = {"california": california, "ties": ties, "ten classes": classes, "missing": missing, "2,000 x 5,000": wide, "1,000,000 x 50": large}
TREES = {"california": 20, "ties": 10, "ten classes": 10, "missing": 10, "2,000 x 5,000": 2, "1,000,000 x 50": 1}


class Data:
    def __init__(self, name, folder):
        x, y, self.test, self.parameters = SETS[name]()
        order = np.random.RandomState(0).permutation(len(y))
        self.x, self.y = np.asarray(x, dtype=np.float32)[order], y[order]
        self.name, self.trees, self.classes = name, TREES[name], y.dtype.kind in "iu"
        self.file = str(Path(folder) / (name.replace(",", "").replace(" ", "-") + ".bin"))
        with open(self.file, "wb") as out:
            out.write(self.x.T.astype("<f4").tobytes())
            out.write(self.y.astype("<f8").tobytes())

    def split(self):
        n = len(self.y) - self.test
        return self.x[:n], self.x[n:], self.y[:n], self.y[n:]


def limits(data):
    return {"max_depth": None, "min_samples_split": 2, "max_features": None, **data.parameters}


def engine(data, seed, trees, path=None):
    job = {
        "file": data.file, "rows": len(data.y), "test": data.test, "columns": data.x.shape[1], "classes": data.classes,
        "trees": trees, "seed": seed, "path": path, **limits(data),
    }  # fmt: skip
    said = json.loads(subprocess.run([PEER, json.dumps(job)], check=True, capture_output=True).stdout)
    return (said["fit"] + said["predict"]) / trees, said["score"], said


def ranger(data, seed, trees):
    """ranger counts every copy of a row that its sample has several times."""
    parameters = limits(data)
    given = [len(data.y), data.test, data.x.shape[1], int(data.classes), trees, seed]
    given += [parameters[name] or 0 for name in ("max_depth", "min_samples_split", "max_features")]
    command = ["Rscript", "--vanilla", str(Path(__file__).with_name("ranger.R")), data.file, *map(str, given)]
    said = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return (said["fit"] + said["predict"]) / trees, said["score"], said


def scikit_learn(data, seed, trees):
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    kind = RandomForestClassifier if data.classes else RandomForestRegressor
    parameters = {"max_features": None, **data.parameters}
    x_train, x_test, y_train, y_test = data.split()
    model = kind(n_estimators=trees, random_state=seed, n_jobs=1, **parameters)
    start = time.process_time()
    model.fit(x_train, y_train)
    model.predict(x_test)
    return (time.process_time() - start) / trees, model.score(x_test, y_test), {}


def lightgbm(data, seed, trees):
    """LightGBM's random forest: histograms of 255 bins, leaves instead of depth, so other trees."""
    import lightgbm

    leaves = int(data.leaves)
    parameters = {
        "objective": "multiclass" if data.classes else "regression", "boosting": "rf", "bagging_freq": 1,
        "bagging_fraction": 0.632, "num_leaves": leaves, "min_data_in_leaf": 1, "num_threads": 1, "verbosity": -1, "seed": seed,
        "feature_fraction_bynode": data.parameters.get("max_features", data.x.shape[1]) / data.x.shape[1],
    }  # fmt: skip
    if data.classes:
        parameters["num_class"] = int(data.y.max()) + 1
    x_train, x_test, y_train, y_test = data.split()
    rows = lightgbm.Dataset(x_train, y_train, params=parameters).construct()
    start = time.process_time()
    model = lightgbm.train(parameters, rows, trees)
    said = model.predict(x_test)
    seconds = (time.process_time() - start) / trees
    if data.classes:
        return seconds, float((said.argmax(axis=1) == y_test).mean()), {}
    return seconds, float(1 - ((said - y_test) ** 2).sum() / ((y_test - y_test.mean()) ** 2).sum()), {}


def compare(args, folder):
    contenders = {"scikit-learn": scikit_learn, "this engine": engine}
    contenders["AVX2"] = lambda d, s, t: engine(d, s, t, "avx2")
    contenders["portable"] = lambda d, s, t: engine(d, s, t, "portable")
    contenders["general engine"] = lambda d, s, t: engine(d, s, t, "general")
    contenders["smartcore"] = lambda d, s, t: engine(d, s, t, "smartcore")
    if importlib.util.find_spec("lightgbm"):
        contenders["LightGBM rf"] = lightgbm
    if shutil.which("Rscript"):
        contenders["ranger"] = ranger
    if args.only:
        contenders = {who: run for who, run in contenders.items() if who in ("scikit-learn", *args.only)}
    print("| data | contender | ms per tree (median) | times as fast (range) | score |\n|---|---|---|---|---|")
    rng = random.Random(1)
    for name in args.data:
        data = Data(name, folder)
        _, _, said = engine(data, 0, 1)
        data.leaves = (said["nodes"] + 1) / 2
        rounds = []
        for number in range(args.rounds):
            order = list(contenders)
            # They take no missing values.
            if np.isnan(data.x).any():
                order = [who for who in order if who not in ("smartcore", "ranger")]
            rng.shuffle(order)
            rounds.append({who: contenders[who](data, number, data.trees) for who in order})
        for who in [who for who in contenders if who in rounds[0]]:
            seconds = [r[who][0] for r in rounds]
            ratios = [r["scikit-learn"][0] / r[who][0] for r in rounds]
            ratio = f"{statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
            print(f"| {name} | {who} | {1e3 * statistics.median(seconds):.2f} | {ratio} | {rounds[0][who][1]:.3f} |", flush=True)
        print(f"| {name} | sorting, once | {1e3 * said['sorting']:.1f} | | |", flush=True)


def equivalence(args, folder):
    """Two one-sided t-tests of Welch: do the mean scores differ by less than a half per cent?"""
    from scipy import stats

    for name in [name for name in args.data if name in ("california", "ten classes")]:
        data = Data(name, folder)
        # Of what is lost: 1 - R2 is the MSE up to a constant, 1 - accuracy the share of errors.
        ours = np.array([1 - engine(data, seed, 50)[1] for seed in range(args.equivalence)])
        theirs = np.array([1 - scikit_learn(data, seed, 50)[1] for seed in range(args.equivalence)])
        margin = 0.005 * theirs.mean()
        low = stats.ttest_ind(ours + margin, theirs, equal_var=False, alternative="greater").pvalue
        high = stats.ttest_ind(ours - margin, theirs, equal_var=False, alternative="less").pvalue
        same = stats.ks_2samp(ours, theirs).pvalue
        print(f"{name}: loss {ours.mean():.5f} and {theirs.mean():.5f}, {100 * (ours.mean() / theirs.mean() - 1):+.3f} %; "
              f"equivalent within 0.5 % with p = {max(low, high):.2g}; KS p = {same:.2g}")  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--data", nargs="*", default=[name for name in SETS if name != "1,000,000 x 50"])
    parser.add_argument("--equivalence", type=int, metavar="SEEDS")
    parser.add_argument("--only", nargs="*", metavar="CONTENDER", help="beside scikit-learn")
    args = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        (equivalence if args.equivalence else compare)(args, folder)


if __name__ == "__main__":
    main()

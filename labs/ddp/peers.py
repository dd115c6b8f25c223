#!/usr/bin/env python3
"""The ddp lab against what people would pick instead, side by side in one interleaved run.

Every round runs, in random order, the same training (model, rows, batch, threads, processes):

- `torchrun`: PyTorch's own DDP, `peer.py`, under torchrun; and with PyTorch's fused Adam, which few switch on and the worker has
- `Ray Train`: the same `peer.py` under Ray Train, where Ray is installed
- `torchrun, worker`: `workbench-worker train` under torchrun
- `workbench ddp` and `workbench launcher`: the lab's arms

and then, with checkpoints, the same with one rank killed on the way: torchrun with --max-restarts and Ray Train with max_failures
against the launcher.
Every line is stamped when it arrives, so all are measured from outside: from the start of the command to the end of the first step
(workbench's own start is in it), images per second from step to step after that, and from SIGKILL to the end of the next step.
Ratios are against torchrun of the same round; the interval is the range over the rounds. At the end it says whether the worker under
torchrun came to the same parameters, bit for bit, and the same losses as the lab's ddp arm.

    cargo build --release && workbench setup --yes
    python3 -m pip install torch==2.11.0 'ray[train]==2.60.0'   # Ray may be left out; also needs the zstd program
    python3 labs/ddp/peers.py --rounds 5
"""

import argparse
import importlib.util
import json
import math
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORKBENCH = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "workbench"
TORCHRUN = Path(sys.executable).parent / "torchrun"
STEP = re.compile(r"step +(\d+) +epoch +\d+ +loss +(\S+)")
PARAMETERS = re.compile(r"parameters ([0-9a-f]{64})")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", choices=["resnet18", "cnn"], default="resnet18")
    parser.add_argument("--batch", type=int, default=64, help="rows of one step of one rank")
    parser.add_argument("--steps", type=int, default=60, help="steps of a training")
    parser.add_argument("--kill-at", type=int, default=25, help="the step after which a rank is killed")
    parser.add_argument("--checkpoint-every", type=int, default=20)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", choices=["steady", "kill", "both"], default="both", help="what is measured")
    return parser.parse_args()


ARGS = arguments()
# Seconds after which a training is given up.
PATIENCE_S = 180
ROWS = ARGS.batch * ARGS.workers * ARGS.steps


def unpack(directory):
    """MNIST's IDX files: the embedded frames hold the labels and then the images."""
    for part, name, rows in [("train", "train", 60_000), ("test", "t10k", 10_000)]:
        packed = ROOT / "assets" / "datasets" / f"mnist_{part}.zst"
        both = subprocess.run(["zstd", "-dc", packed], check=True, capture_output=True).stdout
        (directory / f"{name}-labels-idx1-ubyte").write_bytes(both[: rows + 8])
        (directory / f"{name}-images-idx3-ubyte").write_bytes(both[rows + 8 :])


def environment():
    return dict(os.environ, OMP_NUM_THREADS="1", PYTHONUNBUFFERED="1")


def rank_one(root):
    """The process of rank 1 below another: the one with RANK=1 in its environment and no such child."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, ProcessLookupError):
            continue
        if b"RANK=1" in variables and parent == root:
            found.append(int(entry.name))
    return found[0]


class Run:
    """What was seen of one training."""

    def __init__(self):
        self.steps = []  # (seconds since the start, step, loss)
        self.parameters = None
        self.killed = None
        self.recovered = None

    def first_step(self):
        return self.steps[0][0]

    def rate(self):
        """Images per second of all ranks after the first tenth, without the steps around a failure."""
        used = [step for step in self.steps if step[1] >= ARGS.steps // 10]
        return (used[-1][1] - used[0][1]) * ARGS.batch * ARGS.workers / (used[-1][0] - used[0][0])

    def recovery(self):
        """Seconds from SIGKILL to the end of the next step of any number, that step included; infinite where none came in time."""
        if self.recovered is None:
            # What was on its way when the rank died may still arrive.
            after = (at for at, _, _ in self.steps if at > self.killed + 0.2)
            self.recovered = next(after, math.inf) - self.killed
        return self.recovered


def give_up(process):
    """Ends all that a command has started and that has a session of its own below it."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name != str(process.pid):
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if parent == process.pid:
                os.kill(int(entry.name), signal.SIGKILL)
    process.kill()


def torchrun(program, kill, restarts):
    """Runs under torchrun and stamps its lines."""
    command = [TORCHRUN, "--standalone", "--nproc-per-node", str(ARGS.workers), f"--max-restarts={restarts}", *program]
    run = Run()
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment(), start_new_session=True
        )  # fmt: skip
        patience = threading.Timer(PATIENCE_S, give_up, [process])
        patience.start()
        for line in process.stdout:
            at = time.perf_counter() - start
            if found := STEP.search(line):
                run.steps.append((at, int(found[1]), float(found[2])))
                if kill and run.killed is None and int(found[1]) >= ARGS.kill_at:
                    run.killed = time.perf_counter() - start
                    os.kill(rank_one(process.pid), signal.SIGKILL)
            if found := PARAMETERS.search(line):
                run.parameters = found[1]
        hung = process.wait() == -signal.SIGKILL and kill
        patience.cancel()
        if process.returncode != 0 and not hung:
            errors.seek(0)
            sys.exit(f"{command} failed:\n{errors.read()}")
    return run


def peer_arguments(data, checkpoints):
    arguments = [
        "--data", str(data), "--model", ARGS.model, "--epochs", "1", "--batch", str(ARGS.batch), "--seed", str(ARGS.seed),
        "--train-rows", str(ROWS), "--test-rows", "500", "--report-every", "1",
    ]  # fmt: skip
    if checkpoints:
        arguments += ["--checkpoint-dir", checkpoints, "--checkpoint-every", str(ARGS.checkpoint_every)]
    return arguments


def peer(data, kill=False, fused=False):
    with tempfile.TemporaryDirectory() as checkpoints:
        program = [ROOT / "labs" / "ddp" / "peer.py", *peer_arguments(data, checkpoints if kill else None)]
        program += ["--fused"] * fused
        return torchrun(program, kill, 3 if kill else 0)


def ray_train(data, kill=False):
    """Ray Train: lines and processes are in files, see `peer_ray.py`."""
    with tempfile.TemporaryDirectory() as scratch:
        lines = Path(scratch) / "lines"
        command = [sys.executable, str(ROOT / "labs" / "ddp" / "peer_ray.py"), *peer_arguments(data, scratch if kill else None)]
        run = Run()
        start = time.time()
        with tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=errors,
                env=dict(environment(), PEER_LINES=str(lines), WORKERS=str(ARGS.workers)),
            )  # fmt: skip
            while process.poll() is None:
                time.sleep(0.005)
                if not kill or run.killed is not None or not lines.exists():
                    continue
                if any(int(step) >= ARGS.kill_at for step, _ in STEP.findall(lines.read_text())):
                    run.killed = time.time() - start
                    os.kill(int(Path(f"{lines}.1").read_text()), signal.SIGKILL)
            if process.returncode != 0:
                errors.seek(0)
                sys.exit(f"{command} failed:\n{errors.read()}")
        for line in lines.read_text().splitlines():
            if found := STEP.search(line):
                run.steps.append((float(line.split()[0]) - start, int(found[1]), float(found[2])))
        return run


def worker(program, kill=False):
    with tempfile.TemporaryDirectory() as checkpoints:
        command = [
            "--no-python", program, "train", "--program", "by-hand", "--model", ARGS.model, "--epochs", "1",
            "--batch", str(ARGS.batch), "--seed", str(ARGS.seed), "--train-rows", str(ROWS), "--test-rows", "500",
            "--report-every", "1",
        ]  # fmt: skip
        if kill:
            folder = ["--checkpoint-dir", checkpoints, "--resume", checkpoints]
            command += [*folder, "--checkpoint-every", str(ARGS.checkpoint_every)]
        return torchrun(command, kill, 3 if kill else 0)


def workbench(arms, kill=False):
    """Runs the lab's arms; `single` goes with them, because speed-ups are stated against it. Steps are in the event log, stamped by the
    run's own clock. What an arm waited for the arms before it is taken off."""
    with tempfile.TemporaryDirectory() as runs:
        settings = {
            "model": ARGS.model, "epochs": 1, "batch": ARGS.batch, "train_rows": ROWS, "test_rows": 500, "threads": 1,
            "checkpoint_every": ARGS.checkpoint_every if kill else 0,
        }  # fmt: skip
        command = [
            WORKBENCH, "--lab", "ddp", "--repeats", "1", "--arms", ",".join(["single", *arms]), "--workers",
            str(ARGS.workers), "--seed", str(ARGS.seed), "--run-dir", runs, "--json", "--quiet",
        ]  # fmt: skip
        for name, value in settings.items():
            command += ["--set", f"{name}={value}"]
        if kill:
            command += ["--set", f"fault=kill:rank=1,step={ARGS.kill_at}"]
        start = time.time()
        done = subprocess.run(command, capture_output=True, text=True, env=environment())
        if done.returncode not in (0, 1):
            sys.exit(f"{command} failed:\n{done.stderr}")
        result = json.loads(done.stdout)
        (log,) = Path(runs).glob("*/events.jsonl")
        events = [json.loads(line) for line in log.read_text().splitlines()]
    ready = events[0]["unix_ms"] / 1e3 - start
    seen = {f"workbench {arm}": Run() for arm in arms}
    for event in events:
        if event["event"] == "repeat_started":
            began, run = event["t_ns"], seen.get(f"workbench {event['arm']}", Run())
        if event["event"] == "metric" and event["name"] == "loss":
            run.steps.append((ready + (event["t_ns"] - began) / 1e9, event["step"], event["value"]))
    for arm in result["arms"][1:]:
        run, figures = seen[f"workbench {arm['name']}"], arm["quality"]
        run.parameters = figures["parameters_sha256"]
        if kill:
            # Noticed within: from the last sign of life, so more than from the kill.
            run.recovered = figures["failure_noticed_within_s"] + figures["failure_to_next_step_s"]
    return seen


def table(title, rounds, base, figure, unit, better):
    print(f"\n| {title} | median {unit} | against {base} (range) |\n|---|---|---|")
    for name in rounds[0]:
        values = [figure(r[name]) for r in rounds]
        ratios = [better(figure(r[base]), figure(r[name])) for r in rounds]
        print(
            f"| {name} | {statistics.median(values):.2f} | {statistics.median(ratios):.2f}× "
            f"({min(ratios):.2f} to {max(ratios):.2f}) |"
        )


def interleaved(contenders):
    """Runs all in random order, round after round. Each gives what was seen of one or more trainings by name."""
    rng = random.Random(ARGS.seed)
    rounds = []
    for number in range(ARGS.rounds):
        order = list(range(len(contenders)))
        rng.shuffle(order)
        seen = {place: contenders[place]() for place in order}
        rounds.append({name: run for place in range(len(contenders)) for name, run in seen[place].items()})
        print(f"round {number + 1} of {ARGS.rounds} done", file=sys.stderr)
    return rounds


def same_model(rounds):
    """Whether the worker under torchrun trained what the lab's arm did. A loss printed by rank 0 is that of its own rows, and the lab's
    is that of all, so the parameters at the end are what tells."""
    pairs = [(r["torchrun, worker"].parameters, r["workbench ddp"].parameters) for r in rounds]
    equal = sum(a == b and a is not None for a, b in pairs)
    print(f"\nparameters equal, bit for bit, under torchrun and in the lab: {equal} of {len(pairs)} rounds")


def steady(data, program, has_ray):
    rounds = interleaved([
        lambda: {"torchrun": peer(data)},
        lambda: {"torchrun, fused Adam": peer(data, fused=True)},
        *([lambda: {"Ray Train": ray_train(data)}] if has_ray else []),
        lambda: {"torchrun, worker": worker(program)},
        lambda: workbench(["ddp", "launcher"]),
    ])  # fmt: skip
    table("steady training", rounds, "torchrun", Run.rate, "images/s", lambda base, own: own / base)
    table("first step", rounds, "torchrun", Run.first_step, "s", lambda base, own: base / own)
    ratios = [r["workbench launcher"].rate() / r["workbench ddp"].rate() for r in rounds]
    print(f"\nlauncher against ddp, images/s: {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})")
    same_model(rounds)


def killed(data, program, has_ray):
    rounds = interleaved([
        lambda: {"torchrun": peer(data, kill=True)},
        *([lambda: {"Ray Train": ray_train(data, kill=True)}] if has_ray else []),
        lambda: {"torchrun, worker": worker(program, kill=True)},
        lambda: workbench(["launcher"], kill=True),
    ])  # fmt: skip
    print("\n| SIGKILL to next step | s, round by round | median |\n|---|---|---|")
    for name in rounds[0]:
        took = [r[name].recovery() for r in rounds]
        shown = ", ".join("never" if math.isinf(s) else f"{s:.2f}" for s in took)
        print(f"| {name} | {shown} | {statistics.median(took):.2f} |")


def main():
    if not WORKBENCH.exists():
        sys.exit(f"{WORKBENCH} is missing; run `cargo build --release` first")
    setup = subprocess.run([WORKBENCH, "setup", "--env"], capture_output=True, text=True)
    found = re.search(r"WORKBENCH_WORKER='(.*)'", setup.stdout)
    if not found or not TORCHRUN.exists():
        sys.exit("needs `workbench setup`, and torchrun beside this python: see --help")
    program = os.environ.get("WORKBENCH_WORKER", found[1])
    has_ray = importlib.util.find_spec("ray") is not None
    with tempfile.TemporaryDirectory() as data:
        unpack(Path(data))
        print(f"{ARGS.model}, {ARGS.steps} steps of {ARGS.batch} rows on each of {ARGS.workers} ranks, {ARGS.rounds} rounds")
        if ARGS.part != "kill":
            steady(data, program, has_ray)
        if ARGS.part != "steady":
            killed(data, program, has_ray)


if __name__ == "__main__":
    main()

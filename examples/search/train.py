"""A program whose settings `workbench --lab tune` searches. It needs nothing but Python 3.8.

A polynomial is fitted to noisy points of a sine by gradient descent with momentum. One epoch is one
unit of budget. Run it alone, or search:

    python3 examples/search/train.py --lr 0.1
    workbench --lab tune --set objective=program --set budget=27 --set grace=3 --set trials=20 \
        --set reduction=3 --arms random,random+asha \
        --space 'lr=loguniform(1e-3,1) ;; momentum=uniform(0,0.95) ;; degree=integer(1,9)' \
        --set 'command=python3 examples/search/train.py --lr {lr} --momentum {momentum}
               --degree {degree} --seed {seed} --epochs {units} --keep {checkpoint}'
"""

import argparse
import json
import math
import os
import random


def tell(name, value, step):
    """Tells workbench a point of a curve; prints it where nobody listens."""
    value = value if math.isfinite(value) else "NaN"
    line = json.dumps({"event": "metric", "name": name, "value": value, "step": step})
    listener = os.environ.get("WORKBENCH_EVENTS")
    if listener:
        os.write(int(listener), line.encode() + b"\n")
    else:
        print(line)


def points(count, rng):
    """Noisy points of a sine."""
    xs = [rng.uniform(-1, 1) for _ in range(count)]
    return [(x, math.sin(3 * x) + rng.gauss(0, 0.1)) for x in xs]


def predict(weights, x):
    return sum(weight * x**power for power, weight in enumerate(weights))


def error(weights, rows):
    return sum((predict(weights, x) - y) ** 2 for x, y in rows) / len(rows)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--momentum", type=float, default=0.9)
    parser.add_argument("--degree", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--keep", help="a folder to go on from, and to keep the state in")
    args = parser.parse_args()

    data = random.Random(7)
    train, validation, test = points(60, data), points(40, data), points(40, data)
    rng = random.Random(args.seed)
    weights = [rng.gauss(0, 0.1) for _ in range(args.degree + 1)]
    speeds = [0.0] * len(weights)
    epoch = 0

    kept = args.keep and os.path.join(args.keep, "state.json")
    if kept:
        os.makedirs(args.keep, exist_ok=True)
    if kept and os.path.exists(kept):
        with open(kept) as file:
            epoch, weights, speeds, loss = json.load(file)
        # It may have been ended between keeping and telling.
        tell("loss", loss, epoch)
    while epoch < args.epochs:
        for x, y in train:
            off = predict(weights, x) - y
            for power in range(len(weights)):
                speeds[power] = args.momentum * speeds[power] - args.lr / 60 * off * x**power
                weights[power] += speeds[power]
        epoch += 1
        loss = error(weights, validation)
        if kept:
            # In one step, so that there is always a whole one: keep first, then tell.
            with open(kept + ".new", "w") as file:
                json.dump([epoch, weights, speeds, loss], file)
            os.replace(kept + ".new", kept)
        if epoch == args.epochs and os.environ.get("WORKBENCH_JUDGE") == "1":
            tell("test", error(weights, test), epoch)
        tell("loss", loss, epoch)


if __name__ == "__main__":
    main()

"""The rf lab with scikit-learn, alone and under what people run it with in parallel.

Argument: the arm. Parameters and data come from workbench: variables, and files in WORKBENCH_SCRATCH.
"""

import os
import sys
import time
from pathlib import Path

import workbench_arm as arm

# Tasks that do nothing, which are handed over at once to see what a task costs.
NOTHINGS = 500


def param(name, default=""):
    return os.environ.get(f"WORKBENCH_PARAM_{name.upper()}", default)


SCRATCH = Path(os.environ["WORKBENCH_SCRATCH"])
WORKERS = int(os.environ["WORKBENCH_WORKERS"])
SEED = int(os.environ["WORKBENCH_SEED"])
FIRST, STEP, MODELS = (int(param(name)) for name in ("n_estimators_first", "n_estimators_step", "models"))


def max_features():
    text = param("max_features", "all").strip()
    if text == "all":
        return None
    if text in ("sqrt", "log2"):
        return text
    return int(text) if text.isdigit() else float(text)


def load():
    """The lab's rows: the same split, features as the 32-bit numbers that both engines take."""
    import numpy

    return [numpy.load(SCRATCH / f"{name}.npy") for name in ("x_train", "x_test", "y_train", "y_test")]


def settings():
    """What scikit-learn is told about every forest."""
    return {
        "max_depth": int(param("max_depth")),
        "min_samples_split": int(param("min_samples_split")),
        "min_samples_leaf": int(param("min_samples_leaf")),
        "max_features": max_features(),
        "bootstrap": param("bootstrap") == "true",
        "random_state": SEED,
    }


def machine():
    """Tells machines apart."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read()
    except OSError:
        return ""


HERE = machine()


def train(n_estimators, data, given, is_classes, n_jobs=1):
    """Grows a forest, predicts the test rows and judges the predictions. Runs anywhere."""
    import hashlib
    import os
    import threading
    import time

    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    started, cpu = time.monotonic_ns(), time.thread_time_ns()
    x_train, x_test, y_train, y_test = data
    kind = RandomForestClassifier if is_classes else RandomForestRegressor
    model = kind(n_estimators=n_estimators, n_jobs=n_jobs, **given).fit(x_train, y_train)
    predictions = model.predict(x_test)
    if is_classes:
        figures = {"accuracy": float((predictions == y_test).mean())}
    else:
        squares = (predictions - y_test) ** 2
        total = ((y_test - y_test.mean()) ** 2).sum()
        figures = {"mse": float(squares.mean()), "r2": float(1 - squares.sum() / total)}
    return {
        "trees": n_estimators,
        "rows": len(y_test),
        "figures": figures,
        "sha256": hashlib.sha256(predictions.astype("<f8").tobytes()).hexdigest(),
        "started_ns": started,
        "finished_ns": time.monotonic_ns(),
        "cpu_ns": time.thread_time_ns() - cpu,
        "by": f"{os.getpid()}.{threading.get_ident()}",
        "where": machine(),
    }


def nothing(*_):
    """A task that does nothing."""


class OneByOne:
    """scikit-learn, one forest after another."""

    def __init__(self, n_jobs=1):
        self.n_jobs = n_jobs

    def start(self, work):
        import sklearn.ensemble  # noqa: F401

        self.work = work

    def run(self, sizes):
        for n in sizes:
            yield train(n, *self.work, self.n_jobs)

    def nothings(self):
        return 0

    def stop(self):
        pass


class Joblib:
    """A process for each worker, and a forest for each call."""

    def start(self, work):
        from joblib import Parallel, delayed

        self.work, self.delayed = work, delayed
        self.parallel = Parallel(n_jobs=WORKERS, return_as="generator_unordered", batch_size=1)
        self.parallel.__enter__()
        list(self.parallel(delayed(warm)() for _ in range(WORKERS)))

    def run(self, sizes):
        return self.parallel(self.delayed(train)(n, *self.work) for n in sizes)

    def nothings(self):
        list(self.parallel(self.delayed(nothing)() for _ in range(NOTHINGS)))
        return NOTHINGS

    def stop(self):
        from joblib.externals.loky import get_reusable_executor

        self.parallel.__exit__(None, None, None)
        get_reusable_executor().shutdown(wait=True)


def warm():
    """What the first task would do otherwise: the worker imports what it needs."""
    import time

    import sklearn.ensemble  # noqa: F401

    # So that every worker gets one.
    time.sleep(0.05)


class Ray:
    """A remote task for each forest, and the data in the object store."""

    def start(self, work):
        import ray

        self.ray = ray
        options = {"logging_level": "ERROR", "log_to_driver": False}
        if not os.environ.get("RAY_ADDRESS"):
            options |= {"num_cpus": WORKERS, "include_dashboard": False}
        ray.init(**options)
        data, *rest = work
        self.work = [ray.put(data), *rest]
        self.task = ray.remote(num_cpus=1)(train)
        ray.get([ray.remote(num_cpus=1)(warm).remote() for _ in range(WORKERS)])

    def run(self, sizes):
        left = [self.task.remote(n, *self.work) for n in sizes]
        while left:
            done, left = self.ray.wait(left)
            yield from self.ray.get(done)

    def nothings(self):
        task = self.ray.remote(num_cpus=1)(nothing)
        self.ray.get([task.remote() for _ in range(NOTHINGS)])
        return NOTHINGS

    def stop(self):
        self.ray.shutdown()


class Dask:
    """A local cluster with a process for each worker, and the data scattered to all of them."""

    def start(self, work):
        import dask
        from distributed import Client, LocalCluster, as_completed

        dask.config.set({"distributed.scheduler.active-memory-manager.start": False})
        self.as_completed = as_completed
        self.cluster = LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, dashboard_address=None, local_directory=str(SCRATCH)
        )
        self.client = Client(self.cluster)
        data, *rest = work
        self.work = [self.client.scatter([data], broadcast=True, hash=False)[0], *rest]
        self.client.run(warm)

    def run(self, sizes):
        futures = [self.client.submit(train, n, *self.work, pure=False) for n in sizes]
        for future in self.as_completed(futures):
            yield future.result()

    def nothings(self):
        self.client.gather(self.client.map(nothing, range(NOTHINGS), pure=False))
        return NOTHINGS

    def stop(self):
        self.client.close()
        self.cluster.close()


ARMS = {
    "sklearn": OneByOne,
    "sklearn-jobs": lambda: OneByOne(WORKERS),
    "joblib": Joblib,
    "ray": Ray,
    "dask": Dask,
}


def tell_task(model):
    """When a forest was grown; clocks of other machines are not this one's."""
    if model["where"] == HERE:
        times = model["started_ns"], model["finished_ns"], model["cpu_ns"]
        arm.span(f"n_estimators={model['trees']}", *times, model["by"])


def tell(model):
    """What came of one forest."""
    name = f"n_estimators={model['trees']}"
    arm.output(name, sha256=model["sha256"], trees=model["trees"], **model["figures"])
    arm.work(models=1, trees=model["trees"], rows_predicted=model["rows"], evaluations=1)
    for curve, figure in (("test R²", "r2"), ("test accuracy", "accuracy")):
        if figure in model["figures"]:
            arm.metric(curve, model["figures"][figure], step=model["trees"])


def main(name):
    """Start-up, work, and what a task costs."""
    tool = ARMS[name]()
    data = load()
    is_classes = data[3].dtype.kind == "i"
    tool.start([data, settings(), is_classes])
    sizes = [FIRST + STEP * model for model in range(MODELS)]
    if param("order") == "longest-first":
        sizes.reverse()
    models, total = [], sum(sizes)
    arm.ready()
    for model in tool.run(sizes):
        models.append(model)
        # A forest is a task where one thread grows it.
        if name != "sklearn-jobs" or WORKERS == 1:
            tell_task(model)
        arm.progress(sum(model["trees"] for model in models), total)
    arm.done()
    for model in models:
        tell(model)
    figure = "accuracy" if is_classes else "mse"
    best = (max if is_classes else min)(models, key=lambda model: model["figures"][figure])
    arm.quality(f"best_{figure}", best["figures"][figure])
    arm.quality("best_model", f"n_estimators={best['trees']}")
    if "r2" in best["figures"]:
        arm.quality("r2", best["figures"]["r2"])
    # The first of them wake what sleeps.
    if tool.nothings():
        begun = time.monotonic_ns()
        count = tool.nothings()
        arm.fact(task_overhead_ns=(time.monotonic_ns() - begun) // count)
    tool.stop()


if __name__ == "__main__":
    main(sys.argv[1])

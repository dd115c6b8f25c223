"""Search engines of others, asked by workbench: one line of JSON on standard input is a question,
one on standard output its answer. Trials are trained by workbench; here it is only decided which
configuration is tried next, and whether a trial is stopped.

Optuna is driven by its ask and tell. Ray Tune has none for its schedulers, so its ASHA is called as
Tune's own loop calls it (`on_trial_add`, `on_trial_result`), with configurations drawn from Tune's
search domains.
"""

import json
import sys


class Optuna:
    """TPE; with `prunes`, trials are stopped by Hyperband."""

    def __init__(self, asked, prunes):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.optuna = optuna
        pruner = optuna.pruners.NopPruner()
        if prunes:
            pruner = optuna.pruners.HyperbandPruner(
                min_resource=asked["grace"],
                max_resource=asked["budget"],
                reduction_factor=asked["reduction"],
            )
        # Hyperband gives a trial its bracket by the study's name.
        self.study = optuna.create_study(
            study_name="workbench",
            direction="minimize",
            sampler=optuna.samplers.TPESampler(seed=asked["seed"]),
            pruner=pruner,
        )
        self.trials = {}
        self.prunes = prunes

    def start(self, number):
        self.trials[number] = self.study.ask()

    def suggest(self, number, asked):
        trial, name = self.trials[number], asked["name"]
        if asked["kind"] == "index":
            return trial.suggest_categorical(name, list(range(asked["count"])))
        if asked["kind"] == "integer":
            step = asked["step"]
            return trial.suggest_int(name, asked["low"], asked["high"], step=step, log=asked["log"])
        low, high = asked["low"], asked["high"]
        return trial.suggest_float(name, low, high, step=asked["step"], log=asked["log"])

    def report(self, number, budget, loss):
        if not self.prunes:
            return False
        trial = self.trials[number]
        trial.report(loss, budget)
        return trial.should_prune()

    def end(self, number, loss, stopped):
        states = self.optuna.trial.TrialState
        trial = self.trials.pop(number)
        if loss is None:
            self.study.tell(trial, state=states.FAIL)
        elif stopped:
            self.study.tell(trial, state=states.PRUNED)
        else:
            self.study.tell(trial, loss)


class RayTrial:
    """What Tune's schedulers look at of a trial."""

    def __init__(self, number):
        self.trial_id = f"{number:08d}"
        self.status = "RUNNING"
        self.config = {}


class Ray:
    """Random configurations, and ASHA."""

    def __init__(self, asked):
        import numpy
        from ray import tune
        from ray.tune.schedulers import ASHAScheduler

        self.tune = tune
        self.rng = numpy.random.default_rng(asked["seed"])
        self.scheduler = ASHAScheduler(
            time_attr="training_iteration",
            metric="loss",
            mode="min",
            max_t=asked["budget"],
            grace_period=asked["grace"],
            reduction_factor=asked["reduction"],
        )
        self.trials = {}

    def start(self, number):
        self.trials[number] = RayTrial(number)
        self.scheduler.on_trial_add(None, self.trials[number])

    def domain(self, asked):
        tune, low, high = self.tune, asked.get("low"), asked.get("high")
        if asked["kind"] == "index":
            return tune.randint(0, asked["count"])
        if asked["kind"] == "integer":
            if asked["log"]:
                return tune.lograndint(low, high + 1)
            # Values are low, low + step and so on, drawn by their number.
            return tune.randint(0, (high - low) // asked["step"] + 1)
        if asked["log"]:
            return tune.loguniform(low, high)
        if asked["step"]:
            return tune.randint(0, int((high - low) / asked["step"] + 1e-9) + 1)
        return tune.uniform(low, high)

    def suggest(self, number, asked):
        drawn = self.domain(asked).sample(random_state=self.rng)
        if asked["kind"] == "index" or asked["log"] or not asked["step"]:
            return drawn
        return asked["low"] + drawn * asked["step"]

    def report(self, number, budget, loss):
        result = {"training_iteration": budget, "loss": loss}
        return self.scheduler.on_trial_result(None, self.trials[number], result) == "STOP"

    def end(self, number, loss, stopped):
        trial = self.trials.pop(number)
        if loss is None:
            self.scheduler.on_trial_error(None, trial)
        else:
            self.scheduler.on_trial_remove(None, trial)


def engine(asked):
    makers = {
        "optuna": lambda: Optuna(asked, False),
        "optuna+hyperband": lambda: Optuna(asked, True),
        "ray-tune": lambda: Ray(asked),
    }
    return makers[asked["engine"]]()


def answer(search, asked):
    ask = asked["ask"]
    if ask == "start":
        return search.start(asked["trial"])
    if ask == "suggest":
        value = search.suggest(asked["trial"], asked)
        return float(value) if asked["kind"] == "float" else int(value)
    if ask == "report":
        return bool(search.report(asked["trial"], asked["budget"], asked["loss"]))
    return search.end(asked["trial"], asked["loss"], asked["stopped"])


def main():
    answers = sys.stdout
    # What libraries print is no answer.
    sys.stdout = sys.stderr
    search = None
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            if search is None:
                search, value = engine(asked), None
            else:
                value = answer(search, asked)
            said = {"value": value}
        except BaseException as error:
            said = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(said) + "\n")
        answers.flush()


main()

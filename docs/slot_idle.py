#!/usr/bin/env python3
"""How long slots had nothing to do, until the first of them ran out of work for good.

    workbench --lab tune --preset full --arms random,random+asha --workers 2 --repeats 2
    docs/slot_idle.py RUN/events.jsonl

A line for each repeat: its idle share of the slots' time from the start to the end of the last task
of the slot that ends first, the median and the longest gap between two tasks of a slot, how long the
other slots still worked after that, and for how much of the slots' time a task was on no core:
something else ran there, or it waited, for example for a file.
"""

import json
import statistics
import sys


def repeats(path):
    tasks = []
    with open(path, encoding="utf-8") as log:
        for line in log:
            event = json.loads(line)
            if event["event"] == "repeat_started":
                tasks = []
            elif event["event"] == "task":
                tasks.append(event)
            elif event["event"] == "repeat_finished" and tasks:
                yield event, tasks


def describe(finished, tasks):
    slots = {}
    for task in sorted(tasks, key=lambda task: task["started_ns"]):
        slots.setdefault(task["slot"], []).append(task)
    start, wall = finished["started_ns"], finished["wall_ns"]
    until = min(of[-1]["finished_ns"] for of in slots.values())
    busy = sum(
        min(task["finished_ns"], until) - task["started_ns"]
        for task in tasks
        if task["started_ns"] < until
    )
    gaps = [
        after["started_ns"] - before["finished_ns"]
        for of in slots.values()
        for before, after in zip(of, of[1:])
    ]
    gaps = gaps or [0]
    off = sum(task["finished_ns"] - task["started_ns"] - task["cpu_ns"] for task in tasks)
    idle = 1 - busy / (len(slots) * (until - start))
    print(
        f"{finished['arm']} ({finished['workers']}), repeat {finished['repeat']}: idle {idle:.2%}, "
        f"gaps {statistics.median(gaps) / 1e3:.0f} us, at most {max(gaps) / 1e6:.1f} ms, "
        f"last tasks {(start + wall - until) / 1e6:.0f} ms of {wall / 1e9:.1f} s, "
        f"tasks off the cores {off / (len(slots) * wall):.2%}"
    )


for finished, tasks in repeats(sys.argv[1]):
    describe(finished, tasks)

"""Tells workbench more about a program that it runs as an arm: tasks, curves, work, outputs.

    import workbench_arm as arm

    arm.ready()                                  # the start-up is over
    with arm.task("model 3"):                    # a task: timeline, lost time, what-if
        ...
    arm.metric("loss", 0.25, step=7)             # a point of a curve
    arm.progress(3, 10)
    arm.work(models=1)                           # adds up; arms have to agree on the sums
    arm.output("model 3", data=bytes_or_text)    # compared between arms (--check outputs)
    arm.quality("r2", 0.8)
    arm.fact(bytes_sent=8192)                    # worth knowing; arms may differ in it
    arm.done()                                   # the work is over, the program not yet
    arm.warning("only 3 of 4 models converged")

Without workbench all of this does nothing, so a program runs as before. It needs nothing but
Python 3.8, and works in threads and in processes that were forked or spawned. `workbench labs
--python` prints this file.
"""

import atexit
import contextlib
import hashlib
import json
import math
import os
import threading
import time

VERSION = 1

# A line of at most so many bytes is written in one piece (PIPE_BUF).
_LONGEST = 4096
_lock = threading.Lock()
_descriptor = None
_owner = None


def _open():
    """The descriptor to write to in this process; -1 where nobody listens."""
    global _descriptor, _owner
    if _owner == os.getpid():
        return _descriptor
    _owner, _descriptor = os.getpid(), -1
    number = os.environ.get("WORKBENCH_EVENTS", "")
    if not number.isdigit():
        return _descriptor
    path = os.environ.get("WORKBENCH_EVENTS_PATH", "")
    with contextlib.suppress(OSError):
        if path:
            # Also where the descriptor was not inherited, as with multiprocessing's spawn.
            _descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
            return _descriptor
    with contextlib.suppress(OSError):
        os.fstat(int(number))
        _descriptor = int(number)
    return _descriptor


def _say(event, **values):
    values = {name: value for name, value in values.items() if value is not None}
    line = json.dumps({"event": event, **values}, separators=(",", ":")).encode() + b"\n"
    with _lock:
        descriptor = _open()
        if descriptor < 0:
            return
        while line:
            try:
                # Waits while workbench is busy with what was written before.
                line = line[os.write(descriptor, line) :]
            except BlockingIOError:
                time.sleep(0.001)
            except OSError:
                return


def listens():
    """Whether workbench runs this program and listens."""
    with _lock:
        return _open() >= 0


def ready():
    """The start-up is over, and the work begins."""
    _say("ready", at_ns=time.monotonic_ns())


def done():
    """The work is over; what follows is the program's own end."""
    _say("done", at_ns=time.monotonic_ns())


def progress(done, total):
    """How far the work is."""
    _say("progress", done=int(done), total=int(total))


@contextlib.contextmanager
def task(name, slot=None, ready_ns=None):
    """A task of the work. CPU time is that of the thread that does it."""
    started, cpu = time.monotonic_ns(), time.thread_time_ns()
    failed = True
    try:
        yield
        failed = False
    finally:
        _say(
            "task",
            name=str(name),
            started_ns=started,
            finished_ns=time.monotonic_ns(),
            cpu_ns=time.thread_time_ns() - cpu,
            ready_ns=ready_ns,
            slot=slot,
            by=f"{os.getpid()}.{threading.get_ident()}",
            failed=True if failed else None,
        )


def span(name, started_ns, finished_ns, cpu_ns=None, by=None, ready_ns=None):
    """A task that was timed elsewhere, by time.monotonic_ns() on this machine."""
    _say(
        "task",
        name=str(name),
        started_ns=int(started_ns),
        finished_ns=int(finished_ns),
        cpu_ns=cpu_ns,
        ready_ns=ready_ns,
        by=by,
    )


def metric(name, value, step=0, item=None):
    """A point of a curve; `item` names the model or trial that it belongs to."""
    value = float(value)
    if not math.isfinite(value):
        # JSON has no number for it.
        value = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    _say("metric", name=str(name), value=value, step=int(step), item=item)


def work(**counts):
    """Work that was done. The sums have to be equal in all arms."""
    _say("work", counts={name: int(count) for name, count in counts.items()})


def fact(**counts):
    """What a reader may want to know; arms may differ in it."""
    _say("fact", counts={name: int(count) for name, count in counts.items()})


def output(name, data=None, sha256=None, **metrics):
    """Something that came out: its bytes (or text), or their SHA-256, and its figures."""
    if data is not None:
        data = data.encode() if isinstance(data, str) else bytes(data)
        sha256 = hashlib.sha256(data).hexdigest()
    figures = {key: float(value) for key, value in metrics.items()}
    _say("output", name=str(name), sha256=sha256 or "", metrics=figures)


def quality(name, value):
    """How good the outcome is: a number or a word."""
    _say("quality", name=str(name), value=value if isinstance(value, str) else float(value))


def warning(text):
    """What a reader of the result has to know."""
    _say("warning", text=str(text))


def _close():
    if _owner == os.getpid() and _descriptor is not None and _descriptor > 2:
        with contextlib.suppress(OSError):
            os.close(_descriptor)


atexit.register(_close)
_say("hello", version=VERSION)

"""Says whether a package can be used: one line of JSON, the last that is printed.

Arguments: the package's name, the name of its module, the oldest release that can be used.
"""

import importlib
import importlib.metadata
import json
import platform
import re
import sys


def release(text):
    return [int(part) for part in re.match(r"[0-9.]*", text)[0].split(".") if part]


def state(name, module, least):
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return {"state": "missing"}
    if release(version) < release(least):
        return {"state": "too_old", "version": version}
    try:
        importlib.import_module(module)
    except BaseException as error:
        return {"state": "broken", "why": f"{type(error).__name__}: {error}"}
    return {"state": "fine", "version": version, "python": platform.python_version()}


print()
print(json.dumps(state(*sys.argv[1:])))

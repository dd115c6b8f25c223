#!/usr/bin/env python3
"""Prints the licences of all that is compiled into the program or embedded in it; .ci/release adds them to the archive."""

import collections
import json
import pathlib
import subprocess

NAMES = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE")
LINE = "=" * 100


def cargo(*arguments):
    return subprocess.run(["cargo", *arguments, "--locked"], check=True, capture_output=True, text=True).stdout


def texts(folder):
    files = sorted(file for file in folder.iterdir() if file.is_file() and file.name.upper().startswith(NAMES))
    return [file.read_text(errors="replace").strip() for file in files]


tree = cargo("tree", "-p", "workbench", "-e", "normal", "--prefix", "none", "--format", "{p}")
used = {tuple(line.split()[:2]) for line in tree.splitlines() if line}
owners = collections.defaultdict(list)
for package in json.loads(cargo("metadata", "--format-version", "1"))["packages"]:
    name, version = package["name"], f"v{package['version']}"
    if package["source"] is None or (name, version) not in used:
        continue
    print(f"{name} {version}: {package['license']}")
    # Where a crate comes without a text, its manifest says which licence it is under.
    for text in texts(pathlib.Path(package["manifest_path"]).parent):
        owners[text].append(f"{name} {version}")
for text in texts(pathlib.Path("assets/fonts")):
    owners[text].append("the font of charts")
for text, names in owners.items():
    print(f"\n{LINE}\n{', '.join(names)}\n{LINE}\n\n{text}")

"""Cuts DejaVu Sans down to the characters that charts use.

Needs fontTools (pip install fonttools) and the DejaVu 2.37 files, for example from the package fonts-dejavu-core:

    python3 subset.py /usr/share/fonts/truetype/dejavu

Writes WorkbenchSans-Regular.ttf and WorkbenchSans-Bold.ttf beside this script. The result is the same on every call.
The font is renamed because a cut font is a modified one.
"""

import hashlib
import pathlib
import sys

from fontTools import subset
from fontTools.ttLib import TTFont

SOURCES = {
    "DejaVuSans.ttf": (
        "WorkbenchSans-Regular.ttf",
        "Regular",
        "abdc775b21b1bc470d50c97e790d276f2054b7504e56e5bd3e64f48d68582322",
    ),
    "DejaVuSans-Bold.ttf": (
        "WorkbenchSans-Bold.ttf",
        "Bold",
        "0d977336a6d5fba34eab8e3199eb218327161b5143749f802982c2bc34df0c96",
    ),
}
LATIN_1 = [*range(0x20, 0x7F), *range(0xA0, 0x100)]
SYMBOLS = "×÷±–—‘’“”…•·′″−µσκΔπ≈≠≤≥→←↑↓∞√\u2009\u202f\ufffd"


def cut(source: pathlib.Path, target: pathlib.Path, style: str) -> None:
    options = subset.Options()
    options.hinting = False
    options.layout_features = ["kern"]
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.notdef_outline = True
    options.recalc_timestamp = False
    font = TTFont(source, recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=LATIN_1 + [ord(c) for c in SYMBOLS])
    cutter.subset(font)
    names = {
        1: "Workbench Sans",
        2: style,
        3: f"Workbench Sans {style}, cut from DejaVu Sans 2.37",
        4: f"Workbench Sans {style}",
        6: f"WorkbenchSans-{style}",
    }
    for record in font["name"].names:
        if record.nameID in names:
            record.string = names[record.nameID]
    font.save(target)


def main() -> int:
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/fonts/truetype/dejavu")
    here = pathlib.Path(__file__).parent
    for name, (target, style, expected) in SOURCES.items():
        source = folder / name
        found = hashlib.sha256(source.read_bytes()).hexdigest()
        if found != expected:
            print(f"{source}: SHA-256 is {found}, expected {expected}; use DejaVu 2.37", file=sys.stderr)
            return 1
        cut(source, here / target, style)
        made = (here / target).read_bytes()
        print(f"{hashlib.sha256(made).hexdigest()}  {target}  {len(made)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())

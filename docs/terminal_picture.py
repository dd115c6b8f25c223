"""Turns a captured terminal screen with its colours (standard input, as `tmux capture-pane -e -p` gives it) into a
page that a browser takes a picture of. Prints the page's width and height in pixels on the standard error.

    tmux capture-pane -e -p | python3 docs/terminal_picture.py 120 40 > screen.html
"""

import html
import re
import sys

COLUMNS, ROWS = int(sys.argv[1]), int(sys.argv[2])
# One cell of DejaVu Sans Mono at 20 pixels: its block elements then touch each other as in a terminal.
WIDTH, HEIGHT = 12.04, 23.28
BACKGROUND, TEXT = "#16181d", "#d7dae0"
BASE = "#2e3436 #e06c75 #98c379 #e5c07b #61afef #c678dd #56b6c2 #d7dae0".split()
BRIGHT = "#7f848e #ff7b86 #b5e890 #ffd68a #7cc3ff #e19cff #74d7e4 #ffffff".split()


def indexed(n):
    """The colour of xterm's palette."""
    if n < 16:
        return (BASE + BRIGHT)[n]
    if n < 232:
        n -= 16
        level = lambda v: 0 if v == 0 else 55 + 40 * v
        return "#%02x%02x%02x" % (level(n // 36), level(n // 6 % 6), level(n % 6))
    grey = 8 + 10 * (n - 232)
    return "#%02x%02x%02x" % (grey, grey, grey)


class Style:
    def __init__(self):
        self.reset()

    def reset(self):
        self.fg = self.bg = None
        self.bold = self.dim = self.italic = self.underline = self.reverse = False

    def take(self, codes):
        codes = [int(c) if c else 0 for c in re.split("[;:]", codes)]
        while codes:
            c = codes.pop(0)
            if c == 0:
                self.reset()
            elif c in (1, 2, 3, 4, 7):
                setattr(self, {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse"}[c], True)
            elif c == 22:
                self.bold = self.dim = False
            elif c in (23, 24, 27):
                setattr(self, {23: "italic", 24: "underline", 27: "reverse"}[c], False)
            elif c in (38, 48) and codes:
                kind = codes.pop(0)
                colour = indexed(codes.pop(0)) if kind == 5 else "#%02x%02x%02x" % tuple(codes[:3])
                if kind == 2:
                    codes = codes[3:]
                setattr(self, "fg" if c == 38 else "bg", colour)
            elif c in (39, 49):
                setattr(self, "fg" if c == 39 else "bg", None)
            elif 30 <= c <= 37:
                self.fg = BASE[c - 30]
            elif 40 <= c <= 47:
                self.bg = BASE[c - 40]
            elif 90 <= c <= 97:
                self.fg = BRIGHT[c - 90]
            elif 100 <= c <= 107:
                self.bg = BRIGHT[c - 100]

    def css(self):
        fg, bg = self.fg or TEXT, self.bg
        if self.reverse:
            fg, bg = bg or BACKGROUND, fg
        out = f"color:{fg};"
        if bg:
            out += f"background:{bg};"
        if self.bold:
            out += "font-weight:bold;"
        if self.dim:
            out += "opacity:.6;"
        if self.italic:
            out += "font-style:italic;"
        if self.underline:
            out += "text-decoration:underline;"
        return out


style, rows, ground = Style(), [], None
for line in sys.stdin.read().split("\n")[:ROWS]:
    cells, column = [], 0
    for part in re.split(r"(\x1b\[[0-9;:]*m)", line):
        if part.startswith("\x1b["):
            style.take(part[2:-1])
            continue
        for c in re.sub(r"\x1b[^a-zA-Z]*[a-zA-Z]|[\x00-\x1f]", "", part):
            # A theme with a ground of its own paints all cells.
            ground = ground or style.bg or BACKGROUND
            place = f"left:{column * WIDTH:.2f}px;width:{WIDTH + .3:.2f}px"
            if c != " " or "background" in style.css() or style.underline:
                cells.append(f'<i style="{place};{style.css()}">{html.escape(c)}</i>')
            column += 1
    rows.append(f"<div>{''.join(cells)}</div>")

margin = 16
print(f"""<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: {margin}px; background: {ground or BACKGROUND}; font: 20px/{HEIGHT}px "DejaVu Sans Mono", monospace; }}
div {{ position: relative; height: {HEIGHT}px; }}
i {{ position: absolute; font-style: normal; height: {HEIGHT}px; overflow: visible; white-space: pre; }}
</style>{''.join(rows)}""")
print(round(COLUMNS * WIDTH + 2 * margin), round(ROWS * HEIGHT + 2 * margin), file=sys.stderr)

//! What bars, charts and marks are made of: blocks and braille, or ASCII alone.

use ratatui::symbols::border;

/// One set of glyphs. Every glyph is one cell wide.
#[derive(Debug, Clone, PartialEq)]
pub struct Glyphs {
    /// Only ASCII characters.
    pub ascii: bool,
    /// Heights of a cell, from empty to full.
    pub levels: [&'static str; 9],
    /// The filled part of a thin bar.
    pub thin: &'static str,
    /// The end of a thin bar that stops within a cell.
    pub thin_half: &'static str,
    /// The empty part of a thin bar.
    pub track: &'static str,
    /// Widths of a cell in eighths, from empty to full.
    pub widths: [&'static str; 9],
    /// Low end of an interval.
    pub low: &'static str,
    /// Between the ends of an interval.
    pub between: &'static str,
    /// High end of an interval.
    pub high: &'static str,
    /// Both ends of an interval in one cell.
    pub point: &'static str,
    /// The bound.
    pub bound: &'static str,
    /// The ideal.
    pub ideal: &'static str,
    /// Something finished well.
    pub ok: &'static str,
    /// Something to look at.
    pub warning: &'static str,
    /// Something failed.
    pub failed: &'static str,
    /// Something that the numbers say.
    pub finding: &'static str,
    /// Under way.
    pub running: &'static str,
    /// Not begun.
    pub waiting: &'static str,
    /// A cell of several short tasks.
    pub many: &'static str,
    /// The first cell of a task that follows one of its own group.
    pub notch: &'static str,
    /// A slot whose present is not recorded yet.
    pub open: &'static str,
    /// Between two facts on one line.
    pub dot: &'static str,
    /// Rising and falling order.
    pub order: [&'static str; 2],
    /// More text than fits.
    pub cut: &'static str,
    /// The vertical line of a cursor.
    pub cursor: &'static str,
    /// A horizontal rule.
    pub rule: &'static str,
    /// A vertical rule.
    pub axis: &'static str,
    /// The corner of two axes.
    pub corner: &'static str,
    /// A mark on a horizontal axis.
    pub tick: &'static str,
    patterns: [&'static str; 4],
    points: [&'static str; 4],
    parts: [&'static str; 5],
    /// What fills the causes of lost time, in the order of `LostSeconds::CAUSES`.
    pub lost: [&'static str; 5],
    /// What fills a slot's waiting for others.
    pub wait: &'static str,
    /// What fills useful work.
    pub useful: &'static str,
    /// The border of a panel.
    pub border: border::Set<'static>,
}

/// Blocks, lines and braille.
pub(super) static UNICODE: Glyphs = Glyphs {
    ascii: false,
    levels: [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    thin: "━",
    thin_half: "╸",
    track: "─",
    widths: [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"],
    low: "├",
    between: "─",
    high: "┤",
    point: "┼",
    bound: "┃",
    ideal: "◇",
    ok: "✓",
    warning: "!",
    failed: "✗",
    finding: "◆",
    running: "▸",
    waiting: "·",
    many: "▒",
    notch: "▐",
    open: "╌",
    dot: "·",
    order: ["▲", "▼"],
    cut: "…",
    cursor: "│",
    rule: "─",
    axis: "│",
    corner: "└",
    tick: "┬",
    patterns: ["█", "▓", "▒", "░"],
    points: ["●", "○", "■", "□"],
    lost: ["▓", "▚", "▞", "▒", "▌"],
    parts: ["▒", "█", "▓", "░", "■"],
    wait: "▞",
    useful: "█",
    border: border::ROUNDED,
};

/// ASCII alone.
pub(super) static ASCII: Glyphs = Glyphs {
    ascii: true,
    levels: [" ", ".", ":", "-", "=", "+", "*", "%", "#"],
    thin: "=",
    thin_half: "-",
    track: ".",
    widths: [" ", " ", " ", " ", "=", "=", "=", "=", "="],
    low: "[",
    between: "-",
    high: "]",
    point: "+",
    bound: "|",
    ideal: "o",
    ok: "+",
    warning: "!",
    failed: "x",
    finding: "*",
    running: ">",
    waiting: ".",
    many: "%",
    notch: "|",
    open: "-",
    dot: "-",
    order: ["^", "v"],
    cut: "~",
    cursor: "|",
    rule: "-",
    axis: "|",
    corner: "+",
    tick: "+",
    patterns: ["#", "=", ":", "."],
    points: ["*", "o", "#", "x"],
    lost: ["#", ".", ":", "%", "&"],
    parts: ["=", "#", "%", "+", "o"],
    wait: ".",
    useful: "=",
    border: border::Set {
        top_left: "+",
        top_right: "+",
        bottom_left: "+",
        bottom_right: "+",
        vertical_left: "|",
        vertical_right: "|",
        horizontal_top: "-",
        horizontal_bottom: "-",
    },
};

impl Glyphs {
    /// What fills a task of the `index`-th group: neighbours differ.
    pub fn pattern(&self, index: usize) -> &'static str {
        self.patterns[index % self.patterns.len()]
    }

    /// What marks a measured point of the `index`-th series.
    pub fn series_point(&self, index: usize) -> &'static str {
        self.points[index % self.points.len()]
    }

    /// What fills the `index`-th part of a slot's work, of five that differ.
    pub fn part(&self, index: usize) -> &'static str {
        self.parts[index % self.parts.len()]
    }

    /// The height of a share (0 to 1) of a cell. Anything above nothing shows.
    pub fn level(&self, share: f64) -> &'static str {
        if !(share.is_finite() && share > 0.0) {
            return self.levels[0];
        }
        let step = (share.min(1.0) * 8.0).round() as usize;
        self.levels[step.clamp(1, 8)]
    }
}

/// The letter of a group of tasks: A to Z, a to z, 0 to 9, and from the start again.
pub fn letter(group: u32) -> &'static str {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let at = group as usize % LETTERS.len();
    &LETTERS[at..=at]
}

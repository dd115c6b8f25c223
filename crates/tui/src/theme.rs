//! How things look: what each colour and each glyph stands for, in four themes and in two
//! sets of glyphs.
//!
//! Views ask for a meaning (`good`, `series(2)`, `heat(0.8)`) and never for a colour. Every meaning
//! also shows without colour: by a glyph, a letter, a pattern or a modifier. Does not belong here:
//! where things are drawn.

use ratatui::style::{Color, Modifier, Style};
use workbench_record::Severity;
use workbench_result::LostSeconds;

mod glyphs;
mod palette;

use super::ground::{self, Ground};
use glyphs::{ASCII, UNICODE};
pub use glyphs::{Glyphs, letter};
use palette::{DARK, HIGH_CONTRAST, LIGHT, Palette};

/// The themes there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ThemeName {
    /// Light text on a dark terminal.
    #[default]
    Dark,
    /// Dark text on a light terminal.
    Light,
    /// The strongest colours that a terminal has.
    HighContrast,
    /// No colour at all: bold, dim, underlined and reversed only.
    Mono,
}

impl ThemeName {
    /// Every theme, in the order of help texts.
    pub const ALL: [Self; 4] = [Self::Dark, Self::Light, Self::HighContrast, Self::Mono];

    /// The name to type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::HighContrast => "high-contrast",
            Self::Mono => "mono",
        }
    }

    /// What it is, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Self::Dark => "light text on a dark terminal",
            Self::Light => "dark text on a light terminal",
            Self::HighContrast => "the strongest colours that a terminal has",
            Self::Mono => "no colour at all",
        }
    }

    /// The theme of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }
}

/// A theme: styles by meaning, and the glyphs to draw with.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// Which theme it is.
    pub name: ThemeName,
    /// What bars, charts and marks are made of.
    pub glyphs: &'static Glyphs,
    /// Ordinary text.
    pub text: Style,
    /// Text that may be overlooked: labels, units, axes.
    pub dim: Style,
    /// Empty parts of bars, grid lines.
    pub faint: Style,
    /// Titles of panels and columns.
    pub title: Style,
    /// Numbers and names that matter most.
    pub accent: Style,
    /// Passed, finished.
    pub good: Style,
    /// Worth a look.
    pub warn: Style,
    /// Failed, not to be believed.
    pub bad: Style,
    /// The row or the tab that keys act on.
    pub selected: Style,
    /// The border of a panel.
    pub border: Style,
    /// The border of the panel that keys act on.
    pub border_focus: Style,
    palette: Option<&'static Palette>,
    true_colour: bool,
    /// The ground of the terminal, where that is known.
    terminal: Option<Ground>,
}

impl Theme {
    /// A theme for a terminal with 16 million colours, or with 256.
    pub fn new(name: ThemeName, ascii: bool, true_colour: bool) -> Self {
        let glyphs = if ascii { &ASCII } else { &UNICODE };
        match name {
            ThemeName::Dark => Self::coloured(name, glyphs, &DARK, true_colour),
            ThemeName::Light => Self::coloured(name, glyphs, &LIGHT, true_colour),
            ThemeName::HighContrast => Self::coloured(name, glyphs, &HIGH_CONTRAST, true_colour),
            ThemeName::Mono => Self::mono(glyphs, true_colour),
        }
    }

    /// A theme for the terminal that this process talks to, which has 16 million colours where
    /// `COLORTERM` says so. Where none was chosen, it is one for the ground that `COLORFGBG` names.
    pub fn detect(chosen: Option<ThemeName>, ascii: bool) -> Self {
        let depth = std::env::var("COLORTERM").unwrap_or_default();
        let theme = Self::new(chosen.unwrap_or_default(), ascii, is_deep(&depth));
        let variable = std::env::var("COLORFGBG").unwrap_or_default();
        match ground::of_variable(&variable).filter(|_| chosen.is_none()) {
            Some(ground) => theme.on(ground),
            None => theme,
        }
    }

    /// The theme for a terminal of this ground.
    #[must_use]
    pub fn on(&self, ground: Ground) -> Self {
        let name = match ground {
            Ground::Dark => ThemeName::Dark,
            Ground::Light => ThemeName::Light,
        };
        Self {
            terminal: Some(ground),
            ..Self::new(name, self.glyphs.ascii, self.true_colour)
        }
    }

    /// Whether the theme brings its own ground: where the terminal's is not known to fit.
    pub fn is_painted(&self) -> bool {
        let own = match self.name {
            ThemeName::Dark | ThemeName::HighContrast => Ground::Dark,
            ThemeName::Light => Ground::Light,
            ThemeName::Mono => return false,
        };
        self.terminal != Some(own)
    }

    /// One of two texts: with all of Unicode, or without.
    pub fn either(&self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.glyphs.ascii { ascii } else { unicode }
    }

    /// Another theme or other glyphs for the same terminal.
    #[must_use]
    pub fn with(&self, name: ThemeName, ascii: bool) -> Self {
        Self {
            terminal: self.terminal,
            ..Self::new(name, ascii, self.true_colour)
        }
    }

    fn coloured(
        name: ThemeName,
        glyphs: &'static Glyphs,
        palette: &'static Palette,
        true_colour: bool,
    ) -> Self {
        let fg = |rgb: u32| Style::new().fg(colour(rgb, true_colour));
        let bold = Modifier::BOLD;
        Self {
            name,
            glyphs,
            text: fg(palette.text),
            dim: fg(palette.dim),
            faint: fg(palette.faint),
            title: fg(palette.title).add_modifier(bold),
            accent: fg(palette.accent).add_modifier(bold),
            good: fg(palette.good),
            warn: fg(palette.warn),
            bad: fg(palette.bad).add_modifier(bold),
            selected: fg(palette.text)
                .bg(colour(palette.selected, true_colour))
                .add_modifier(bold),
            border: fg(palette.border),
            border_focus: fg(palette.focus).add_modifier(bold),
            palette: Some(palette),
            true_colour,
            terminal: None,
        }
    }

    fn mono(glyphs: &'static Glyphs, true_colour: bool) -> Self {
        let plain = Style::new();
        Self {
            name: ThemeName::Mono,
            glyphs,
            text: plain,
            dim: plain.add_modifier(Modifier::DIM),
            faint: plain.add_modifier(Modifier::DIM),
            title: plain.add_modifier(Modifier::BOLD),
            accent: plain.add_modifier(Modifier::BOLD),
            good: plain,
            warn: plain.add_modifier(Modifier::UNDERLINED),
            bad: plain.add_modifier(Modifier::BOLD | Modifier::REVERSED),
            selected: plain.add_modifier(Modifier::REVERSED),
            border: plain.add_modifier(Modifier::DIM),
            border_focus: plain.add_modifier(Modifier::BOLD),
            palette: None,
            true_colour,
            terminal: None,
        }
    }

    /// The style of a text by its severity.
    pub fn severity(&self, severity: Severity) -> Style {
        match severity {
            Severity::Note => self.text,
            Severity::Warning => self.warn,
            Severity::Error => self.bad,
        }
    }

    /// What marks a sentence of a severity, and the style of the mark.
    pub fn severity_mark(&self, severity: Severity) -> (&'static str, Style) {
        match severity {
            Severity::Note => (self.glyphs.finding, self.accent),
            Severity::Warning => (self.glyphs.warning, self.warn),
            Severity::Error => (self.glyphs.failed, self.bad),
        }
    }

    /// The style of the base arm.
    pub fn base(&self) -> Style {
        self.palette.map_or(self.text, |p| self.fg(p.base))
    }

    /// The style of the `index`-th series: an arm, or a group of tasks. Its letter and pattern tell
    /// it apart as well.
    pub fn series(&self, index: usize) -> Style {
        self.palette
            .map_or(self.text, |p| self.fg(p.series[index % p.series.len()]))
    }

    /// The style of the `index`-th arm of a lab, the base being 0.
    pub fn arm(&self, index: usize) -> Style {
        match index.checked_sub(1) {
            None => self.base(),
            Some(series) => self.series(series),
        }
    }

    /// The style of a share (0 to 1) of a core or a GPU, from idle to busy.
    pub fn heat(&self, share: f64) -> Style {
        let Some(palette) = self.palette else {
            return self.text;
        };
        let last = palette.heat.len() - 1;
        let share = if share.is_finite() { share } else { 0.0 };
        let at = (share.clamp(0.0, 1.0) * last as f64).round() as usize;
        self.fg(palette.heat[at.min(last)])
    }

    /// The style of a cause of lost time, by its place in `LostSeconds::CAUSES`.
    pub fn lost(&self, cause: usize) -> Style {
        self.palette
            .map_or(self.text, |p| self.fg(p.lost[cause % p.lost.len()]))
    }

    /// The style of waiting, wherever it is shown.
    pub fn waiting(&self) -> Style {
        let waiting = LostSeconds::CAUSES
            .iter()
            .position(|name| *name == "waiting");
        self.lost(waiting.unwrap_or(0))
    }

    /// The style of useful work.
    pub fn useful(&self) -> Style {
        self.palette.map_or(self.text, |p| self.fg(p.useful))
    }

    /// What everything stands on: the style that fills the screen, where the theme has colours.
    pub fn ground(&self) -> Style {
        self.palette.map_or_else(Style::new, |p| {
            Style::new().bg(colour(p.ground, self.true_colour))
        })
    }

    /// The style of what stands on a bar of whole cells of a style: the ground's colour on it.
    pub fn over(&self, fill: Style) -> Style {
        match (self.palette, fill.fg) {
            (Some(palette), Some(fill)) => self.fg(palette.ground).bg(fill),
            _ => Style::new().add_modifier(Modifier::REVERSED),
        }
    }

    /// Whether series have colours.
    pub fn has_colour(&self) -> bool {
        self.palette.is_some()
    }

    fn fg(&self, rgb: u32) -> Style {
        Style::new().fg(colour(rgb, self.true_colour))
    }
}

/// Whether `COLORTERM` promises 16 million colours.
fn is_deep(colorterm: &str) -> bool {
    colorterm.contains("truecolor") || colorterm.contains("24bit")
}

/// A colour, or its nearest neighbour of the 256 that every colour terminal has.
fn colour(rgb: u32, true_colour: bool) -> Color {
    let [_, r, g, b] = rgb.to_be_bytes();
    if true_colour {
        Color::Rgb(r, g, b)
    } else {
        Color::Indexed(nearest(r, g, b))
    }
}

/// The nearest of the 6×6×6 cube (16 to 231) and the 24 greys (232 to 255) of xterm's palette.
fn nearest(r: u8, g: u8, b: u8) -> u8 {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let step = |value: u8| {
        (0..6_u8)
            .min_by_key(|i| LEVELS[usize::from(*i)].abs_diff(value))
            .unwrap_or(0)
    };
    let distance = |cr: u8, cg: u8, cb: u8| {
        let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
        square(cr, r) + square(cg, g) + square(cb, b)
    };
    let (ir, ig, ib) = (step(r), step(g), step(b));
    let level = |i: u8| LEVELS[usize::from(i)];
    let cube = distance(level(ir), level(ig), level(ib));
    let mean = (u16::from(r) + u16::from(g) + u16::from(b)) / 3;
    let grey = (mean.saturating_sub(3) / 10).min(23) as u8;
    let shade = 8 + 10 * grey;
    if distance(shade, shade, shade) < cube {
        232 + grey
    } else {
        16 + 36 * ir + 6 * ig + ib
    }
}

#[cfg(test)]
mod tests;

//! Charts: what each shows, drawn once and written as SVG or PNG.
//!
//! A chart is a list of [`marks`] in pixels of a 100 % display. The files `speedup`, `scaling`, `timeline`, `lost` and
//! `what_if` each make one; [`paint`] plays the marks onto a plotters backend. Does not belong here: captions and tables.

mod axis;
mod font;
mod heat;
mod looks;
mod lost;
mod marks;
mod paint;
mod palette;
mod scaling;
mod slots;
mod spans;
mod speedup;
mod svg;
mod timeline;
mod what_if;

pub(super) use lost::chart as lost;
pub(super) use marks::Chart;
pub(super) use palette::css;
pub(super) use scaling::chart as scaling;
pub(super) use speedup::chart as speedup;
pub(super) use timeline::{Timeline, Timelines};
pub(super) use what_if::chart as what_if;

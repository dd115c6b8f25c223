//! Charts: what each shows, drawn once and written as SVG or PNG.
//!
//! A chart is a list of [`marks`] in pixels of a 100 % display. The files `speedup`,
//! `side_by_side`, `scaling`, `timeline`, `lost`, `what_if`, `curves`, `race`, `lives`, `slices`,
//! `items`, `importances`, `steps`, `start_up` and `states` each make one;
//! [`paint`] plays the marks onto a plotters backend. Does not belong here: captions and tables.

mod axis;
mod curves;
mod font;
mod heat;
mod importances;
mod items;
mod lives;
mod looks;
mod lost;
mod marks;
mod paint;
mod palette;
mod panel;
mod race;
mod rows;
mod scaling;
mod series;
mod side_by_side;
mod slices;
mod slots;
mod spans;
mod speedup;
mod stack;
mod start_up;
mod states;
mod steps;
mod svg;
mod timeline;
mod value_axis;
mod what_if;

pub(super) use curves::charts as curves;
pub(super) use importances::chart as importances;
pub(super) use items::chart as items;
pub(super) use lives::{chart as lives, ends};
pub(super) use lost::chart as lost;
pub(super) use marks::Chart;
pub(super) use palette::css;
pub(super) use race::chart as race;
pub(super) use scaling::chart as scaling;
pub(super) use side_by_side::chart as runs_side_by_side;
pub use side_by_side::{ArmBars, RunBar};
pub(super) use slices::{ItemChart, side_by_side, slices};
pub(super) use speedup::chart as speedup;
pub(super) use start_up::chart as start_up;
pub(super) use states::chart as states;
pub(super) use steps::chart as steps;
pub(super) use timeline::{TimelineFigure, Timelines};
pub(super) use what_if::chart as what_if;

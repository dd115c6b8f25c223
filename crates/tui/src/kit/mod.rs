//! The drawing kit: the small parts that screens, dialogs and views are made of.
//!
//! Everything here is total: what does not fit is cut, what is not a number is not drawn,
//! and nothing is ever drawn outside the area that was given. Belongs here: how a text, a
//! panel, a list, a bar or a chart is drawn. Does not belong here: runs, arms, keys, and
//! what any of these mean.

pub mod dialog;
pub mod gauge;
pub mod layout;
pub mod list;
pub mod markdown;
pub mod pane;
pub mod plot;
pub mod row;
pub mod scale;
pub mod scroll;
pub mod stack;
pub mod strip;
pub mod tabs;
pub mod text;

pub use dialog::{buttons, dialog_of, typed};
pub use layout::{abreast, band, below, column, stacked};
pub use list::{ListState, lines, scrolled};
pub use pane::{Pane, dialog, inside, middle, panel, too_small};
pub use row::{PaneRow, columns};
pub use scroll::{Motion, Scroll, position};
pub use text::{cells, fit, safe, wrap};

//! The screens drawn from made-up runs: their text at three sizes, their styles apart from it, and
//! any size at all.

pub(crate) mod fixture;
mod grid;
mod interaction;
mod property;
mod ranks;
mod screens;
mod styles;
mod trainings;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::KeyEvent;
use workbench_record::Snapshot;
use workbench_result::compute;

use super::keys::{self, KeyTable};
use super::result::ResultView;
use super::run::RunView;
use super::{View, ViewAction, filter};
use super::{result, run};
use crate::keys::{Binding, find};
use crate::theme::{Theme, ThemeName};

/// The keys of a view, as people are told.
pub fn bindings(table: KeyTable) -> Vec<Binding> {
    table.iter().map(|bound| bound.binding).collect()
}

/// Whether keys go into the filter of a view.
fn is_typing(view: &impl View) -> bool {
    view.filter().unwrap().is_typing()
}

/// Types a key into the filter of a view.
fn type_key(view: &mut impl View, key: KeyEvent, name: &str) {
    let filter = view.filter_mut().unwrap();
    filter.key(key, find(filter::KEYS, name));
}

/// What a key asks of a view.
fn action(table: KeyTable, key: &str) -> Option<ViewAction> {
    find(table.iter(), key)
}

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn dark() -> Theme {
    Theme::new(ThemeName::Dark, false, true)
}

fn mono() -> Theme {
    Theme::new(ThemeName::Mono, false, true)
}

fn run_screen(size: (u16, u16), view: &mut RunView, snapshot: &Snapshot, theme: &Theme) -> Buffer {
    view.update(snapshot);
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    terminal
        .draw(|frame| {
            let drawn = run::draw(frame, frame.area(), view, snapshot, theme);
            view.take(drawn);
        })
        .unwrap();
    terminal.backend().buffer().clone()
}

fn result_screen(
    size: (u16, u16),
    view: &mut ResultView,
    snapshot: &Snapshot,
    theme: &Theme,
) -> Buffer {
    let outcome = compute(snapshot).unwrap();
    view.update(&outcome, snapshot);
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    terminal
        .draw(|frame| {
            let drawn = result::draw(frame, frame.area(), view, (&outcome, snapshot), theme);
            view.take(drawn);
        })
        .unwrap();
    terminal.backend().buffer().clone()
}

/// The text of a screen, without spaces at the ends of its lines.
fn text(buf: &Buffer) -> String {
    let mut out = String::new();
    for y in buf.area.top()..buf.area.bottom() {
        let mut line = String::new();
        let mut x = 0;
        while x < buf.area.right() {
            let symbol = buf[(x, y)].symbol();
            line.push_str(symbol);
            x += crate::kit::cells(symbol).max(1);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

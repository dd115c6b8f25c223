//! The Run screen: a run as its events tell it so far.
//!
//! ```text
//! workbench  Thirty random forests   quick  20261121-101502-rf-3f9a   ▸ tasks, repeat 3 of 5
//! ━━━━━━━━━━━━━╸────────────────   46 %  7 of 15 repeats  12.3 s so far, about 14 s left
//! ╭─ Arms: speed-up against sequential ────────────────────────────────────────────────────────╮
//! │ one line per arm: repeats done, last wall time, speed-up with interval, bound              │
//! ├─ Cores ────────────────────────────────────┬─ GPUs ────────────────────────────────────────┤
//! │ busy share now, and its history            │ busy, memory, power, temperature, clocks      │
//! ├─ Slots, for labs that tell ────────────────┴───────────────────────────────────────────────┤
//! │ one line per slot: step, what it does, what its steps consist of                           │
//! ├─ Items, for labs whose items have a life ──────────────────────────────────────────────────┤
//! │ one line per item: state, level, steps, best value so far, what it is made with            │
//! ├─ Timeline ─────────────────────────────────────────────────────────────────────────────────┤
//! │ one line per slot: what ran where                                                          │
//! ├─ Curves ───────────────────────────────────┬─ Log ─────────────────────────────────────────┤
//! │ one metric, all arms over one another      │ repeats, warnings, findings, printed lines    │
//! ╰────────────────────────────────────────────┴───────────────────────────────────────────────╯
//! ```
//!
//! Cores, GPUs, timeline and curves share one cursor of time: where it is, they show what was then.
//!
//! Belongs here: the screen's own small state and what each panel draws. Nothing is shown that is
//! not in the events; what is worked out of them is in [`crate::model`].

mod arms;
mod cores;
mod cursor;
mod gpus;
mod header;
mod items;
mod layout;
mod log;
mod panel;
mod past;
mod request;
mod slots;
mod timeline;
mod view;

use ratatui::Frame;
use ratatui::crossterm::event::MouseEvent;
use ratatui::layout::Rect;
use workbench_record::Snapshot;
use workbench_result::workers_of;

use super::curve_grid;
use super::curves::CurveChart;
use super::panels::Pointed;
use super::screen_layout::ScreenLayout;
use super::{SMALLEST, View, ViewAction};
use crate::field::FilterField;
use crate::kit::{Pane, Scroll, below, too_small};
use crate::model::RunModel;
use crate::model::snapshot_view::SnapshotView;
use crate::theme::Theme;
use layout::Contents;
use past::Past;
use request::CursorRequest;

pub use panel::RunPanel;
pub use view::{RunDrawn, RunView};

impl RunView {
    /// Takes in what is new in a run, and answers what people asked for since. To be called before
    /// drawing.
    pub fn update(&mut self, snapshot: &Snapshot) {
        if std::mem::take(&mut self.freeze_next) {
            self.frozen = Some(Box::new(snapshot.clone()));
        }
        let frozen = self.frozen.take();
        let run = SnapshotView::new(frozen.as_deref().unwrap_or(snapshot));
        self.model.update_run(&run);
        if let Some(started) = run.started() {
            let repeats = &run.snapshot.repeats;
            self.chart.update(started, repeats);
        }
        self.answer(&run);
        self.place_cursor_in_curves(&run);
        let column_ns = self.column_ns();
        self.model.update_shown(&self.at_cursor(run), column_ns);
        self.frozen = frozen;
    }

    /// How often the running result was computed.
    #[cfg(test)]
    pub fn times_computed(&self) -> u32 {
        self.model.estimate.computed
    }
}

impl View for RunView {
    fn act(&mut self, action: ViewAction) {
        if self.panels.act(action) {
            return;
        }
        match action {
            ViewAction::Freeze if self.is_frozen() => {
                self.frozen = None;
                self.freeze_next = false;
            }
            ViewAction::Freeze => self.freeze_next = true,
            ViewAction::Longer => self.stretch(1),
            ViewAction::Shorter => self.stretch(-1),
            ViewAction::Cursor => self.request(CursorRequest::Toggle),
            ViewAction::Left => self.request(CursorRequest::Move(-1)),
            ViewAction::Right => self.request(CursorRequest::Move(1)),
            ViewAction::FarLeft => self.request(CursorRequest::Move(-10)),
            ViewAction::FarRight => self.request(CursorRequest::Move(10)),
            ViewAction::Metric => self.chart.next_metric(),
            ViewAction::XAxis => self.chart.turn_axis(),
            ViewAction::Log => self.chart.log = !self.chart.log,
            ViewAction::Smooth => self.chart.smoothing = self.chart.smoothing.next(),
            // So many charts need room.
            ViewAction::Grid => {
                self.panels.zoomed = self.chart.turn_grid();
                self.panels.focus = RunPanel::Curves;
            }
            ViewAction::Output => self.log.turn_output(),
            ViewAction::Sort => self.items.sort(),
            ViewAction::Reverse => self.items.reverse(),
            ViewAction::Filter if self.panels.focus == RunPanel::Items => {
                self.items.filter.begin();
            }
            ViewAction::Filter => {
                self.panels.focus = RunPanel::Log;
                self.log.filter.begin();
            }
            ViewAction::Move(motion) => self.scroll(self.panels.focus, motion),
            _ => {}
        }
    }

    fn mouse(&mut self, event: MouseEvent) {
        match self.panels.mouse(event) {
            Some((panel, Pointed::Move(motion))) => self.scroll(panel, motion),
            Some((panel, Pointed::Click)) => {
                let request = self.request_at(panel, event.column, event.row);
                if let Some(request) = request {
                    self.request(request);
                }
            }
            None => {}
        }
    }

    fn step_back(&mut self) -> bool {
        let filter = match self.panels.focus {
            RunPanel::Log => self.log.filter.step_back(),
            RunPanel::Items => self.items.filter.step_back(),
            _ => false,
        };
        filter || self.panels.step_back()
    }

    fn kept(&self) -> ScreenLayout {
        self.panels.kept()
    }

    fn lay_out(&mut self, kept: &ScreenLayout) {
        self.panels.lay_out(kept);
    }

    fn offers(&self, action: ViewAction) -> bool {
        let shows = |panels: &[RunPanel]| self.panels.shows(panels);
        let curves = || shows(&[RunPanel::Curves]) && self.chart.curves.metrics() > 0;
        match action {
            ViewAction::NextPanel | ViewAction::PrevPanel => self.panels.are_several(),
            ViewAction::Cursor | ViewAction::Left | ViewAction::Right => {
                shows(&[RunPanel::Cores, RunPanel::Gpus, RunPanel::Timeline])
                    || shows(&[RunPanel::Curves]) && self.cursor_in_curves
            }
            ViewAction::Longer => self.can_stretch(1),
            ViewAction::Shorter => self.can_stretch(-1),
            ViewAction::Metric | ViewAction::Grid => curves() && self.chart.curves.metrics() > 1,
            ViewAction::XAxis | ViewAction::Log | ViewAction::Smooth => curves(),
            ViewAction::Output => shows(&[RunPanel::Log]),
            ViewAction::Sort | ViewAction::Reverse => shows(&[RunPanel::Items]),
            _ => true,
        }
    }

    fn chart(&self) -> Option<&CurveChart> {
        Some(&self.chart)
    }

    fn chart_mut(&mut self) -> Option<&mut CurveChart> {
        Some(&mut self.chart)
    }

    fn filter(&self) -> Option<&FilterField> {
        Some(match self.panels.focus {
            RunPanel::Items => &self.items.filter,
            _ => &self.log.filter,
        })
    }

    fn filter_mut(&mut self) -> Option<&mut FilterField> {
        Some(match self.panels.focus {
            RunPanel::Items => &mut self.items.filter,
            _ => &mut self.log.filter,
        })
    }
}

/// Draws the Run screen from what the last [`RunView::update`] with this snapshot worked out; tells
/// where things are.
pub fn draw(
    frame: &mut Frame,
    area: Rect,
    view: &RunView,
    snapshot: &Snapshot,
    theme: &Theme,
) -> RunDrawn {
    let mut drawn = RunDrawn::of(view);
    let mut pane = Pane::new(frame.buffer_mut(), area, theme);
    let area = pane.area;
    if too_small(pane.buf, area, SMALLEST, theme) {
        return drawn;
    }
    let run = SnapshotView::new(view.frozen.as_deref().unwrap_or(snapshot));
    let mut top = pane.part(Rect { height: 2, ..area });
    header::draw(
        &mut top,
        &run,
        &view.model,
        (view.is_frozen(), view.standing),
    );
    let contents = contents(&run, &view.model);
    let mut panels = view.panels.clone();
    panels.choose_from(contents.panels());
    let body = below(area, 2);
    let focus = panels.focus;
    let arrange = |body| layout::with_hidden(body, contents, focus);
    let run = view.at_cursor(run);
    let open = panels.open(body, arrange);
    panels.draw_open(&mut pane, (body, open), |pane, panel, scroll| {
        draw_panel(pane, (panel, scroll), (view, &run), &mut drawn);
    });
    drawn.panels = panels;
    drawn
}

fn draw_panel(
    pane: Pane<'_>,
    (panel, scroll): (RunPanel, &mut Scroll),
    (view, run): (&RunView, &SnapshotView<'_>),
    drawn: &mut RunDrawn,
) {
    let model = &view.model;
    let mut past = Past::new(&model.history, view.column_ns(), run.cursor);
    match panel {
        RunPanel::Arms => arms::draw(pane, scroll, run, model),
        RunPanel::Cores => cores::draw(pane, scroll, run, &mut past),
        RunPanel::Gpus => gpus::draw(pane, scroll, run, &mut past),
        RunPanel::Slots => slots::draw(pane, scroll, run),
        RunPanel::Items => {
            let word = run
                .started()
                .map_or("item", |started| started.lab_facts.item_word());
            items::draw(pane, scroll, (&view.items, &model.items), word);
        }
        RunPanel::Timeline => {
            let parts = timeline::TimelineParts {
                timeline: &model.timeline,
                ended: model.ended.arms(),
                stretch: view.stretch,
            };
            drawn.timeline = timeline::draw(pane, scroll, (run, &parts));
        }
        RunPanel::Curves => drawn.curves = curve_grid::draw(&view.chart, pane),
        RunPanel::Log => log::draw(pane, &mut drawn.log, &model.log),
    }
    drawn.strips.extend(past.into_strips());
}

/// What there is to show, for the layout.
fn contents(run: &SnapshotView<'_>, model: &RunModel) -> Contents {
    let past = &model.past;
    let Some(started) = run.started() else {
        return Contents::default();
    };
    let small = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    let arms = started
        .arms
        .iter()
        .map(|arm| workers_of(arm, &started.config.workers).len());
    let tallest = small(started.config.workers.iter().copied().max().unwrap_or(1) as usize);
    let now = run.current().map(|current| current.id.workers);
    let slots = now.map_or(tallest, |workers| small(workers as usize));
    let sampled = run.sample().map_or(0, |s| s.gpus.len());
    let repeats = &run.snapshot.repeats;
    let telling = past.tells(repeats);
    let ended = started.arms.iter().flat_map(|arm| {
        let workers = workers_of(arm, &started.config.workers);
        workers.into_iter().map(|slots| 1 + slots as usize)
    });
    Contents {
        ended: small(ended.sum()),
        arms: small(arms.sum()),
        slots,
        tallest,
        told: if telling { slots.max(1) } else { 0 },
        items: small(model.items.rows().len()),
        cores: small(run.cores()),
        gpus: small(sampled.max(started.machine.gpus.len())),
        curves: past.has_curves(repeats),
    }
}

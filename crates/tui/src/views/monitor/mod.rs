//! The Monitor screen: this machine without a run, or a recording of one.
//!
//! ```text
//! This machine   34 % busy   load 5.2 3.1 2.0   up 12 d   412 processes
//! ! GPU 3 is held down: too hot (hardware).                     and 2 more
//! ╭ Cores ─────────────────────────────────────╮╭ Memory, disks, network ────────────────────────╮
//! │ by socket and node: share, clock, °C       ││ memory, swap, stalls; each disk and interface  │
//! ├ GPUs ──────────────────────────────────────┴┴────────────────────────────────────────────────┤
//! │ a line each, or all that a card says where there is room                                     │
//! ├ Processes ───────────────────────────────────────────────────────────────────────────────────┤
//! │ by CPU, memory …; as a tree; filtered                                                        │
//! ╰──────────────────────────────────────────────────────────────────────────────────────────────╯
//! ```
//!
//! Panels that have no place of their own are behind tabs.

mod cores;
mod devices;
mod gpu_card;
mod gpu_words;
mod gpus;
mod header;
mod layout;
mod panel;
mod processes;
mod table;
mod view;

use ratatui::buffer::Buffer;
use ratatui::crossterm::event::MouseEvent;
use ratatui::layout::Rect;

use super::panels::{Arranged, Panels, Pointed};
use super::screen_layout::ScreenLayout;
use super::{View, ViewAction};
use crate::field::FilterField;
use crate::kit::{Pane, Scroll, below, too_small};
use crate::theme::Theme;

pub use panel::MonitorPanel;
pub use view::{MonitorDrawn, MonitorView};

impl View for MonitorView {
    fn act(&mut self, action: ViewAction) {
        if self.panels.act(action) {
            return;
        }
        match action {
            ViewAction::Freeze => self.turn_frozen(),
            ViewAction::Longer => self.stretch(1),
            ViewAction::Shorter => self.stretch(-1),
            ViewAction::Sort => self.wish.order = self.wish.order.next(),
            ViewAction::Reverse => self.wish.reversed ^= true,
            ViewAction::Toggle => self.wish.tree ^= true,
            ViewAction::Kernel => self.wish.kernel ^= true,
            ViewAction::Filter => {
                self.panels.focus = MonitorPanel::Processes;
                self.filter.begin();
            }
            ViewAction::Move(motion) => self.scroll(self.panels.focus, motion),
            _ => {}
        }
    }

    fn mouse(&mut self, event: MouseEvent) {
        match self.panels.mouse(event) {
            Some((panel, Pointed::Move(motion))) => self.scroll(panel, motion),
            Some((MonitorPanel::Processes, Pointed::Click)) => self.select_at(event.row),
            _ => {}
        }
    }

    fn step_back(&mut self) -> bool {
        let in_list = self.panels.focus == MonitorPanel::Processes;
        in_list && self.filter.step_back() || self.panels.step_back()
    }

    fn kept(&self) -> ScreenLayout {
        self.panels.kept()
    }

    fn lay_out(&mut self, kept: &ScreenLayout) {
        self.panels.lay_out(kept);
    }

    fn offers(&self, action: ViewAction) -> bool {
        match action {
            ViewAction::NextPanel | ViewAction::PrevPanel => self.panels.are_several(),
            ViewAction::Longer => self.can_stretch(1),
            ViewAction::Shorter => self.can_stretch(-1),
            ViewAction::Sort | ViewAction::Reverse | ViewAction::Toggle | ViewAction::Kernel => {
                self.panels.shows(&[MonitorPanel::Processes])
            }
            _ => true,
        }
    }

    fn filter(&self) -> Option<&FilterField> {
        Some(&self.filter)
    }

    fn filter_mut(&mut self) -> Option<&mut FilterField> {
        Some(&mut self.filter)
    }
}

/// Draws the Monitor screen from what the last [`MonitorView::update`] worked out.
pub fn draw(buf: &mut Buffer, area: Rect, view: &MonitorView, theme: &Theme) -> MonitorDrawn {
    let mut drawn = MonitorDrawn {
        panels: view.panels.clone(),
        list: Rect::ZERO,
    };
    let mut pane = Pane::new(buf, area, theme);
    let area = pane.area;
    if too_small(pane.buf, area, super::SMALLEST, theme) {
        return drawn;
    }
    let Some(look) = view.shown() else {
        pane.nothing(" looking at the machine");
        return drawn;
    };
    let head = header::height(look, area.height);
    header::draw(&mut pane.band(0, head), look, view);
    let body = below(area, head);
    let contents = layout::MachineContents::of(&look.state);
    let mut panels = view.panels.clone();
    panels.choose_from(layout::arrange(body, &contents).panels());
    let arrange = |body| layout::arrange(body, &contents);
    let open = panels.open(body, arrange);
    panels.draw_open(&mut pane, (body, open), |pane, panel, scroll| {
        one(pane, (panel, scroll), view, &mut drawn.list);
    });
    drawn.panels = panels;
    drawn
}

fn one(
    pane: Pane<'_>,
    (panel, scroll): (MonitorPanel, &mut Scroll),
    view: &MonitorView,
    list: &mut Rect,
) {
    let Some(look) = view.shown() else {
        return;
    };
    match panel {
        MonitorPanel::Cores => cores::draw(pane, scroll, &look.state, view),
        MonitorPanel::Devices => devices::draw(pane, scroll, look, view),
        MonitorPanel::Gpus => gpus::draw(pane, scroll, &look.state, view),
        MonitorPanel::Processes => *list = processes::draw(pane, scroll, view),
    }
}

/// Everything at once, as high as it needs: for a picture that nobody scrolls.
pub fn picture(view: &MonitorView, (columns, processes): (u16, u16), theme: &Theme) -> Buffer {
    let Some(look) = view.shown() else {
        return Buffer::empty(Rect::ZERO);
    };
    let contents = layout::MachineContents::of(&look.state);
    let heights = contents.all(columns, processes);
    let head = header::height(look, u16::MAX);
    let area = Rect::new(
        0,
        0,
        columns,
        head + heights.iter().map(|(_, high)| high).sum::<u16>(),
    );
    let mut buf = Buffer::empty(area);
    let mut pane = Pane::new(&mut buf, area, theme);
    header::draw(&mut pane.band(0, head), look, view);
    let arranged = Arranged {
        places: layout::one_below_another(below(area, head), &heights),
        tabs: None,
        hidden: None,
    };
    let mut panels: Panels<MonitorPanel> = Panels::default();
    panels.draw(&mut pane, (area, arranged), |mut pane, panel, scroll| {
        pane.focused = false;
        one(pane, (panel, scroll), view, &mut Rect::default());
    });
    buf
}

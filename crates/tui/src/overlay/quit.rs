//! Before a run or one of its arms is stopped: what would be lost, what is kept, and how to go on later.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use workbench_record::{ArmFacts, RepeatState, Snapshot};
use workbench_report::format;
use workbench_result::workers_of;

use crate::keys::{Bound, bound};
use crate::kit::text::wrap_plain;
use crate::kit::{dialog, lines};
use crate::theme::Look;

/// What a key does here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Stop the run.
    Yes,
    /// Let it go on.
    No,
    /// Go to the next button, or the one before.
    Step(isize),
    /// Press the button.
    Press,
}

/// The keys.
pub const KEYS: &[Bound<Action>] = &[
    bound(&["y"], Action::Yes, "stop all", "Stop the whole run."),
    bound(
        &["n", "esc", "q"],
        Action::No,
        "go on",
        "Let the run go on.",
    ),
    bound(
        &["tab", "right", "l", "down", "j"],
        Action::Step(1),
        "next button",
        "Go to the next button: a single arm can be stopped, too.",
    ),
    bound(
        &["backtab", "left", "h", "up", "k"],
        Action::Step(-1),
        "",
        "Go to the button before.",
    ),
    bound(
        &["enter", "space"],
        Action::Press,
        "press",
        "Press the button.",
    ),
];

/// What a person decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The run goes on.
    GoOn,
    /// The run is stopped.
    Run,
    /// One arm is stopped, by its name; the others go on.
    Arm(String),
}

/// The dialog's state.
#[derive(Debug)]
pub struct Stop {
    /// Whether the program is left afterwards.
    pub leaving: bool,
    /// Arms that still have something to do, the one under way first.
    arms: Vec<String>,
    button: usize,
}

impl Stop {
    /// Asks whether to stop the run and leave.
    pub fn leaving() -> Self {
        Self {
            leaving: true,
            arms: Vec::new(),
            button: 0,
        }
    }

    /// Asks whether to stop the run, or one of the arms that are not done. Letting it go on is the button at the cursor.
    pub fn stopping(snapshot: &Snapshot) -> Self {
        Self {
            leaving: false,
            arms: open_arms(snapshot),
            button: 0,
        }
    }

    fn buttons(&self) -> Vec<(String, Answer)> {
        let all = match (self.leaving, self.arms.is_empty()) {
            (true, _) => "[ Stop it and leave ]",
            (false, true) => "[ Stop it ]",
            (false, false) => "[ Stop the run ]",
        };
        let mut buttons = vec![("[ Go on ]".to_owned(), Answer::GoOn)];
        for arm in &self.arms {
            let name = format::clean(arm, 24);
            buttons.push((format!("[ Stop {name} ]"), Answer::Arm(arm.clone())));
        }
        buttons.push((all.to_owned(), Answer::Run));
        buttons
    }

    /// Takes a key: `Some` is the answer.
    pub fn act(&mut self, action: Action) -> Option<Answer> {
        let mut buttons = self.buttons();
        match action {
            Action::Yes => Some(Answer::Run),
            Action::No => Some(Answer::GoOn),
            Action::Press => Some(buttons.swap_remove(self.button.min(buttons.len() - 1)).1),
            Action::Step(by) => {
                let count = buttons.len().cast_signed();
                self.button = (self.button.cast_signed() + by)
                    .rem_euclid(count)
                    .cast_unsigned();
                None
            }
        }
    }

    /// Draws the dialog.
    pub fn draw(&self, frame: &mut Frame, area: Rect, snapshot: &Snapshot, look: &Look) {
        let width = area.width.saturating_sub(4).min(66);
        let columns = usize::from(width).saturating_sub(4);
        let mut text = Vec::new();
        for sentence in sentences(snapshot) {
            text.extend(wrap_plain(&sentence, columns, look.theme.text));
            text.push(Line::default());
        }
        text.extend(self.button_lines(columns, look));
        let title = if self.leaving {
            "A run is under way. Leave?"
        } else {
            "Stop the run?"
        };
        let inner = dialog(frame, area, (width, text.len() as u16 + 2), title, look);
        lines(frame, inner, &text);
    }

    /// The buttons, in as many lines as they need.
    fn button_lines(&self, columns: usize, look: &Look) -> Vec<Line<'static>> {
        let mut lines: Vec<Line> = Vec::new();
        for (index, (label, _)) in self.buttons().into_iter().enumerate() {
            let style = if index == self.button {
                look.theme.selected
            } else {
                look.theme.text
            };
            let button = Span::styled(label, style);
            match lines.last_mut() {
                Some(line) if line.width() + 2 + button.width() <= columns => {
                    line.push_span("  ");
                    line.push_span(button);
                }
                _ => lines.push(button.into()),
            }
        }
        lines
    }
}

/// Arms that still have something to do: neither stopped nor failed, and with repeats that are not finished. The one under way first.
fn open_arms(snapshot: &Snapshot) -> Vec<String> {
    let Some(started) = &snapshot.started else {
        return Vec::new();
    };
    let done = |arm: &str| {
        let finished = |r: &&RepeatState| r.finished.is_some() && r.id.arm == arm;
        snapshot.repeats.iter().filter(finished).count()
    };
    let planned = |arm: &ArmFacts| {
        workers_of(arm, &started.config.workers).len() * started.config.repeats as usize
    };
    let now = snapshot.repeats.last().filter(|r| r.finished.is_none());
    let mut arms: Vec<String> = started
        .arms
        .iter()
        .filter(|arm| !snapshot.has_given_up(&arm.name))
        .filter(|arm| done(&arm.name) < planned(arm))
        .map(|arm| arm.name.clone())
        .collect();
    arms.sort_by_key(|arm| now.is_none_or(|r| r.id.arm != *arm));
    // With one arm left, stopping it is stopping the run.
    if arms.len() < 2 { Vec::new() } else { arms }
}

/// What stopping now keeps and loses.
fn sentences(snapshot: &Snapshot) -> Vec<String> {
    let Some(started) = &snapshot.started else {
        return vec!["The run has not begun yet: nothing would be lost.".to_owned()];
    };
    let finished = snapshot
        .repeats
        .iter()
        .filter(|r| r.finished.is_some())
        .count() as u64;
    let mut out = vec![match finished {
        0 => format!(
            "None of {} is finished yet.",
            format::counted(u64::from(started.planned_repeats), "repeat")
        ),
        _ => format!(
            "Kept: {finished} of {} finished; they stay in the record.",
            format::counted(u64::from(started.planned_repeats), "repeat")
        ),
    }];
    if let Some(now) = snapshot.repeats.last().filter(|r| r.finished.is_none()) {
        let share = now.share();
        out.push(format!(
            "Lost: the repeat under way ({}, {} done).",
            format::clean(&now.id.arm, 40),
            format::percent(share)
        ));
    }
    out.push(format!(
        "Go on later with: workbench resume {}",
        format::clean(&started.run_id, 60)
    ));
    out
}

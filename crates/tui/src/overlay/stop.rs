//! Before a run, one of its arms or an item is stopped: what would be lost, what is kept, and how
//! to go on later.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use workbench_record::{ArmFacts, Snapshot};
use workbench_report::format;
use workbench_result::workers_of;

use super::choice::ButtonChoice;
use crate::action::Action;
use crate::kit::text::wrap_plain;
use crate::kit::{buttons, dialog_of};
use crate::theme::Theme;

/// The dialog's state.
#[derive(Debug)]
pub struct Stop {
    /// Whether the program is left afterwards.
    leaving: bool,
    /// Arms that still have something to do, the one under way first.
    arms: Vec<String>,
    /// The item of the repeat under way that is selected.
    item: Option<String>,
    choice: ButtonChoice,
}

impl Stop {
    /// Asks whether to stop the run and leave.
    pub fn leaving() -> Self {
        Self {
            leaving: true,
            arms: Vec::new(),
            item: None,
            choice: ButtonChoice::default(),
        }
    }

    /// Asks whether to stop the run, one of the arms that are not done, or an item of the repeat
    /// under way. Letting it go on is the button at the cursor.
    pub fn stopping(snapshot: &Snapshot, item: Option<&str>) -> Self {
        Self {
            leaving: false,
            arms: open_arms(snapshot),
            item: item.map(str::to_owned),
            choice: ButtonChoice::default(),
        }
    }

    /// The answer that stops everything.
    fn stop(&self) -> Action {
        if self.leaving {
            Action::StopAndLeave
        } else {
            Action::StopRun
        }
    }

    fn buttons(&self) -> Vec<(String, Action)> {
        let all = match (self.leaving, self.arms.is_empty()) {
            (true, _) => "[ Stop it and leave ]",
            (false, true) if self.item.is_none() => "[ Stop it ]",
            (false, _) => "[ Stop the run ]",
        };
        let mut buttons = vec![("[ Go on ]".to_owned(), Action::Close)];
        if let Some(item) = &self.item {
            let name = format::clean(item, 24);
            buttons.push((format!("[ Stop {name} ]"), Action::StopItem(item.clone())));
        }
        for arm in &self.arms {
            let name = format::clean(arm, 24);
            buttons.push((format!("[ Stop {name} ]"), Action::StopArm(arm.clone())));
        }
        buttons.push((all.to_owned(), self.stop()));
        buttons
    }

    /// Does what a key stands for; gives the answer where it is one.
    pub fn act(&mut self, action: &Action) -> Option<Action> {
        let mut buttons = self.buttons();
        if *action == Action::Agree {
            return Some(self.stop());
        }
        let pressed = self.choice.act(action, buttons.len())?;
        Some(buttons.swap_remove(pressed).1)
    }

    /// Draws the dialog.
    pub fn draw(&self, frame: &mut Frame, area: Rect, snapshot: &Snapshot, theme: &Theme) {
        let title = if self.leaving {
            "A run is under way. Leave?"
        } else {
            "Stop the run?"
        };
        dialog_of(frame, area, (title, 66), theme, |columns| {
            let mut text = Vec::new();
            for sentence in sentences(snapshot) {
                text.extend(wrap_plain(&sentence, columns, theme.text));
                text.push(Line::default());
            }
            let labels = self.buttons().into_iter().map(|(label, _)| label);
            text.extend(buttons(labels, (self.choice.at(), columns), theme));
            text
        });
    }
}

/// Arms that still have something to do: neither stopped nor failed, and with repeats that are not
/// finished. The one under way first.
fn open_arms(snapshot: &Snapshot) -> Vec<String> {
    let Some(started) = &snapshot.started else {
        return Vec::new();
    };
    let done = |arm: &str| {
        let arms = snapshot.tally.arms.iter();
        let of_arm = arms.filter(|((name, _), _)| name == arm);
        of_arm
            .map(|(_, tally)| tally.finished as usize)
            .sum::<usize>()
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
    let finished = snapshot.tally.finished;
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
        "Resume it later with: workbench resume {}",
        format::clean(&started.run_id, 60)
    ));
    out
}

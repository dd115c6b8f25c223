//! Before a signal is handed to a process: which process, and which signal.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use workbench_machine::state::ProcessSignal;
use workbench_report::format;

use super::choice::ButtonChoice;
use crate::action::Action;
use crate::event::ProcessTarget;
use crate::kit::text::wrap_plain;
use crate::kit::{buttons, dialog_of};
use crate::theme::Theme;

/// The dialog's state.
#[derive(Debug)]
pub struct AskSignal {
    target: ProcessTarget,
    /// What people know it by.
    command: String,
    user: String,
    /// The first button sends nothing.
    choice: ButtonChoice,
}

impl AskSignal {
    /// Asks; sending nothing is the button at the cursor.
    pub fn new(target: ProcessTarget, command: &str, user: &str) -> Self {
        Self {
            target,
            command: command.to_owned(),
            user: user.to_owned(),
            choice: ButtonChoice::default(),
        }
    }

    /// Does what a key stands for; gives the answer where it is one.
    pub fn act(&mut self, action: &Action) -> Option<Action> {
        let pressed = self.choice.act(action, ProcessSignal::ALL.len() + 1)?;
        let send = |signal| Action::SendSignal(self.target.clone(), signal);
        Some(signal_of(pressed).map_or(Action::Close, send))
    }

    /// Draws the dialog.
    pub fn draw(&self, frame: &mut Frame, area: Rect, theme: &Theme) {
        dialog_of(
            frame,
            area,
            ("Hand a signal to a process", 66),
            theme,
            |columns| {
                let pid = self.target.pid;
                let command = format::clean(&self.command, 300);
                let sentence = format!(
                    "Process {pid} of {}: {command}",
                    format::clean(&self.user, 40)
                );
                let mut text = wrap_plain(&sentence, columns, theme.text);
                text.push(Line::default());
                let chosen = signal_of(self.choice.at());
                let about = chosen.map_or_else(
                    || "Nothing is sent.".to_owned(),
                    |signal| format!("SIG{} {}.", signal.name(), signal.about()),
                );
                text.extend(wrap_plain(&about, columns, theme.dim));
                text.push(Line::default());
                let signals = ProcessSignal::ALL
                    .iter()
                    .map(|signal| format!("[ {} ]", signal.name()));
                let labels = std::iter::once("[ None ]".to_owned()).chain(signals);
                text.extend(buttons(labels, (self.choice.at(), columns), theme));
                text
            },
        );
    }
}

/// The signal of a button.
fn signal_of(button: usize) -> Option<ProcessSignal> {
    let at = button.checked_sub(1)?;
    ProcessSignal::ALL.get(at).copied()
}

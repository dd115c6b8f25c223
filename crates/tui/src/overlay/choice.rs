//! Which of a dialog's buttons the cursor is on.

use crate::action::Action;

/// The cursor on a row of buttons. It begins on the first, which changes nothing.
#[derive(Debug, Default)]
pub struct ButtonChoice {
    at: usize,
}

impl ButtonChoice {
    /// The place of the button at the cursor.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Does what a key stands for among so many buttons; gives the place of the one that is
    /// pressed.
    pub fn act(&mut self, action: &Action, count: usize) -> Option<usize> {
        let last = count.saturating_sub(1);
        let at = self.at.min(last);
        self.at = match action {
            Action::Choose => return Some(at),
            Action::Next if at == last => 0,
            Action::Next => at + 1,
            Action::Previous => at.checked_sub(1).unwrap_or(last),
            _ => at,
        };
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_goes_round_and_presses_where_it_is() {
        let mut choice = ButtonChoice::default();
        let mut press = |keys: &[Action], count| {
            for key in keys {
                assert_eq!(choice.act(key, count), None);
            }
            choice.act(&Action::Choose, count)
        };
        assert_eq!(press(&[], 3), Some(0));
        assert_eq!(press(&[Action::Previous], 3), Some(2));
        assert_eq!(press(&[Action::Next], 3), Some(0));
        assert_eq!(press(&[Action::Next, Action::Next], 3), Some(2));
        assert_eq!(press(&[], 2), Some(1), "a button is gone");
        assert_eq!(press(&[Action::Next, Action::Next], 1), Some(0));
    }
}

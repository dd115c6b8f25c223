//! Questions beside the handout: predicting before a run, answering about it, and what is kept.

use std::sync::Arc;

use workbench_questions::{AnswerSheet, LockedPredictions};
use workbench_record::RunStatus;

use super::fixture::{Fixture, labs, quick};
use crate::event::{AnswersEffect, AppEvent, Effect, Loaded};
use crate::sheet_place::SheetPlace;
use crate::theme::ThemeName;

impl Fixture {
    /// Opens the questions about a run whose predictions were locked.
    pub fn questions_of_run(&mut self) {
        let loaded = self.loaded("20261121-101502-rf-3f9a", &quick(), RunStatus::Completed);
        let mut loaded = Arc::into_inner(loaded).unwrap();
        let mut sheet = AnswerSheet::empty("rf", None);
        sheet.set("predict-speedup", "1.9", 1);
        let questions = labs()[0].questions().clone();
        let locked = LockedPredictions::lock(questions, &sheet, 0, 2);
        loaded.snapshot.locked = Some(Box::new(locked));
        loaded.run.write_answers(&sheet).unwrap();
        self.show_questions(loaded);
    }

    fn show_questions(&mut self, loaded: Loaded) {
        let loaded = Arc::new(loaded);
        self.app.update(AppEvent::Opened(Ok(loaded)));
        self.open_questions();
    }
}

/// The sheets that are to be kept, in order.
fn kept(effects: &[Effect]) -> Vec<(&SheetPlace, &AnswerSheet)> {
    let kept = |effect| match effect {
        &Effect::Answers(AnswersEffect::Keep(ref place, ref sheet)) => Some((place, sheet)),
        _ => None,
    };
    effects.iter().filter_map(kept).collect()
}

#[test]
fn every_key_that_changes_an_answer_keeps_it() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.open_questions();
    let shown = fixture.shown(80, 24);
    assert!(shown.contains("predict-speedup"), "{shown}");
    assert!(
        shown.contains("Thirty random forests"),
        "beside the handout: {shown}"
    );
    let effects = fixture.press("enter 1 . 8 backspace 9 enter");
    let kept = kept(&effects);
    let texts: Vec<&str> = kept
        .iter()
        .map(|(_, sheet)| sheet.answers["predict-speedup"].text.as_str())
        .collect();
    assert_eq!(texts, ["1", "1.", "1.8", "1.", "1.9"]);
    assert!(matches!(kept[0].0, SheetPlace::Draft { lab, .. } if lab == "rf"));
    // Keys that stand for something elsewhere are text here, and q does not leave.
    let effects = fixture.press("down enter q ? Q");
    assert_eq!(
        kept_text(&effects, "predict-fastest").as_deref(),
        Some("q?Q")
    );
    let shown = fixture.shown(80, 24);
    assert!(shown.contains("that is no choice"), "{shown}");
    fixture.press("enter esc");
    assert!(fixture.shown(80, 24).contains("Recent runs"));
}

fn kept_text(effects: &[Effect], id: &str) -> Option<String> {
    let kept = kept(effects);
    let (_, sheet) = kept.last()?;
    Some(sheet.answers.get(id)?.text.clone())
}

#[test]
fn what_is_asked_after_a_run_waits_for_it_and_what_was_predicted_is_locked() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.open_questions();
    let effects = fixture.press("end enter x");
    assert!(kept(&effects).is_empty());
    assert!(fixture.shown(80, 24).contains("after the run"));
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.questions_of_run();
    let shown = fixture.shown(120, 40);
    assert!(
        shown.contains("1.9") && shown.contains("Came out"),
        "{shown}"
    );
    fixture.press("enter");
    assert!(fixture.shown(80, 24).contains("locked"));
    let effects = fixture.press("down down down enter 0 . 9 enter");
    assert_eq!(kept_text(&effects, "efficiency").as_deref(), Some("0.9"));
    let place = kept(&effects)[0].0.clone();
    assert!(matches!(place, SheetPlace::Run(_)));
    fixture.press("esc");
    assert!(
        fixture.shown(120, 40).contains("What if"),
        "back at the result"
    );
}

#[test]
fn a_text_has_lines_and_keeps_those_that_it_had() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.questions_of_run();
    let mut effects = fixture.press("end enter a ctrl-j b");
    effects.extend(
        fixture
            .app
            .update(AppEvent::Paste("c\nd\u{1b}[2J".to_owned())),
    );
    assert_eq!(
        kept_text(&effects, "too-small").as_deref(),
        Some("a\nbc\nd[2J")
    );
    let shown = fixture.shown(80, 24);
    assert!(shown.contains("bc"), "{shown}");
}

#[test]
fn a_small_window_shows_one_pane_at_a_time() {
    let mut fixture = Fixture::new(ThemeName::Mono, true);
    fixture.open_questions();
    let shown = fixture.shown(60, 16);
    assert!(
        shown.contains("Questions") && !shown.contains("The work"),
        "{shown}"
    );
    fixture.press("tab");
    let shown = fixture.shown(60, 16);
    assert!(!shown.contains("predict-speedup"), "{shown}");
    assert!(shown.contains("30 random forests"), "{shown}");
}

#[test]
fn what_cannot_be_kept_is_said() {
    let mut fixture = Fixture::new(ThemeName::Dark, false);
    fixture.open_questions();
    fixture.press("enter 1");
    let lost = AppEvent::AnswersLost("no space is left".to_owned());
    fixture.app.update(lost);
    assert!(fixture.shown(80, 24).contains("no space is left"));
}

//! Any text as questions and as an assignment, and as an answer to them: sets that can be written
//! and read again, or messages of one line, each with its line.

#![no_main]

use libfuzzer_sys::fuzz_target;
use workbench_questions::{
    AnswerSheet, LabAssignment, LockedPredictions, PaperProblem, QuestionSet, TypedAnswer, given,
};

fuzz_target!(|input: &[u8]| {
    let _ = AnswerSheet::parse(input);
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let mut asked = QuestionSet::NONE;
    match QuestionSet::parse(text) {
        Ok(questions) => asked = questions,
        Err(problems) => judge(&problems),
    }
    match LabAssignment::parse(text) {
        Ok(assignment) => {
            let json = serde_json::to_string(&assignment).expect("what was read can be written");
            let again: LabAssignment = serde_json::from_str(&json).expect("and read again");
            assert_eq!(again, assignment);
            asked = assignment.asked(&asked);
        }
        Err(problems) => judge(&problems),
    }
    let json = serde_json::to_string(&asked).expect("what was read can be written");
    let again: QuestionSet = serde_json::from_str(&json).expect("and read again");
    assert_eq!(again, asked);
    let mut sheet = AnswerSheet::empty("lab", None);
    for question in &asked.questions {
        let answer = TypedAnswer {
            text: text.chars().take(50).collect(),
            saved_unix_ms: 0,
        };
        if let Err(error) = given(question, &answer) {
            assert!(!error.to_string().contains(char::is_control));
        }
        sheet.set(&question.id, &answer.text, 1);
    }
    assert!(LockedPredictions::lock(asked, &sheet, 0, 1).holds());
});

fn judge(problems: &[PaperProblem]) {
    assert!(!problems.is_empty());
    for problem in problems {
        let said = problem.to_string();
        assert!(!said.contains(char::is_control), "{said:?}");
    }
}

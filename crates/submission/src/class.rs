//! What hand-ins of a class have in common and should not.

use std::collections::BTreeMap;

use workbench_questions::QuestionKind;
use workbench_record::Finding;

use crate::messages;
use crate::verified_run::VerifiedRun;
use crate::verify::Verified;

/// What hand-ins of a class have in common and should not.
#[derive(Debug, Default)]
pub struct Class {
    /// The hand-ins that have a repeat with these times.
    times: BTreeMap<(u64, u64), Vec<usize>>,
    /// The hand-ins that have a run with this log.
    logs: BTreeMap<String, Vec<usize>>,
    /// The hand-ins that have this answer to a question, both as they are compared.
    answers: BTreeMap<(String, String), Vec<usize>>,
    hand_ins: usize,
}

impl Class {
    /// Adds a hand-in.
    pub fn add(&mut self, verified: &Verified) {
        let number = self.hand_ins;
        self.hand_ins += 1;
        for run in &verified.runs {
            self.logs
                .entry(run.log_sha256.clone())
                .or_default()
                .push(number);
            for (id, text) in long_answers(run) {
                self.answers.entry((id, text)).or_default().push(number);
            }
            for times in &run.times {
                self.times.entry(*times).or_default().push(number);
            }
        }
    }

    /// Compares the hand-ins, which have to be those that were added, in their order, and adds to
    /// each what it has in common with others.
    pub fn compare(&self, hand_ins: &mut [Verified]) {
        let mut common: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (_, numbers) in self
            .times
            .iter()
            .filter(|((wall_ns, _), _)| *wall_ns > 100_000)
        {
            pairs(numbers, |pair| *common.entry(pair).or_default() += 1);
        }
        let mut same_logs = Vec::new();
        for numbers in self.logs.values() {
            pairs(numbers, |pair| same_logs.push(pair));
        }
        let mut same_answers = Vec::new();
        for ((id, _), numbers) in &self.answers {
            pairs(numbers, |(one, other)| same_answers.push((one, other, id)));
        }
        let names: Vec<String> = hand_ins.iter().map(|one| one.name.clone()).collect();
        let mut tell = |number: usize, found: Finding| {
            if let Some(hand_in) = hand_ins.get_mut(number) {
                hand_in.findings.insert(0, found);
            }
        };
        for (one, other, id) in same_answers {
            tell(one, messages::assigned::same_answer(&names[other], id));
            tell(other, messages::assigned::same_answer(&names[one], id));
        }
        for &(one, other) in &same_logs {
            tell(one, messages::again::same_log(&names[other]));
            tell(other, messages::again::same_log(&names[one]));
        }
        for ((one, other), repeats) in common {
            if !same_logs.contains(&(one, other)) {
                tell(one, messages::again::same_times(&names[other], repeats));
                tell(other, messages::again::same_times(&names[one], repeats));
            }
        }
    }
}

/// Shorter answers may be the same by chance, in characters.
const LONG_ANSWER: usize = 40;

/// The free texts of a run with their questions, without what differs when they are typed again.
fn long_answers(run: &VerifiedRun) -> Vec<(String, String)> {
    let (Some(sheet), Some(locked)) = (&run.sheet, &run.locked) else {
        return Vec::new();
    };
    let texts = locked.questions.questions.iter();
    let texts = texts.filter(|question| matches!(question.kind, QuestionKind::Text { .. }));
    let answers = texts.filter_map(|question| {
        let answer = sheet.find(&question.id)?;
        let words: Vec<&str> = answer.text.split_whitespace().collect();
        Some((question.id.clone(), words.join(" ").to_lowercase()))
    });
    answers
        .filter(|(_, text)| text.chars().count() >= LONG_ANSWER)
        .collect()
}

/// More hand-ins than this with the same repeat are told in pairs with the first one only.
const MOST_PAIRS: usize = 20;

fn pairs(numbers: &[usize], mut take: impl FnMut((usize, usize))) {
    let mut numbers = numbers.to_vec();
    numbers.dedup();
    for (at, one) in numbers.iter().enumerate() {
        let others = numbers[at + 1..].iter();
        let most = if at == 0 { usize::MAX } else { MOST_PAIRS };
        others.take(most).for_each(|other| take((*one, *other)));
    }
}

//! Findings that say the same of several repeats, folded into one.

use workbench_record::Finding;

use super::messages;

/// From so many on, alike findings are folded: one in each repeat is one fact about the arm.
const MANY: usize = 3;

/// The findings in their order, where of many that are of one kind, severity and subject only the
/// first stands, with how many there are.
pub(super) fn folded<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<Finding> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings {
        let is_alike =
            |group: &&mut Vec<&Finding>| group.first().is_some_and(|first| alike(first, finding));
        match groups.iter_mut().find(is_alike) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    let fold = |group: Vec<&'a Finding>| match group.as_slice() {
        [first, rest @ ..] if group.len() >= MANY => vec![messages::alike::folded(first, rest)],
        _ => group.into_iter().cloned().collect(),
    };
    groups.into_iter().flat_map(fold).collect()
}

/// Whether two findings say the same of the same subject.
fn alike(one: &Finding, other: &Finding) -> bool {
    one.kind == other.kind && one.severity == other.severity && one.subject == other.subject
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(arm: &str, share: f64) -> Finding {
        let text = format!("In {arm}, ranks waited {share} of the time.");
        Finding::warning("shared_cores", text)
            .arm_on(arm, 2)
            .number("share", share)
    }

    #[test]
    fn what_every_repeat_says_is_said_once_and_what_two_say_is_kept() {
        let one = [
            shared("ddp", 0.2),
            shared("launcher", 0.5),
            shared("ddp", 0.4),
        ];
        assert_eq!(folded(one.iter()).len(), 3);
        let all = [one.to_vec(), vec![shared("ddp", 0.3)]].concat();
        let told = folded(all.iter());
        assert_eq!(told.len(), 2);
        assert_eq!(
            told[0].text,
            "In ddp, ranks waited 0.2 of the time. This is the first of 3 findings of this kind (share 0.20 to 0.40); the record has all."
        );
        assert!((told[0].numbers["alike"] - 3.0).abs() < 1e-9);
        assert_eq!(told[1], one[1]);
    }
}

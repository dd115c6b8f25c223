//! The order of names that have numbers in them.

/// A name with its numbers as numbers: `n_estimators=60` comes before `n_estimators=340`.
pub fn natural(name: &str) -> Vec<(String, u64)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(digits);
        let end = after
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(after.len());
        let (number, next) = after.split_at(end);
        parts.push((word.to_owned(), number.parse().unwrap_or(u64::MAX)));
        rest = next;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_by_their_numbers() {
        let mut names = ["n=340", "n=60", "m=7", "n", "n=6x", ""];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["", "m=7", "n", "n=6x", "n=60", "n=340"]);
    }
}

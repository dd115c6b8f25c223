//! The chain of a log: every line is hashed together with the hash of all lines before it, so that
//! one hash stands for the whole log, and links in between say where two logs part.

use workbench_digest::Hasher;

/// A link is kept after so many lines.
pub const EVERY: u64 = 64;

/// Hashes a log line by line.
#[derive(Debug, Clone)]
pub struct Chain {
    head: String,
    lines: u64,
    links: Vec<String>,
}

impl Chain {
    /// A chain that begins with the nonce of an assignment, or with an empty one.
    pub fn begin(nonce: &str) -> Self {
        let mut hasher = Hasher::default();
        hasher.update("workbench chain 1\n");
        hasher.update(nonce);
        Self {
            head: hasher.finish(),
            lines: 0,
            links: Vec::new(),
        }
    }

    /// Adds a line, without its line break.
    pub fn line(&mut self, line: &[u8]) {
        let mut hasher = Hasher::default();
        hasher.update(&self.head);
        hasher.update(line);
        self.head = hasher.finish();
        self.lines += 1;
        if self.lines.is_multiple_of(EVERY) {
            // Enough to tell two logs apart; the head has all digits.
            self.links.push(self.head[..16].to_owned());
        }
    }

    /// The hash of all lines so far.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// Lines so far.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// The beginnings of the hashes after every [`EVERY`] lines.
    pub fn links(&self) -> &[String] {
        &self.links
    }

    /// The first line, counted from 1, from which on the log may be another than the one with these
    /// links: whatever differs stands there or later.
    pub fn parts_from(&self, links: &[String]) -> u64 {
        let same = self.links.iter().zip(links).take_while(|(a, b)| a == b);
        same.count() as u64 * EVERY + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(nonce: &str, lines: &[String]) -> Chain {
        let mut chain = Chain::begin(nonce);
        for line in lines {
            chain.line(line.as_bytes());
        }
        chain
    }

    #[test]
    fn a_change_shows_in_the_head_and_in_the_links_after_it() {
        let lines: Vec<String> = (0..200).map(|n| format!("line {n}")).collect();
        let before = chain("n", &lines);
        assert_eq!((before.lines(), before.links().len()), (200, 3));
        let mut other = lines.clone();
        other[130] = "line 13O".to_owned();
        let after = chain("n", &other);
        assert_ne!(before.head(), after.head());
        assert_eq!(after.parts_from(before.links()), 129);
        assert_eq!(chain("m", &lines).parts_from(before.links()), 1);
        other.swap(130, 131);
        assert_ne!(chain("n", &other).head(), after.head());
    }
}

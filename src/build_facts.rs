//! How this program was built, as the record of every run states it. Set by the build script.

use workbench_machine::BuildFacts;

/// This program's build.
pub const BUILD: BuildFacts = BuildFacts {
    compiler: env!("WORKBENCH_COMPILER"),
    profile: env!("WORKBENCH_PROFILE"),
    version: env!("CARGO_PKG_VERSION"),
    commit: option_env!("WORKBENCH_COMMIT"),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiler_and_the_profile_are_named() {
        assert!(BUILD.compiler.starts_with("rustc "));
        assert!(["release", "debug"].contains(&BUILD.profile));
    }

    #[test]
    fn the_commit_is_twelve_digits_with_a_mark_for_changes() {
        // A source archive has none.
        if let Some(commit) = BUILD.commit {
            let digits = commit.strip_suffix('+').unwrap_or(commit);
            assert!(
                digits.len() >= 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{commit}"
            );
        }
    }
}

//! Paths that begin with `~`, for where no shell has expanded them: a form, `--data=~/a.csv`.

use std::env::home_dir;
use std::path::{Path, PathBuf};

/// The path with a `~` at its beginning replaced by the person's home folder. One of another
/// account (`~name`) stays as it is.
pub fn at_home(path: &Path) -> PathBuf {
    under(home_dir().as_deref(), path)
}

fn under(home: Option<&Path>, path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) if rest.as_os_str().is_empty() => home.to_owned(),
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_alone_at_the_beginning_is_the_home_folder() {
        let at = |path: &str| under(Some(Path::new("/home/me")), Path::new(path));
        assert_eq!(at("~"), Path::new("/home/me"));
        assert_eq!(at("~/"), Path::new("/home/me"));
        assert_eq!(at("~/data/a.csv"), Path::new("/home/me/data/a.csv"));
        for other in ["~you/a.csv", "/a/~/b", "a~", "", "./~"] {
            assert_eq!(at(other), Path::new(other));
        }
        assert_eq!(under(None, Path::new("~/a")), Path::new("~/a"));
    }
}

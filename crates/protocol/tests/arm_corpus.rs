//! The seeds of the fuzz target `arm_lines`: what is wrong is told, and what is right comes back as
//! it was written.

use std::fs;
use std::path::Path;

use workbench_protocol::arm::{ArmLine, ArmLines};

#[test]
fn every_seed_is_read_as_its_name_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/arm_lines");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(&path).unwrap();
        let mut lines = ArmLines::default();
        let mut read = Vec::new();
        lines.push(&bytes, |line| read.push(line));
        lines.finish(|line| read.push(line));
        assert!(!read.is_empty(), "{name}");
        assert_eq!(
            read.iter().any(Result::is_err),
            name.starts_with("bad_"),
            "{name}: {read:?}"
        );
        for line in read.into_iter().flatten() {
            let text = serde_json::to_vec(&line).unwrap();
            assert_eq!(ArmLine::parse(&text), Ok(line), "{name}");
        }
        seen += 1;
    }
    assert!(seen >= 6);
}

//! The seeds of the fuzz target: streams named `good_…` are read to their end, those named `bad_…`
//! give an error.

use std::path::Path;

use workbench_ddp_protocol::FromWorker;
use workbench_protocol::{FrameReader, Stamped};

#[test]
fn every_seed_is_what_its_name_says() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../fuzz/corpus/frames");
    let mut seen = [0, 0];
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let good = match name.split_once('_') {
            Some(("good", _)) => true,
            Some(("bad", _)) => false,
            // What a run of the fuzzer found.
            _ => continue,
        };
        // The target's first byte says where it cuts; the reader cuts nowhere.
        let input = std::fs::read(&path).unwrap();
        let mut reader = FrameReader::new(&input[1..]);
        let mut errors = 0;
        let mut last = Ok(None);
        for _ in 0..100 {
            last = reader.read::<Stamped<FromWorker>>();
            match &last {
                Ok(None) => break,
                Ok(Some(_)) => {}
                Err(_) => errors += 1,
            }
        }
        assert!(matches!(last, Ok(None)), "{name} has no end");
        assert_eq!(errors == 0, good, "{name}: {errors} errors");
        seen[usize::from(good)] += 1;
    }
    assert!(seen[0] >= 10 && seen[1] >= 3, "{seen:?}");
}

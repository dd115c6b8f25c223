//! Any bytes as an archive of CIFAR: images of its size, or a one-line message.

#![no_main]

use libfuzzer_sys::fuzz_target;
use workbench_images::{ImageSource, Subset};

fuzz_target!(|bytes: &[u8]| {
    let path = std::env::temp_dir().join(format!("workbench-fuzz-{}", std::process::id()));
    if std::fs::write(&path, bytes).is_err() {
        return;
    }
    let read = ImageSource::find(&path).and_then(|source| source.load(Subset::Train, None));
    match read {
        Ok(images) => assert_eq!(images.pixels.len(), images.len() * 3072),
        Err(error) => assert!(!error.to_string().contains(char::is_control), "{error:?}"),
    }
});

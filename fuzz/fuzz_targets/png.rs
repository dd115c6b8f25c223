//! Any bytes as a PNG file: as many bytes as its size and kind ask for, or a one-line message.

#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use workbench_images::png_folder;

fuzz_target!(|bytes: &[u8]| {
    match png_folder::decode(Cursor::new(bytes)) {
        Ok(image) => {
            assert_eq!(
                image.pixels.len(),
                image.height * image.width * image.channels
            );
        }
        Err(problem) => assert!(
            !problem.to_string().contains(char::is_control),
            "{problem:?}"
        ),
    }
});

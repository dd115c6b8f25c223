//! Any bytes as a file of labels and a file of images, packed or not: sound images in no more
//! memory than there are bytes where they are not packed, or a one-line message. The first byte
//! says how many of the others are the labels' file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use workbench_images::idx;

fuzz_target!(|bytes: &[u8]| {
    let Some((cut, bytes)) = bytes.split_first() else {
        return;
    };
    let (labels, images) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    match idx::parse(labels, images, "digits", None) {
        Ok(read) => {
            let packed = |bytes: &[u8]| bytes.starts_with(&[0x1f, 0x8b]);
            assert!(packed(images) || read.pixels.capacity() <= images.len());
            assert!(packed(labels) || read.labels.capacity() <= labels.len());
            assert_eq!(read.pixels.len(), read.len() * read.image_len());
            assert!(read.labels.iter().all(|l| usize::from(*l) < read.classes));
        }
        Err(error) => assert!(!error.to_string().contains(char::is_control), "{error:?}"),
    }
});

//! Folders of PNG files: classes, the split, sizes and kinds of images, and what can be wrong.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use crate::common::write_png;
use png::ColorType::{Grayscale, GrayscaleAlpha, Indexed, Rgb, Rgba};
use proptest::prelude::*;
use tempfile::TempDir;
use workbench_images::{ImageProblem, ImageSource, Images, Subset, png_folder};

/// Two classes of 6 grey images of 2 × 3 pixels, whose first pixel is their number.
fn two_classes(dir: &Path) {
    for (class, first) in [("cat", 0), ("dog", 10)] {
        for number in 0..6 {
            let path = dir.join(class).join(format!("{number}.png"));
            write_png(&path, (2, 3), Grayscale, &[first + number, 1, 2, 3, 4, 5]);
        }
    }
}

fn load(dir: &Path, subset: Subset) -> Images {
    ImageSource::find(dir).unwrap().load(subset, None).unwrap()
}

fn told(dir: &Path) -> String {
    let source = ImageSource::find(dir);
    let loaded = source.and_then(|source| source.load(Subset::Train, None));
    let text = loaded.unwrap_err().to_string();
    assert!(!text.contains('\n'), "{text}");
    text.replace(&dir.display().to_string(), "")
}

fn first_pixels(images: &Images) -> Vec<u8> {
    let rows = images.pixels.chunks(images.image_len());
    rows.map(|row| row[0]).collect()
}

#[test]
fn classes_take_turns_and_every_fifth_image_is_for_the_test() {
    let dir = TempDir::new().unwrap();
    two_classes(dir.path());
    fs::write(dir.path().join("cat/.DS_Store"), "").unwrap();
    fs::write(dir.path().join("README.txt"), "").unwrap();
    let (train, test) = (
        load(dir.path(), Subset::Train),
        load(dir.path(), Subset::Test),
    );
    assert_eq!((train.channels, train.height, train.width), (1, 2, 3));
    assert_eq!(train.classes, 2);
    assert_eq!(first_pixels(&train), [0, 10, 1, 11, 2, 12, 3, 13, 5, 15]);
    assert_eq!(train.labels, [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    assert_eq!(first_pixels(&test), [4, 14]);
    let source = ImageSource::find(dir.path()).unwrap();
    let few = source.load(Subset::Train, Some(3)).unwrap();
    assert_eq!(first_pixels(&few), [0, 10, 1]);
}

#[test]
fn folders_for_training_and_test_are_taken_as_they_are() {
    for (train, test) in [("train", "test"), ("training", "testing"), ("train", "val")] {
        let dir = TempDir::new().unwrap();
        two_classes(&dir.path().join(train));
        write_png(
            &dir.path().join(test).join("dog/a.PNG"),
            (2, 3),
            Grayscale,
            &[7; 6],
        );
        let found = load(dir.path(), Subset::Test);
        assert_eq!((found.labels, found.classes), (vec![1], 2));
        assert_eq!(load(dir.path(), Subset::Train).len(), 12);
    }
}

#[test]
fn every_kind_of_image_becomes_bytes_grey_or_in_colours() {
    let dir = TempDir::new().unwrap();
    two_classes(dir.path());
    let at = |name: &str| dir.path().join(name);
    let colours: Vec<u8> = (0..18).collect();
    let opaque: Vec<u8> = colours
        .chunks(3)
        .flat_map(|rgb| [rgb, &[255]].concat())
        .collect();
    write_png(&at("cat/0.png"), (2, 3), Rgb, &colours);
    write_png(&at("dog/0.png"), (2, 3), Rgba, &opaque);
    write_png(&at("cat/1.png"), (2, 3), Indexed, &[0, 1, 0, 1, 0, 1]);
    let grey: Vec<u8> = (0..6).flat_map(|grey| [grey, 255]).collect();
    write_png(&at("dog/1.png"), (2, 3), GrayscaleAlpha, &grey);
    let train = load(dir.path(), Subset::Train);
    assert_eq!(train.channels, 3);
    let planes: Vec<u8> = (0..3)
        .flat_map(|plane| (0..6).map(move |at| at * 3 + plane))
        .collect();
    assert_eq!(train.image(0).unwrap(), planes);
    assert_eq!(train.image(1).unwrap(), planes);
    let palette = [[255, 0, 255, 0, 255, 0], [0; 6], [0, 255, 0, 255, 0, 255]];
    assert_eq!(train.image(2).unwrap(), palette.concat());
    assert_eq!(train.image(3).unwrap(), [[0, 1, 2, 3, 4, 5]; 3].concat());
    assert_eq!(train.image(4).unwrap()[..6], [2, 1, 2, 3, 4, 5]);
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let dir = TempDir::new().unwrap();
    two_classes(dir.path());
    let at = |name: &str| dir.path().join(name);
    write_png(&at("cat/3.png"), (3, 3), Grayscale, &[0; 9]);
    fs::write(at("dog/5.png"), "GIF89a").unwrap();
    fs::write(at("dog/b.jpg"), "").unwrap();
    fs::create_dir(at("horse")).unwrap();
    fs::create_dir(at("cat/more")).unwrap();
    let text = told(dir.path());
    for words in [
        "5 faults: ",
        "/cat/3.png: is 3 × 3 pixels (height × width), where /cat/0.png is 2 × 3",
        "/dog/5.png: is no sound PNG file",
        "/dog/b.jpg: is no PNG file; a folder of a class holds PNG files alone",
        "/horse: has no PNG files",
        "/cat/more: is a folder",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    for number in 10..20 {
        fs::write(at(&format!("dog/{number}.txt")), "").unwrap();
    }
    assert!(told(dir.path()).ends_with("and 10 more"));
}

#[test]
fn pixels_that_cannot_be_had_are_told_for_all_files() {
    let dir = TempDir::new().unwrap();
    two_classes(dir.path());
    let at = |name: &str| dir.path().join(name);
    for name in ["cat/0.png", "dog/1.png"] {
        let whole = fs::read(at(name)).unwrap();
        // After the header, inside the pixels.
        fs::write(at(name), &whole[..whole.len() - 20]).unwrap();
    }
    write_png(&at("cat/1.png"), (2, 3), GrayscaleAlpha, &[0; 12]);
    let text = told(dir.path());
    for words in [
        "3 faults",
        "/cat/0.png: is no sound",
        "/dog/1.png",
        "/cat/1.png: has transparent",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn folders_that_are_no_data_set_are_told_why() {
    let dir = TempDir::new().unwrap();
    two_classes(dir.path());
    let at = |name: &str| dir.path().join(name);
    fs::rename(at("dog"), at("train")).unwrap();
    assert!(told(dir.path()).contains("no test here; the folders train and test both"));
    fs::rename(at("train"), at("dog")).unwrap();
    fs::remove_dir_all(at("dog")).unwrap();
    assert!(told(dir.path()).contains("fewer than 2 classes"));
    let few = TempDir::new().unwrap();
    for class in ["a", "b"] {
        write_png(
            &few.path().join(class).join("0.png"),
            (1, 1),
            Grayscale,
            &[0],
        );
    }
    assert!(told(few.path()).contains("has no test images; give each class 5"));
    let other = TempDir::new().unwrap();
    two_classes(&other.path().join("train"));
    write_png(
        &other.path().join("test/fox/0.png"),
        (2, 3),
        Grayscale,
        &[0; 6],
    );
    assert!(told(other.path()).contains("/test/fox: is a class without training images"));
}

#[test]
fn the_seeds_of_the_fuzz_target_come_out_as_expected() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/png");
    let decoded = |name: &str| {
        let bytes = fs::read(corpus.join(format!("{name}.png"))).unwrap();
        png_folder::decode(Cursor::new(bytes))
    };
    assert_eq!(decoded("grey").unwrap().pixels, [0, 1, 2, 3, 4, 5]);
    assert_eq!(decoded("colours").unwrap().channels, 3);
    assert_eq!(decoded("palette").unwrap().pixels[..3], [255, 0, 0]);
    assert_eq!(decoded("transparent"), Err(ImageProblem::Transparent));
    for name in ["cut", "huge", "checksum"] {
        let problem = decoded(name).unwrap_err();
        assert!(
            matches!(problem, ImageProblem::Png { .. }),
            "{name}: {problem:?}"
        );
    }
}

proptest! {
    #[test]
    fn a_changed_byte_is_an_image_or_one_line(at in 0_usize..100, value in any::<u8>()) {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("image.png");
        write_png(&path, (2, 3), Rgb, &[9; 18]);
        let mut bytes = fs::read(&path).unwrap();
        let at = at % bytes.len();
        bytes[at] = value;
        match png_folder::decode(Cursor::new(bytes)) {
            Ok(image) => {
                prop_assert_eq!(image.pixels.len(), image.height * image.width * image.channels);
            }
            Err(problem) => prop_assert!(!problem.to_string().contains(char::is_control)),
        }
    }
}

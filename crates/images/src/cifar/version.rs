//! The four versions in which CIFAR is published, and the names of their files.

use std::path::Path;

/// A version of CIFAR.
#[derive(Debug, PartialEq, Eq)]
pub struct CifarVersion {
    /// The name of the archive.
    pub(super) archive: &'static str,
    /// The folder that it unpacks to.
    pub(super) folder: &'static str,
    pub(super) train: &'static [&'static str],
    pub(super) test: &'static [&'static str],
    pub(super) layout: BatchLayout,
    pub(super) classes: usize,
}

/// What a file consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BatchLayout {
    /// Records of so many bytes of labels, of which the last is used, and the pixels.
    Records { labels: usize },
    /// A pickle, and the name of its list of labels.
    Pickle { labels: &'static str },
}

pub(super) static VERSIONS: [CifarVersion; 4] = [
    CifarVersion {
        archive: "cifar-10-python.tar.gz",
        folder: "cifar-10-batches-py",
        train: &[
            "data_batch_1",
            "data_batch_2",
            "data_batch_3",
            "data_batch_4",
            "data_batch_5",
        ],
        test: &["test_batch"],
        layout: BatchLayout::Pickle { labels: "labels" },
        classes: 10,
    },
    CifarVersion {
        archive: "cifar-10-binary.tar.gz",
        folder: "cifar-10-batches-bin",
        train: &[
            "data_batch_1.bin",
            "data_batch_2.bin",
            "data_batch_3.bin",
            "data_batch_4.bin",
            "data_batch_5.bin",
        ],
        test: &["test_batch.bin"],
        layout: BatchLayout::Records { labels: 1 },
        classes: 10,
    },
    CifarVersion {
        archive: "cifar-100-python.tar.gz",
        folder: "cifar-100-python",
        train: &["train"],
        test: &["test"],
        layout: BatchLayout::Pickle {
            labels: "fine_labels",
        },
        classes: 100,
    },
    CifarVersion {
        archive: "cifar-100-binary.tar.gz",
        folder: "cifar-100-binary",
        train: &["train.bin"],
        test: &["test.bin"],
        layout: BatchLayout::Records { labels: 2 },
        classes: 100,
    },
];

impl CifarVersion {
    /// Whether any of the files is in a folder.
    pub(super) fn any_in(&self, dir: &Path) -> bool {
        let mut names = self.train.iter().chain(self.test);
        // CIFAR-100's are called as folders of images often are.
        names.any(|name| dir.join(name).is_file())
    }
}

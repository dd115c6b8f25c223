//! Files as people download them, made in memory: CIFAR's in both versions, archives, PNG files.
#![allow(dead_code, reason = "each test program uses a part of it")]
use std::io::Write as _;
use std::path::Path;

/// The pixels of a row of CIFAR: they follow from its number.
pub fn cifar_pixels(row: usize) -> Vec<u8> {
    (0..3072).map(|i| ((row * 7 + i) % 251) as u8).collect()
}

/// Instructions of a pickle as Python 2 wrote them (protocol 2).
struct Pickle {
    bytes: Vec<u8>,
    remembered: u8,
}

impl Pickle {
    fn put(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    fn remember(&mut self) -> &mut Self {
        self.remembered += 1;
        self.bytes.extend([b'q', self.remembered]);
        self
    }

    fn string(&mut self, text: &str) -> &mut Self {
        self.put(&[b'U', text.len() as u8]).put(text.as_bytes());
        self.remember()
    }

    fn number(&mut self, number: usize) -> &mut Self {
        self.put(b"M").put(&(number as u16).to_le_bytes())
    }

    fn labels(&mut self, name: &str, labels: &[u8]) -> &mut Self {
        self.string(name).put(b"]").remember().put(b"(");
        for label in labels {
            self.put(&[b'K', *label]);
        }
        self.put(b"e")
    }

    fn array(&mut self, rows: usize, content: &[u8]) -> &mut Self {
        self.string("data");
        self.put(b"cnumpy.core.multiarray\n_reconstruct\n")
            .remember();
        self.put(b"cnumpy\nndarray\n").remember();
        self.put(b"K\0\x85").remember().string("b");
        self.put(b"\x87").remember().put(b"R").remember();
        self.put(b"(K\x01").number(rows).number(3072);
        self.put(b"\x86").remember();
        self.put(b"cnumpy\ndtype\n").remember().string("u1");
        self.put(b"K\0K\x01\x87").remember().put(b"R").remember();
        self.put(b"(K\x03").string("|");
        self.put(b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0t")
            .remember();
        self.put(b"b\x89T");
        self.put(&(content.len() as u32).to_le_bytes()).put(content);
        self.remember().put(b"t").remember().put(b"b")
    }
}

/// A file of CIFAR's version for Python; `name` is what its list of labels is called. The images
/// are those of the rows from `first` on.
pub fn cifar_pickle(name: &str, labels: &[u8], first: usize) -> Vec<u8> {
    let mut pickle = Pickle {
        bytes: b"\x80\x02}q\x01(".to_vec(),
        remembered: 1,
    };
    let rows = first..first + labels.len();
    let content: Vec<u8> = rows.flat_map(cifar_pixels).collect();
    pickle.string("batch_label").string("training batch 1 of 5");
    if name == "fine_labels" {
        pickle.labels("coarse_labels", &vec![0; labels.len()]);
    }
    pickle.labels(name, labels).array(labels.len(), &content);
    pickle.string("filenames").put(b"]").remember().put(b"(");
    for _ in labels {
        pickle.string("leptodactylus_pentadactylus_s_000004.png");
    }
    pickle.put(b"eu.");
    pickle.bytes
}

/// An archive with these files, packed with gzip.
pub fn tar_gz(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive
            .append_data(&mut header, path, content.as_slice())
            .unwrap();
    }
    gz(&archive.into_inner().unwrap())
}

/// Packed with gzip.
pub fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// CIFAR-10's archive for Python: five batches of `rows` images and as many to be tested on, in the
/// order in which the published one has them. Image by image the labels are 0 to 9 and again 0.
pub fn cifar10_python(rows: usize) -> Vec<(String, Vec<u8>)> {
    let names = [4, 0, 3, 2, 5, 1].map(|batch: usize| {
        let (name, place) = match batch {
            0 => ("test_batch".to_owned(), 5),
            batch => (format!("data_batch_{batch}"), batch - 1),
        };
        let first = place * rows;
        let labels: Vec<u8> = (first..first + rows).map(|row| (row % 10) as u8).collect();
        let path = format!("cifar-10-batches-py/{name}");
        (path, cifar_pickle("labels", &labels, first))
    });
    let mut files = vec![(
        "cifar-10-batches-py/readme.html".to_owned(),
        b"<html>".to_vec(),
    )];
    files.extend(names);
    files
}

/// Writes a PNG file.
pub fn write_png(path: &Path, (height, width): (u32, u32), color: png::ColorType, pixels: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut encoder = png::Encoder::new(std::fs::File::create(path).unwrap(), width, height);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    if color == png::ColorType::Indexed {
        encoder.set_palette(vec![255, 0, 0, 0, 0, 255]);
    }
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(pixels).unwrap();
}

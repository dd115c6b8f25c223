//! What a file is by its first bytes: compressed, or of a format that is not read here, with the
//! command that turns it into one that is.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::options::shell_word;

/// Bytes of a file's start that tell its format.
pub(super) const HEAD: usize = 4096;

/// How a file that is read here is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Packing {
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

impl Packing {
    /// The packing of a file that starts with `head`.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        if head.starts_with(&[0x1F, 0x8B]) {
            Some(Self::Gzip)
        } else if head.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]) {
            Some(Self::Zstd)
        } else {
            None
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "Zstandard",
        }
    }
}

/// A format that is recognised and not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForeignFormat {
    /// A workbook of Excel since 2007.
    Xlsx,
    /// A workbook of Excel before 2007.
    Xls,
    /// A spreadsheet of LibreOffice.
    Ods,
    /// Apache Parquet.
    Parquet,
    /// Arrow's files, also called Feather.
    Arrow,
    /// Apache ORC.
    Orc,
    /// HDF5, also of pandas and MATLAB.
    Hdf5,
    /// One array of numpy.
    Npy,
    /// Several arrays of numpy.
    Npz,
    /// A pickled object of Python.
    Pickle,
    /// A SQLite database.
    Sqlite,
    /// MATLAB's files up to version 7.
    Matlab,
    /// A data set of Stata.
    Stata,
    /// A data set of SPSS.
    Spss,
    /// A saved object of R.
    R,
    /// JSON.
    Json,
    /// Attribute-relation file format, of Weka.
    Arff,
    /// A web page.
    Html,
    /// A portable document.
    Pdf,
    /// What Git has in place of a large file.
    GitLfs,
    /// A zip archive.
    Zip,
    /// A tar archive.
    Tar,
    /// 7-Zip.
    SevenZip,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
}

const STARTS: [(&[u8], ForeignFormat); 22] = [
    (b"PAR1", ForeignFormat::Parquet),
    (b"ARROW1", ForeignFormat::Arrow),
    (b"FEA1", ForeignFormat::Arrow),
    (b"ORC", ForeignFormat::Orc),
    (b"\x89HDF\r\n\x1a\n", ForeignFormat::Hdf5),
    (b"\x93NUMPY", ForeignFormat::Npy),
    (b"SQLite format 3\0", ForeignFormat::Sqlite),
    (b"MATLAB 5.0 MAT-file", ForeignFormat::Matlab),
    (b"<stata_dta>", ForeignFormat::Stata),
    (b"$FL2", ForeignFormat::Spss),
    (b"$FL3", ForeignFormat::Spss),
    (b"RDX2\n", ForeignFormat::R),
    (b"RDX3\n", ForeignFormat::R),
    (b"X\n\0\0\0", ForeignFormat::R),
    (b"%PDF-", ForeignFormat::Pdf),
    (b"version https://git-lfs", ForeignFormat::GitLfs),
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", ForeignFormat::Xls),
    (b"7z\xBC\xAF\x27\x1C", ForeignFormat::SevenZip),
    (b"BZh", ForeignFormat::Bzip2),
    (b"\xFD7zXZ\0", ForeignFormat::Xz),
    (b"{", ForeignFormat::Json),
    (b"[{", ForeignFormat::Json),
];

impl ForeignFormat {
    /// The format of a file that starts with `head`, where it is one of these.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        if head.starts_with(b"PK\x03\x04") {
            return Some(zipped(head));
        }
        if head.get(257..262) == Some(b"ustar") {
            return Some(Self::Tar);
        }
        // Protocols 2 to 5; from 4 on a frame follows, before that an opcode.
        if matches!(head, [0x80, 2..=5, ..]) {
            return Some(Self::Pickle);
        }
        let known = STARTS.iter().find(|(start, _)| head.starts_with(start));
        known
            .map(|(_, format)| *format)
            .or_else(|| Self::of_text(head))
    }

    /// Formats whose first bytes are words.
    fn of_text(head: &[u8]) -> Option<Self> {
        let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
        let lines = head.split(|byte| matches!(byte, b'\n' | b'\r'));
        let mut lines = lines
            .map(<[u8]>::trim_ascii)
            .filter(|line| !line.is_empty());
        let first = lines.clone().next()?;
        let starts = |line: &[u8], word: &[u8]| {
            line.get(..word.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        if [&b"<!doctype"[..], b"<html", b"<?xml"]
            .iter()
            .any(|word| starts(first, word))
        {
            return Some(Self::Html);
        }
        let first = lines.find(|line| !line.starts_with(b"%"))?;
        starts(first, b"@relation").then_some(Self::Arff)
    }

    /// Its name, with an article where it needs one.
    pub fn name(self) -> &'static str {
        match self {
            Self::Xlsx => "an Excel workbook (.xlsx)",
            Self::Xls => "an Excel workbook (.xls)",
            Self::Ods => "an OpenDocument spreadsheet (.ods)",
            Self::Parquet => "a Parquet file",
            Self::Arrow => "an Arrow file (Feather)",
            Self::Orc => "an ORC file",
            Self::Hdf5 => "an HDF5 file",
            Self::Npy => "an array of numpy (.npy)",
            Self::Npz => "arrays of numpy (.npz)",
            Self::Pickle => "a Python pickle",
            Self::Sqlite => "a SQLite database",
            Self::Matlab => "a MATLAB file",
            Self::Stata => "a Stata data set",
            Self::Spss => "an SPSS data set",
            Self::R => "an R data file",
            Self::Json => "JSON",
            Self::Arff => "an ARFF file",
            Self::Html => "a web page, not data",
            Self::Pdf => "a PDF document",
            Self::GitLfs => "a Git LFS pointer, not the data itself",
            Self::Zip => "a zip archive",
            Self::Tar => "a tar archive",
            Self::SevenZip => "a 7-Zip archive",
            Self::Bzip2 => "compressed with bzip2",
            Self::Xz => "compressed with xz",
        }
    }

    /// How to get a table that can be read from the file `path`.
    pub fn remedy(self, path: &str) -> String {
        let file = shell_word(path);
        let python = |modules: &str, statement: &str| {
            let csv = shell_word(&csv_name(path));
            format!("convert it: python3 -c 'import sys, {modules}; {statement}' {file} {csv}")
        };
        let pandas = |read: &str| {
            let read = format!("pandas.{read}(sys.argv[1]).to_csv(sys.argv[2], index=False)");
            python("pandas", &read)
        };
        let frame = |modules: &str, values: &str| {
            let write = format!("pandas.DataFrame({values}).to_csv(sys.argv[2], index=False)");
            python(modules, &write)
        };
        match self {
            Self::Xlsx | Self::Xls | Self::Ods => pandas("read_excel"),
            Self::Parquet => pandas("read_parquet"),
            Self::Arrow => pandas("read_feather"),
            Self::Orc => pandas("read_orc"),
            Self::Hdf5 => pandas("read_hdf"),
            Self::Stata => pandas("read_stata"),
            Self::Spss => pandas("read_spss"),
            Self::Json => pandas("read_json"),
            Self::Pickle => format!(
                "if you trust where it comes from, {}",
                pandas("read_pickle")
            ),
            Self::Npy => frame("numpy, pandas", "numpy.load(sys.argv[1])"),
            Self::Npz => frame("numpy, pandas", "dict(numpy.load(sys.argv[1]))"),
            Self::Arff => frame(
                "pandas, scipy.io.arff",
                "scipy.io.arff.loadarff(sys.argv[1])[0]",
            ),
            Self::Matlab => frame(
                "pandas, scipy.io",
                "{k: v.ravel() for k, v in scipy.io.loadmat(sys.argv[1]).items() if k[0] != \"_\"}",
            ),
            Self::Sqlite => format!(
                "export a table: sqlite3 -header -csv {file} 'select * from TABLE' > {}",
                shell_word(&csv_name(path))
            ),
            Self::R => {
                "export it from R: write.csv(data, \"data.csv\", row.names=FALSE)".to_owned()
            }
            Self::Html => "download the file itself, not the page that shows it".to_owned(),
            Self::Pdf => "export the table as CSV from where it was made".to_owned(),
            Self::GitLfs => format!("fetch the data: git lfs pull --include {file}"),
            Self::Zip => format!("unpack it: unzip {file}"),
            Self::Tar => format!("unpack it: tar -xf {file}"),
            Self::SevenZip => format!("unpack it: 7z x {file}"),
            Self::Bzip2 => format!("unpack it: bunzip2 -k {file}"),
            Self::Xz => format!("unpack it: unxz -k {file}"),
        }
    }
}

impl fmt::Display for ForeignFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The file that a conversion of `path` writes: another one.
fn csv_name(path: &str) -> String {
    let name = format!("{}.csv", stem(path));
    if name == path {
        format!("{path}.csv")
    } else {
        name
    }
}

/// A path without its last extension.
fn stem(path: &str) -> &str {
    let name_at = path.rfind('/').map_or(0, |slash| slash + 1);
    match path[name_at..].rfind('.') {
        Some(dot) if dot > 0 => &path[..name_at + dot],
        _ => path,
    }
}

/// What a zip archive is by the names at its start.
fn zipped(head: &[u8]) -> ForeignFormat {
    let has = |word: &[u8]| head.windows(word.len()).any(|window| window == word);
    // The length and the bytes of the first file's name.
    let length = head
        .get(26..28)
        .map_or(0, |two| usize::from(two[0]) | usize::from(two[1]) << 8);
    let first = head.get(30..30 + length).unwrap_or_default();
    if first == b"mimetype" && has(b"opendocument.spreadsheet") {
        ForeignFormat::Ods
    } else if first == b"[Content_Types].xml" || first.starts_with(b"xl/") || has(b"xl/workbook") {
        ForeignFormat::Xlsx
    } else if first.ends_with(b".npy") {
        ForeignFormat::Npz
    } else {
        ForeignFormat::Zip
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zip(name: &[u8], content: &[u8]) -> Vec<u8> {
        let mut bytes = b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
        bytes.extend([name.len() as u8, 0, 0, 0]);
        bytes.extend(name);
        bytes.extend(content);
        bytes
    }

    #[test]
    fn formats_are_told_by_their_first_bytes() {
        let ods = b"application/vnd.oasis.opendocument.spreadsheetPK";
        let mut tar = vec![0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        for (head, expected) in [
            (
                zip(b"[Content_Types].xml", b"<Types/>"),
                ForeignFormat::Xlsx,
            ),
            (zip(b"mimetype", ods), ForeignFormat::Ods),
            (zip(b"arr_0.npy", b"\x93NUMPY"), ForeignFormat::Npz),
            (zip(b"houses.csv", b"a,b\n"), ForeignFormat::Zip),
            (
                b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec(),
                ForeignFormat::Xls,
            ),
            (b"PAR1\x15\x04".to_vec(), ForeignFormat::Parquet),
            (b"ARROW1\0\0".to_vec(), ForeignFormat::Arrow),
            (b"FEA1".to_vec(), ForeignFormat::Arrow),
            (b"\x89HDF\r\n\x1a\n".to_vec(), ForeignFormat::Hdf5),
            (b"\x93NUMPY\x01\0".to_vec(), ForeignFormat::Npy),
            (b"\x80\x04\x95".to_vec(), ForeignFormat::Pickle),
            (b"BZh91AY&SY".to_vec(), ForeignFormat::Bzip2),
            (b"\xFD7zXZ\0".to_vec(), ForeignFormat::Xz),
            (tar, ForeignFormat::Tar),
            (b"\n <!DOCTYPE html>".to_vec(), ForeignFormat::Html),
            (
                b"% a remark\n@RELATION iris\n".to_vec(),
                ForeignFormat::Arff,
            ),
            (b"[{\"a\": 1}]".to_vec(), ForeignFormat::Json),
        ] {
            assert_eq!(ForeignFormat::of(&head), Some(expected), "{head:?}");
        }
        for head in [
            &b"a,b\n1,2\n"[..],
            b"",
            b"PKW,b\n",
            b"[a],b\n",
            b"% a,b\n1,2\n",
            b"\x80,b",
        ] {
            assert_eq!(ForeignFormat::of(head), None, "{head:?}");
        }
        assert_eq!(Packing::of(b"\x1F\x8B\x08"), Some(Packing::Gzip));
        assert_eq!(Packing::of(b"\x28\xB5\x2F\xFD"), Some(Packing::Zstd));
        assert_eq!(Packing::of(b"a,b"), None);
    }

    #[test]
    fn the_command_names_the_file_as_a_shell_takes_it() {
        assert_eq!(
            ForeignFormat::Parquet.remedy("my data/t.parquet"),
            "convert it: python3 -c 'import sys, pandas; \
             pandas.read_parquet(sys.argv[1]).to_csv(sys.argv[2], index=False)' \
             'my data/t.parquet' 'my data/t.csv'"
        );
        assert_eq!(stem("a.b/data"), "a.b/data");
        assert_eq!(stem(".hidden"), ".hidden");
        assert!(
            ForeignFormat::Xz
                .remedy("t.csv.xz")
                .ends_with("unxz -k t.csv.xz")
        );
    }
}

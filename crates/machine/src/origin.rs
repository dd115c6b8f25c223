//! Which program measures, on which machine, since which start of it: what two measurements must
//! have in common to be compared.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::OnceLock;

use workbench_digest::Hasher;

use crate::facts::MachineFacts;

/// In what two programs or machines differ such that their times cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OriginDifference {
    /// Another version of workbench, another commit or another build.
    Program,
    /// Another processor.
    Processor,
    /// Another number of processors.
    Processors,
    /// Another number of cores that may be used at once.
    UsableCores,
    /// Other GPUs.
    Gpus,
}

impl MachineFacts {
    /// In what another measurement differs, with its program. What only one of the two knows is no
    /// difference.
    pub fn differences(&self, other: &Self) -> Vec<OriginDifference> {
        let gpus = |facts: &Self| -> Vec<String> {
            facts.gpus.iter().map(|gpu| gpu.name.clone()).collect()
        };
        [
            (OriginDifference::Program, self.is_other_program(other)),
            (
                OriginDifference::Processor,
                self.cpu_model != other.cpu_model,
            ),
            (
                OriginDifference::Processors,
                self.cores_logical != other.cores_logical,
            ),
            (
                OriginDifference::UsableCores,
                (self.cores_usable - other.cores_usable).abs() > 0.01,
            ),
            (OriginDifference::Gpus, gpus(self) != gpus(other)),
        ]
        .into_iter()
        .filter_map(|(difference, differs)| differs.then_some(difference))
        .collect()
    }

    /// Whether another build of workbench measured. The hash of the program decides where both
    /// know it: two builds of a changed tree have the same version and commit.
    fn is_other_program(&self, other: &Self) -> bool {
        match (&self.program_sha256, &other.program_sha256) {
            (Some(one), Some(two)) => one != two,
            _ => {
                self.workbench_version != other.workbench_version
                    || self.workbench_commit != other.workbench_commit
            }
        }
    }

    /// The program that measured, for people: `workbench 0.1.0 (0123456789ab, file 89abcdef0123)`.
    pub fn program_name(&self) -> String {
        let file = self.program_sha256.as_deref();
        let file = file.map(|sha256| format!("file {}", sha256.get(..12).unwrap_or(sha256)));
        let known: Vec<String> = self.workbench_commit.iter().cloned().chain(file).collect();
        match known.as_slice() {
            [] => format!("workbench {}", self.workbench_version),
            known => format!(
                "workbench {} ({})",
                self.workbench_version,
                known.join(", ")
            ),
        }
    }
}

/// SHA-256 of the running program's file, in hexadecimal; `None` where it cannot be read. Computed
/// once.
pub(crate) fn program_sha256() -> Option<String> {
    static HASH: OnceLock<Option<String>> = OnceLock::new();
    HASH.get_or_init(|| hash_of(running_program().ok()?).ok())
        .clone()
}

/// The running program's file, also when another has been put in its place since.
fn running_program() -> io::Result<File> {
    let own = PathBuf::from("/proc/self/exe");
    File::open(own).or_else(|_| File::open(std::env::current_exe()?))
}

fn hash_of(mut file: File) -> io::Result<String> {
    struct Into(Hasher);
    impl io::Write for Into {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut into = Into(Hasher::default());
    io::copy(&mut file, &mut into)?;
    Ok(into.0.finish())
}

/// The number that the kernel gave to this start of the machine.
pub(crate) fn boot_id() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned()).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BuildFacts;

    fn facts() -> MachineFacts {
        MachineFacts {
            cpu_model: "A".to_owned(),
            cores_logical: 4,
            cores_usable: 2.0,
            program_sha256: Some("aa".to_owned()),
            ..MachineFacts::default()
        }
    }

    #[test]
    fn another_program_or_machine_is_told_from_the_same() {
        use OriginDifference::{Processor, Processors, Program, UsableCores};
        let same = facts();
        assert_eq!(facts().differences(&same), []);
        let changed = |change: fn(&mut MachineFacts)| {
            let mut other = facts();
            change(&mut other);
            facts().differences(&other)
        };
        assert_eq!(changed(|f| f.cpu_model.push('B')), [Processor]);
        assert_eq!(changed(|f| f.cores_usable = 1.0), [UsableCores]);
        assert_eq!(
            changed(|f| f.program_sha256 = Some("bb".to_owned())),
            [Program]
        );
        assert_eq!(changed(|f| f.kernel.push('1')), []);
        // The file was the same, so what it calls itself does not matter; without its hash it does.
        assert_eq!(changed(|f| f.workbench_version.push('1')), []);
        let older = |f: &mut MachineFacts| {
            f.program_sha256 = None;
            f.workbench_version.push('1');
            f.cores_logical = 8;
        };
        assert_eq!(changed(older), [Program, Processors]);
    }

    #[test]
    fn a_program_knows_its_own_file() {
        let built = MachineFacts::default().built(&BuildFacts::default());
        let hash = built.program_sha256.unwrap();
        assert_eq!(hash.len(), 64);
        let file = File::open(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(hash_of(file).unwrap(), hash);
    }
}

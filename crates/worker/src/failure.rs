//! Why a training cannot go on, in the protocol's terms.

use std::any::Any;

use tch::TchError;
use torch_ddp::ErrorKind;
use workbench_ddp_protocol::{FailureKind, SpecError};
use workbench_images::ImageError;
use workbench_protocol::{EnvError, SideError};
use workbench_words::panic_message;

/// What ends a training: its kind, and one line that says what was wrong, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What kind of failure.
    pub kind: FailureKind,
    /// One line.
    pub message: String,
}

/// What libtorch's messages contain when memory is used up, on the CPU and on GPUs: its exceptions
/// have no kind that would say it.
const NO_MEMORY: [&str; 3] = [
    "can't allocate memory",
    "not enough memory",
    "out of memory",
];

impl Failure {
    /// A failure of `kind`.
    pub fn new(kind: FailureKind, message: impl AsRef<str>) -> Self {
        // libtorch's messages go over many lines, with a stack trace below the first.
        let lines = message.as_ref().lines().map(str::trim);
        let kept = lines.take_while(|line| !line.starts_with("Exception raised from"));
        Self {
            kind,
            message: kept.collect::<Vec<_>>().join(" "),
        }
    }

    /// The specification or the command line makes no sense.
    pub fn spec(message: impl AsRef<str>) -> Self {
        Self::new(FailureKind::Spec, message)
    }

    /// A checkpoint cannot be read.
    pub fn checkpoint(message: impl AsRef<str>) -> Self {
        Self::new(FailureKind::Checkpoint, message)
    }

    /// The ranks did not meet.
    pub fn rendezvous(error: torch_ddp::Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Unavailable | ErrorKind::OutOfMemory => return Self::from(error),
            _ => FailureKind::Rendezvous,
        };
        Self::new(kind, format!("the ranks did not meet: {error}"))
    }

    /// What a panic carries. tch panics where libtorch throws, so memory that is used up arrives in
    /// this way too.
    pub fn from_panic(payload: &(dyn Any + Send)) -> Self {
        Self::from_libtorch(panic_message(payload))
    }

    fn from_libtorch(text: &str) -> Self {
        if NO_MEMORY.iter().any(|words| text.contains(words)) {
            Self::new(
                FailureKind::OutOfMemory,
                format!("memory is used up ({}); give a smaller batch", first(text)),
            )
        } else {
            Self::new(
                FailureKind::Other,
                format!("libtorch failed: {}", first(text)),
            )
        }
    }

    /// What the process ends with: 2 for a request that makes no sense, 3 for a machine that lacks
    /// something, else 1.
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            FailureKind::Spec => 2,
            FailureKind::Device => 3,
            _ => 1,
        }
    }
}

/// What comes before the stack trace.
fn first(text: &str) -> &str {
    // Some of libtorch's errors name the place first, others begin with the frames.
    let ends = ["Exception raised from", "frame #"];
    let end = ends.iter().filter_map(|words| text.find(words)).min();
    text[..end.unwrap_or(text.len())].trim()
}

impl From<TchError> for Failure {
    fn from(error: TchError) -> Self {
        Self::from_libtorch(&error.to_string())
    }
}

impl From<torch_ddp::Error> for Failure {
    fn from(error: torch_ddp::Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Timeout | ErrorKind::Connection | ErrorKind::Aborted => FailureKind::Peer,
            ErrorKind::Unavailable => return Self::new(FailureKind::Device, error.to_string()),
            ErrorKind::OutOfMemory => {
                return Self::from_libtorch(&format!("out of memory: {}", error.message()));
            }
            _ => return Self::from_libtorch(&error.to_string()),
        };
        Self::new(kind, format!("{error}; another rank is gone or stuck"))
    }
}

impl From<ImageError> for Failure {
    fn from(error: ImageError) -> Self {
        Self::new(FailureKind::Data, error.to_string())
    }
}

impl From<SpecError> for Failure {
    fn from(error: SpecError) -> Self {
        Self::spec(error.to_string())
    }
}

impl From<EnvError> for Failure {
    fn from(error: EnvError) -> Self {
        Self::spec(error.to_string())
    }
}

impl From<SideError> for Failure {
    fn from(error: SideError) -> Self {
        Self::new(FailureKind::Other, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_used_up_is_that_on_cpus_and_gpus() {
        for text in [
            "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.18 GiB of which 1.06 GiB is free.\nException raised from malloc at CUDACachingAllocator.cpp:1",
            "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 64 bytes.",
        ] {
            for failure in [
                Failure::from(TchError::Torch(text.to_owned())),
                Failure::from_panic(&text),
            ] {
                assert_eq!(failure.kind, FailureKind::OutOfMemory);
                assert!(failure.message.contains("smaller batch"), "{failure}");
                assert!(!failure.message.contains("Exception"), "{failure}");
            }
        }
        let other = Failure::from(TchError::Torch(
            "CUDA error: an illegal memory access".into(),
        ));
        assert_eq!(other.kind, FailureKind::Other);
    }
}

//! The plan of an installation: a list of steps that is made and shown before any step is done, and
//! tested without doing them.

use super::wheels::{CUDA_UNPACKED_BYTES, HEADER_BYTES, UNPACKED_BYTES, Wheel};
use super::{CacheFolder, Compute, Libtorch, headers};

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Download a wheel with pip and check its hash.
    Download(Wheel),
    /// Unpack the needed files of the wheels.
    Unpack,
    /// Unpack the headers that an installed libtorch lacks.
    Headers,
    /// Load the unpacked files, and move them to their final place.
    Check,
    /// Build the worker with cargo.
    Build,
}

impl Step {
    /// The text that is shown when it starts.
    pub fn title(&self) -> String {
        match self {
            Self::Download(wheel) => format!("download {} {}", wheel.package, wheel.version),
            Self::Unpack => "unpack headers and libraries".to_owned(),
            Self::Headers => "unpack the headers of CUDA".to_owned(),
            Self::Check => "load libtorch once, to see that it works".to_owned(),
            Self::Build => "build the worker (minutes, the first time)".to_owned(),
        }
    }
}

/// The remaining steps, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallPlan {
    /// The steps.
    pub steps: Vec<Step>,
    /// Bytes that will be downloaded.
    pub download: u64,
    /// Bytes of free space that are needed.
    pub space: u64,
    /// Final size of the unpacked files, in bytes.
    pub unpacked: u64,
    /// The device of an installed libtorch.
    pub device: Compute,
}

impl InstallPlan {
    /// The remaining steps for the CPU: only the worker if there is a libtorch; the worker only if
    /// it has sources.
    pub fn new(
        place: &CacheFolder,
        libtorch: Option<&Libtorch>,
        wheels: &[Wheel],
        has_worker: bool,
    ) -> Self {
        let mut plan = Self::nothing(Compute::Cpu);
        if libtorch.is_none() {
            plan.fetch(place, wheels, UNPACKED_BYTES);
            plan.steps.extend([Step::Unpack, Step::Check]);
        }
        plan.build(has_worker)
    }

    /// The remaining steps for GPUs. `libtorch` is an installed one with CUDA, `wheels` those for
    /// GPUs, `headers` the wheels of headers alone, which are downloaded if that libtorch lacks
    /// only them.
    pub fn with_cuda(
        place: &CacheFolder,
        libtorch: Option<&Libtorch>,
        (wheels, headers): (&[Wheel], &[Wheel]),
        has_worker: bool,
    ) -> Self {
        let mut plan = Self::nothing(Compute::Cuda);
        match libtorch {
            None => {
                plan.fetch(place, wheels, CUDA_UNPACKED_BYTES);
                plan.steps.extend([Step::Unpack, Step::Check]);
            }
            Some(libtorch) if headers::lacks_headers(libtorch, place) => {
                plan.fetch(place, headers, HEADER_BYTES);
                plan.steps.push(Step::Headers);
            }
            Some(_) => {}
        }
        plan.build(has_worker)
    }

    fn nothing(device: Compute) -> Self {
        Self {
            steps: Vec::new(),
            download: 0,
            space: 0,
            unpacked: 0,
            device,
        }
    }

    fn fetch(&mut self, place: &CacheFolder, wheels: &[Wheel], unpacked: u64) {
        let mut largest = 0;
        for wheel in wheels {
            self.steps.push(Step::Download(*wheel));
            if !is_there(place, wheel) {
                self.download += wheel.bytes;
                largest = wheel.bytes.max(largest);
            }
        }
        // pip copies a finished download to its place before it deletes the first copy.
        self.space = self.download + largest.max(unpacked);
        self.unpacked = unpacked;
    }

    fn build(mut self, has_worker: bool) -> Self {
        if has_worker {
            self.steps.push(Step::Build);
        }
        self
    }
}

/// Whether a download of the right size exists. pip detects a wrong one of the same size, because
/// it checks the hash of existing files too.
fn is_there(place: &CacheFolder, wheel: &Wheel) -> bool {
    place
        .wheels()
        .join(wheel.file)
        .metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.len() == wheel.bytes)
}

//! What has to be done, as a list: made before anything is, shown before anything is asked, and tested without doing any
//! of it.

use super::wheels::{CUDA_UNPACKED_BYTES, HEADER_BYTES, UNPACKED_BYTES, Wheel};
use super::{Device, Libtorch, Place, headers};

/// One thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Have pip download a wheel and check its hash.
    Download(Wheel),
    /// Take what is needed out of the wheels.
    Unpack,
    /// Take the headers out that a libtorch which was there already lacks.
    Headers,
    /// Load what was unpacked, and put it where it is looked for.
    Check,
    /// Have cargo build the worker.
    Build,
}

impl Step {
    /// What is said when it begins.
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

/// The steps that are left, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
    /// Bytes that will be downloaded.
    pub download: u64,
    /// Bytes that have to be free before.
    pub space: u64,
    /// Bytes that what is unpacked takes in the end.
    pub unpacked: u64,
    /// What a libtorch that is installed is for.
    pub device: Device,
}

impl Plan {
    /// What is left to do for the CPU: everything but the worker when there is a libtorch; the worker only when it has sources.
    pub fn new(
        place: &Place,
        libtorch: Option<&Libtorch>,
        wheels: &[Wheel],
        has_worker: bool,
    ) -> Self {
        let mut plan = Self::nothing(Device::Cpu);
        if libtorch.is_none() {
            plan.fetch(place, wheels, UNPACKED_BYTES);
            plan.steps.extend([Step::Unpack, Step::Check]);
        }
        plan.build(has_worker)
    }

    /// What is left to do for GPUs. `libtorch` is one with CUDA that is there, `wheels` those for GPUs, `headers` those of the
    /// headers alone, which are fetched when that libtorch has all but those.
    pub fn with_cuda(
        place: &Place,
        libtorch: Option<&Libtorch>,
        (wheels, headers): (&[Wheel], &[Wheel]),
        has_worker: bool,
    ) -> Self {
        let mut plan = Self::nothing(Device::Cuda);
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

    fn nothing(device: Device) -> Self {
        Self {
            steps: Vec::new(),
            download: 0,
            space: 0,
            unpacked: 0,
            device,
        }
    }

    fn fetch(&mut self, place: &Place, wheels: &[Wheel], unpacked: u64) {
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

/// Whether a download of the right size is there. A wrong one of the same size is found out by pip, which checks the
/// hash of what is there too.
fn is_there(place: &Place, wheel: &Wheel) -> bool {
    place
        .wheels()
        .join(wheel.file)
        .metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.len() == wheel.bytes)
}

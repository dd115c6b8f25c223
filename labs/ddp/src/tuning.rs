//! The parameters that make a training faster or smaller, and what the machine must have for them.

use workbench_ddp_protocol::{GradientFormat, Precision, Tuning};
use workbench_experiment::lab::LabError;

use crate::params::Reader;

/// How the arms compute and communicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TunedArms {
    tuning: Tuning,
    /// Whether the arms of one process compute as without.
    plain_base: bool,
}

impl TunedArms {
    pub(crate) fn read(params: &Reader<'_>) -> Result<Self, LabError> {
        let is =
            |name: &str, value: &str| -> Result<bool, LabError> { Ok(params.text(name)? == value) };
        Ok(Self {
            tuning: Tuning {
                precision: match params.text("precision")? {
                    "bf16" => Precision::Bf16,
                    _ => Precision::Fp32,
                },
                accumulate: params.count("accumulate")? as u32,
                channels_last: is("channels_last", "yes")?,
                gradients: match params.text("gradients")? {
                    "fp16" => GradientFormat::Fp16,
                    "bf16" => GradientFormat::Bf16,
                    _ => GradientFormat::Fp32,
                },
                find_unused_parameters: is("find_unused_parameters", "yes")?,
                static_graph: is("static_graph", "yes")?,
            },
            plain_base: is("tuned_arms", "parallel")?,
        })
    }

    /// What the arms with several workers use.
    pub fn parallel(&self) -> Tuning {
        self.tuning
    }

    /// What the arms of one process use.
    pub fn plain(&self) -> Tuning {
        if self.plain_base {
            Tuning::default()
        } else {
            self.tuning
        }
    }

    /// What differs from the usual, for the headline; empty where nothing does.
    pub fn told(&self) -> String {
        let mut computing = Vec::new();
        if self.tuning.precision == Precision::Bf16 {
            computing.push("bfloat16".to_owned());
        }
        if self.tuning.channels_last {
            computing.push("channels last".to_owned());
        }
        if self.tuning.accumulate > 1 {
            computing.push(format!("steps in {} parts", self.tuning.accumulate));
        }
        if self.plain_base && !computing.is_empty() {
            computing.push("one process without these".to_owned());
        }
        match self.tuning.gradients {
            GradientFormat::Fp32 => {}
            GradientFormat::Fp16 => computing.push("gradients travel as fp16".to_owned()),
            GradientFormat::Bf16 => computing.push("gradients travel as bf16".to_owned()),
        }
        if self.tuning.find_unused_parameters {
            computing.push("unused parameters are looked for".to_owned());
        }
        if self.tuning.static_graph {
            computing.push("static graph".to_owned());
        }
        // Each goes on after a comma.
        computing.insert(0, String::new());
        computing.join(", ")
    }
}

/// Whether this processor has instructions for bfloat16. Without them libtorch computes in single
/// precision and converts, which is slower than without.
pub fn computes_bf16() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx512bf16");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("bf16");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    false
}

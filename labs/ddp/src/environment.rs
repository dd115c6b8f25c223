//! The environment of the workers: what they inherit is decided here, and recorded.
//!
//! Many variables change what libtorch, its OpenMP, its mathematics and its communication do:
//! clusters set `OMP_PROC_BIND`, which binds the threads of every rank to the same cores, and a
//! shell inside torchrun has `TORCHELASTIC_USE_AGENT_STORE`. An experiment must not depend on the
//! shell that it was started from, so such variables are cleared. What a machine may need to work
//! at all, such as the choice of its GPUs, is kept.

use std::ffi::{OsStr, OsString};

/// What is done with a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// Workers do not get it.
    Cleared,
    /// Workers get it, and it may change the result.
    Kept,
}

/// A variable that was set, and could change the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inherited {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// What is done with it.
    pub treatment: Treatment,
}

/// All variables that were set when the run began and could change the result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment(Vec<Inherited>);

/// Names of variables, or beginnings of names where they end with `_`. The first that fits decides.
struct Family {
    names: &'static [&'static str],
    on_cpus: Option<Treatment>,
    on_gpus: Option<Treatment>,
}

/// A family that is treated alike everywhere.
const fn all(names: &'static [&'static str], treatment: Treatment) -> Family {
    Family {
        names,
        on_cpus: Some(treatment),
        on_gpus: Some(treatment),
    }
}

const FAMILIES: &[Family] = &[
    // Which libraries a program loads: workers may not start without.
    all(&["LD_LIBRARY_PATH", "LD_PRELOAD"], Treatment::Kept),
    // Threads, and the cores that they are bound to.
    all(&["OMP_", "GOMP_", "KMP_", "LIBOMP_"], Treatment::Cleared),
    // Mathematics: threads, instructions, caches of compiled kernels.
    all(
        &[
            "MKL_",
            "OPENBLAS_",
            "GOTO_",
            "BLIS_",
            "VECLIB_",
            "NUMEXPR_",
            "DNNL_",
            "ONEDNN_",
            "MKLDNN_",
            "LRU_CACHE_CAPACITY",
        ],
        Treatment::Cleared,
    ),
    // Memory.
    all(
        &[
            "MALLOC_",
            "GLIBC_TUNABLES",
            "JEMALLOC_",
            "TCMALLOC_",
            "MIMALLOC_",
        ],
        Treatment::Cleared,
    ),
    // How GPUs talk to each other: some machines do not work without.
    Family {
        names: &["NCCL_", "TORCH_NCCL_"],
        on_cpus: Some(Treatment::Cleared),
        on_gpus: Some(Treatment::Kept),
    },
    // libtorch. `GLOO_SOCKET_IFNAME` too: the ranks of a run meet on the loopback address.
    all(
        &[
            "ATEN_",
            "C10_",
            "C10D_",
            "PYTORCH_",
            "TORCH_",
            "TORCHINDUCTOR_",
            "GLOO_",
            "TP_",
        ],
        Treatment::Cleared,
    ),
    // The place among the ranks of another launch.
    all(
        &[
            "RANK",
            "WORLD_SIZE",
            "LOCAL_RANK",
            "LOCAL_WORLD_SIZE",
            "GROUP_RANK",
            "GROUP_WORLD_SIZE",
            "ROLE_",
            "NODE_RANK",
            "MASTER_",
            "TORCHELASTIC_",
        ],
        Treatment::Cleared,
    ),
    // What makes GPUs slower, or compute otherwise.
    Family {
        names: &[
            "CUDA_LAUNCH_BLOCKING",
            "NVIDIA_TF32_OVERRIDE",
            "CUBLAS_",
            "CUBLASLT_",
            "CUDNN_",
        ],
        on_cpus: None,
        on_gpus: Some(Treatment::Cleared),
    },
    // Which GPUs there are, and how they are shared.
    Family {
        names: &["CUDA_", "NVIDIA_VISIBLE_DEVICES"],
        on_cpus: None,
        on_gpus: Some(Treatment::Kept),
    },
];

impl Environment {
    /// What of these variables, such as those of [`std::env::vars_os`], could change the result of
    /// workers on CPUs or GPUs.
    pub fn of(vars: impl IntoIterator<Item = (OsString, OsString)>, gpus: bool) -> Self {
        let mut found: Vec<Inherited> = vars
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .filter_map(|(name, value)| {
                Some(Inherited {
                    treatment: treatment(&name, gpus)?,
                    name: name.into_string().ok()?,
                    value: value.to_string_lossy().into_owned(),
                })
            })
            .collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Self(found)
    }

    /// Those that are treated in one way.
    pub fn treated(&self, treatment: Treatment) -> impl Iterator<Item = &Inherited> {
        self.0
            .iter()
            .filter(move |variable| variable.treatment == treatment)
    }

    /// The names of those that workers do not get.
    pub fn cleared(&self) -> Vec<OsString> {
        let cleared = self.treated(Treatment::Cleared);
        cleared
            .map(|variable| variable.name.clone().into())
            .collect()
    }

    /// Whether none was set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn treatment(name: &OsStr, gpus: bool) -> Option<Treatment> {
    let name = name.to_str()?;
    let fits = |known: &&str| {
        if known.ends_with('_') {
            name.starts_with(*known)
        } else {
            name == *known
        }
    };
    let family = FAMILIES
        .iter()
        .find(|family| family.names.iter().any(fits))?;
    if gpus { family.on_gpus } else { family.on_cpus }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(vars: &[(&str, &str)], gpus: bool) -> Environment {
        let vars = vars.iter();
        Environment::of(vars.map(|(name, value)| (name.into(), value.into())), gpus)
    }

    #[test]
    fn what_binds_threads_or_leads_to_another_launch_is_cleared_and_recorded() {
        let set = [
            ("OMP_PROC_BIND", "true"),
            ("OMP_PLACES", "cores"),
            ("GOMP_CPU_AFFINITY", "0"),
            ("KMP_AFFINITY", "granularity=fine"),
            ("MKL_NUM_THREADS", "7"),
            ("TORCHELASTIC_USE_AGENT_STORE", "True"),
            ("GLOO_SOCKET_IFNAME", "eth7"),
            ("MASTER_ADDR", "node1"),
            ("NCCL_DEBUG", "INFO"),
            ("LD_PRELOAD", "/usr/lib/libtcmalloc.so"),
            ("CUDA_VISIBLE_DEVICES", "0"),
            ("HOME", "/root"),
            ("PATH", "/bin"),
            ("OMP_SCHEDULE", ""),
        ];
        let found = of(&set, false);
        assert_eq!(found.cleared().len(), 9, "{found:?}");
        let kept: Vec<&str> = found
            .treated(Treatment::Kept)
            .map(|variable| variable.name.as_str())
            .collect();
        assert_eq!(kept, ["LD_PRELOAD"]);
    }

    #[test]
    fn on_gpus_their_choice_and_their_connections_are_kept() {
        let set = [
            ("NCCL_P2P_DISABLE", "1"),
            ("TORCH_NCCL_BLOCKING_WAIT", "1"),
            ("CUDA_VISIBLE_DEVICES", "2,3"),
            ("CUDA_LAUNCH_BLOCKING", "1"),
        ];
        let found = of(&set, true);
        assert_eq!(found.cleared(), ["CUDA_LAUNCH_BLOCKING"]);
        assert_eq!(found.treated(Treatment::Kept).count(), 3);
    }

    #[test]
    fn what_changes_nothing_is_passed_over() {
        assert!(of(&[("HOME", "/root")], false).is_empty());
    }
}

//! What this process is to do: the specification, its place among the ranks, and its device.

use std::net::IpAddr;
use std::time::Duration;
use std::{env, fs};

use sha2::{Digest as _, Sha256};
use tch::{Device, Tensor};
use torch_ddp::{GlooDevice, GlooOptions, Launch, ProcessGroup, cuda};
use workbench_ddp_protocol::{FailureKind, Program, TrainSpec, spec};
use workbench_protocol::WorkerEnv;

use crate::failure::Failure;

/// The variable that names the network interface over which ranks talk, as in PyTorch.
const INTERFACE: &str = "GLOO_SOCKET_IFNAME";

/// One rank's part in a training.
#[derive(Debug, Clone)]
pub struct Job {
    /// What to train.
    pub spec: TrainSpec,
    /// This rank.
    pub rank: usize,
    /// How many ranks there are.
    pub world: usize,
    /// Where this rank computes.
    pub device: Device,
    launch: Option<Launch>,
    one_machine: bool,
}

impl Job {
    /// Puts a specification and the environment together, and checks that they fit.
    ///
    /// A single program needs nothing in the environment. Faults are dropped when torchrun has
    /// started the ranks again: what broke the first attempt would break every other.
    ///
    /// # Errors
    /// When either makes no sense, or the device is not there.
    pub fn new(mut spec: TrainSpec) -> Result<Self, Failure> {
        let alone = spec.program == Program::Single && env::var_os("WORLD_SIZE").is_none();
        let place = if alone {
            WorkerEnv::local(0, 1, 1)
        } else {
            WorkerEnv::from_vars(env::vars_os())?
        };
        spec.check(place.world_size)?;
        let launch = if alone { None } else { Launch::from_env()? };
        if launch
            .as_ref()
            .is_some_and(|launch| launch.agent_store > Some(0))
        {
            spec.faults.clear();
        }
        Ok(Self {
            device: device(&spec)?,
            rank: place.rank as usize,
            world: place.world_size as usize,
            launch,
            one_machine: place.local_world_size == place.world_size,
            spec,
        })
    }

    /// The same for a process that is alone, whatever a launcher around it has left in the
    /// environment.
    ///
    /// # Errors
    /// When the specification makes no sense, or the device is not there.
    pub fn alone(spec: TrainSpec) -> Result<Self, Failure> {
        spec.check(1)?;
        Ok(Self {
            device: device(&spec)?,
            rank: 0,
            world: 1,
            launch: None,
            one_machine: true,
            spec,
        })
    }

    /// Where the ranks' store is.
    ///
    /// # Errors
    /// When this process is alone.
    pub fn launch(&self) -> Result<&Launch, Failure> {
        self.launch
            .as_ref()
            .ok_or_else(|| Failure::spec("a single program has no ranks to meet"))
    }

    /// How long to wait for other ranks.
    pub fn timeout(&self) -> Duration {
        Duration::try_from_secs_f64(self.spec.timeout_s).unwrap_or(Duration::MAX)
    }

    /// Shows every rank that all are of one launch, where the launch has a name.
    ///
    /// # Errors
    /// When a rank belongs to another launch.
    pub fn prove(&self, group: &ProcessGroup) -> Result<(), Failure> {
        let launch = self.launch.as_ref();
        match launch.and_then(|launch| launch.run_id.as_ref()) {
            Some(id) => prove(group, id),
            None => Ok(()),
        }
    }

    /// How the ranks talk: over the interface that `GLOO_SOCKET_IFNAME` names, of several the first
    /// that this machine has; else over the loopback address when all are on this machine, or the
    /// address of this machine's name.
    ///
    /// # Errors
    /// When the variable names no interface of this machine.
    pub fn gloo(&self) -> Result<GlooOptions, Failure> {
        let device = match env::var(INTERFACE) {
            Ok(names) if !names.is_empty() => {
                GlooDevice::Interface(interface(&names, &interfaces())?)
            }
            _ if self.one_machine => self.loopback(),
            _ => GlooDevice::Hostname,
        };
        Ok(GlooOptions::default()
            .timeout(self.timeout())
            .device(device))
    }

    /// The loopback address on which the ranks meet, where they meet on one.
    fn loopback(&self) -> GlooDevice {
        let meeting = self.launch.as_ref().map(|launch| &launch.master_addr);
        let address = meeting.filter(|host| host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback()));
        address.map_or(GlooDevice::Loopback, |host| {
            GlooDevice::Address(host.clone())
        })
    }

    /// Rows of one step of this rank.
    pub fn batch(&self) -> usize {
        self.spec.batch as usize
    }

    /// Rows of one step of one rank, when a shard of `rows` training rows has that many.
    ///
    /// # Errors
    /// When it has not.
    pub fn check_batch(&self, rows: usize) -> Result<(), Failure> {
        let shard = rows / self.world;
        if self.batch() <= shard {
            return Ok(());
        }
        Err(Failure::spec(format!(
            "batch is {}, more than the {shard} training rows of each of {} ranks; give {shard} or less",
            self.batch(),
            self.world
        )))
    }
}

/// Shows every rank that all are of the launch with this name. The store keeps launches apart, but
/// connections between ranks are made to ports, and the port of a rank that has died may belong to
/// a rank of another launch a moment later.
fn prove(group: &ProcessGroup, id: &str) -> Result<(), Failure> {
    let own = Sha256::digest(id);
    let all = group
        .all_gather(&Tensor::from_slice(&own))
        .map_err(Failure::rendezvous)?;
    let is_strange = |tensor: &Tensor| {
        let name: Result<Vec<u8>, _> = Vec::try_from(tensor);
        name.is_ok_and(|name| name[..] != own[..])
    };
    match all.iter().position(is_strange) {
        None => Ok(()),
        Some(rank) => Err(Failure::new(
            FailureKind::Rendezvous,
            format!(
                "the ranks did not meet: rank {rank} belongs to another launch than {id}; start again"
            ),
        )),
    }
}

/// The network interfaces of this machine; none where the system does not list them.
fn interfaces() -> Vec<String> {
    let entries = fs::read_dir("/sys/class/net").into_iter().flatten();
    let names = entries.flatten().map(|entry| entry.file_name());
    let mut names: Vec<String> = names.filter_map(|name| name.into_string().ok()).collect();
    names.sort_unstable();
    names
}

/// Of a list of network interfaces the first that this machine has.
fn interface(names: &str, here: &[String]) -> Result<String, Failure> {
    let mut wanted = names
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let is_here = |name: &&str| here.is_empty() || here.iter().any(|known| known == name);
    wanted.find(is_here).map(str::to_owned).ok_or_else(|| {
        Failure::spec(format!(
            "{INTERFACE}={names}: this machine has no such network interface; name one of {}, or unset the variable",
            here.join(", ")
        ))
    })
}

/// Where to compute. Brings CUDA along when it is to be on a GPU, and nothing of it otherwise.
fn device(spec: &TrainSpec) -> Result<Device, Failure> {
    let spec::Device::Cuda { index } = spec.device else {
        return Ok(Device::Cpu);
    };
    let lacking = |text: String| {
        Failure::new(
            FailureKind::Device,
            format!("device cuda:{index}: {text}; take the cpu, or see `workbench doctor`"),
        )
    };
    let count = cuda::device_count().map_err(|error| lacking(error.message().to_owned()))?;
    let index = index as usize;
    if index >= count {
        return Err(lacking(format!("libtorch sees {count} GPUs")));
    }
    if spec.program != Program::Single && !cuda::has_nccl() {
        return Err(lacking(
            "this worker was built without NCCL, over which GPUs exchange gradients".to_owned(),
        ));
    }
    Ok(Device::Cuda(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_interfaces_the_first_that_is_there_is_taken() {
        let here = ["eth0", "lo"].map(str::to_owned);
        for (names, taken) in [
            ("lo", "lo"),
            ("lo,nowhere", "lo"),
            ("nowhere, eth0", "eth0"),
        ] {
            assert_eq!(interface(names, &here).unwrap(), taken, "{names}");
        }
        assert_eq!(interface("eth7", &[]).unwrap(), "eth7");
    }

    #[test]
    fn a_variable_that_names_no_interface_is_named_with_those_that_are_there() {
        for names in ["nowhere,neither", ","] {
            let here = ["eth0", "lo"].map(str::to_owned);
            let failure = interface(names, &here).unwrap_err();
            // Another attempt would fail too.
            assert_eq!(failure.kind, FailureKind::Spec);
            let told = failure.message;
            let variable = format!("GLOO_SOCKET_IFNAME={names}");
            assert!(
                told.contains(&variable) && told.contains("eth0, lo"),
                "{told}"
            );
        }
    }
}

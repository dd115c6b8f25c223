//! Where the ranks of one attempt meet.
//!
//! The socket listens before any rank is started, and rank 0 inherits it, so no other program can
//! take the port in between. The name is another one in every attempt, and every rank proves that
//! it has it: ranks that have none, or that of another attempt, never get into the group.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use workbench_ddp_protocol::{TrainSpec, Training};
use workbench_experiment::lab::LabError;
use workbench_protocol::{WorkerEnv, env};
use workbench_workers::WorkerLaunch;

/// The place where the ranks of one attempt meet.
#[derive(Debug)]
pub struct Rendezvous {
    /// Open until the ranks have ended: until then nobody else gets the port.
    listener: Arc<OwnedFd>,
    address: SocketAddr,
    name: String,
}

impl Rendezvous {
    /// Opens a place that no other attempt on this machine has.
    ///
    /// # Errors
    /// [`LabError::Environment`] when there is no loopback address, or no port left on it.
    pub fn open() -> Result<Self, LabError> {
        let listener = TcpListener::bind((own_loopback(), 0))
            .or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
            .map_err(no_place)?;
        let address = listener.local_addr().map_err(no_place)?;
        let name = format!("workbench-{:016x}{:016x}", random(), random());
        Ok(Self {
            listener: Arc::new(listener.into()),
            address,
            name,
        })
    }

    /// The launch of a rank that meets the others here.
    pub fn launch(
        &self,
        program: &Path,
        (rank, world): (u32, u32),
        spec: TrainSpec,
    ) -> WorkerLaunch<Training> {
        let place = WorkerEnv {
            master_addr: self.address.ip().to_string(),
            ..WorkerEnv::local(rank, world, self.address.port())
        };
        let mut launch = WorkerLaunch::new(program, place, spec);
        launch
            .vars
            .push((env::RUN_ID.into(), self.name.clone().into()));
        if rank == 0 {
            launch
                .descriptors
                .push((env::LISTENER.into(), Arc::clone(&self.listener)));
        }
        launch
    }
}

/// An address of this machine's own that hardly any other attempt has: on Linux, all of 127.0.0.0/8
/// is that. Each has ports of its own, so connections of trainings before, which the kernel
/// remembers for a minute, take none away. Where only 127.0.0.1 is such an address, that is taken.
fn own_loopback() -> Ipv4Addr {
    let [_, b, c, d, ..] = random().to_be_bytes();
    // Neither the network's own address nor that of all.
    Ipv4Addr::new(127, b, c, d.clamp(2, 254))
}

/// Seeded by the system, anew for each.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` takes")]
fn no_place(error: io::Error) -> LabError {
    LabError::Environment(crate::messages::no_rendezvous(&error))
}

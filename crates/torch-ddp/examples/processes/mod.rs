//! Runs a program several times on this machine, as torchrun would.

use std::env;
use std::error::Error;
use std::process::Command;
use std::time::Duration;

use torch_ddp::TcpStore;

/// Starts this program `count` times, with a store that this process serves, and waits for all.
pub fn run_copies_of_this(count: usize) -> Result<(), Box<dyn Error>> {
    // The store lives here, as torchrun's does, so that no port has to be guessed.
    let store = TcpStore::server("localhost", 0, Duration::from_secs(60))?;
    let children = (0..count)
        .map(|rank| {
            Command::new(env::current_exe()?)
                .args(env::args_os().skip(1))
                .env("RANK", rank.to_string())
                .env("LOCAL_RANK", rank.to_string())
                .env("WORLD_SIZE", count.to_string())
                .env("MASTER_ADDR", "localhost")
                .env("MASTER_PORT", store.port().to_string())
                .env("TORCHELASTIC_USE_AGENT_STORE", "True")
                .spawn()
        })
        .collect::<Result<Vec<_>, _>>()?;
    for (rank, mut child) in children.into_iter().enumerate() {
        let status = child.wait()?;
        if !status.success() {
            return Err(format!("rank {rank} ended with {status}").into());
        }
    }
    Ok(())
}

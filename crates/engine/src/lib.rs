//! What every workbench lab stands on: a task pool, statistics, machine monitors, datasets, the run record and reports.
//!
//! The engine knows no terminal and no particular lab. Modules, lowest first: [`clock`], [`digest`]; [`stats`], [`dataset`] (pure);
//! [`pool`], [`machine`], [`monitor`], [`workers`]; [`lab`] (the contract that labs fulfil); [`record`] (the event log);
//! [`result`](mod@result) (from events to numbers); [`report`] (from numbers to files); [`experiment`] (running it all);
//! [`simulate`] (runs that never ran).

pub mod clock;
pub mod dataset;
pub mod digest;
pub mod experiment;
pub mod lab;
pub mod machine;
pub mod monitor;
pub mod pool;
pub mod record;
pub mod report;
pub mod result;
pub mod simulate;
pub mod stats;
pub mod workers;

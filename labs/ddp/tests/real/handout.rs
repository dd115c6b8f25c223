//! The commands by which the handout starts ranks without `workbench`, run on this machine.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::is_there;

const HANDOUT: &str = include_str!("../../handout.md");

/// A few rows are enough, and the port must be free.
fn adapted(block: &str, port: u16) -> String {
    block
        .replace(
            "--epochs 1",
            "--epochs 1 --train-rows 256 --test-rows 20 --batch 32",
        )
        .replace("29500", &port.to_string())
        .replace("10.0.0.1", "127.0.0.1")
        .replace("eval \"$(workbench setup --env)\"", "true")
}

/// The blocks of commands of the section on launching.
fn blocks() -> Vec<&'static str> {
    let (_, section) = HANDOUT.split_once("## Start it yourself").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let blocks = section.split("```sh\n").skip(1);
    blocks
        .map(|block| block.split_once("```").unwrap().0)
        .collect()
}

/// Stands in for torchrun where it is not installed: the same flags, the same variables.
const STAND_IN: &str = r#"#!/usr/bin/env bash
set -eu
nnodes=1 node=0 ranks=1 address=127.0.0.1 port=0
while :; do
    case "$1" in
        --standalone) port=$STANDALONE_PORT; shift ;;
        --no-python) shift ;;
        --nnodes) nnodes=$2; shift 2 ;;
        --node-rank) node=$2; shift 2 ;;
        --nproc-per-node) ranks=$2; shift 2 ;;
        --master-addr) address=$2; shift 2 ;;
        --master-port) port=$2; shift 2 ;;
        --*) echo "torchrun: no such flag: $1" >&2; exit 2 ;;
        *) break ;;
    esac
done
export WORLD_SIZE=$((nnodes * ranks)) LOCAL_WORLD_SIZE=$ranks MASTER_ADDR=$address MASTER_PORT=$port
export TORCHELASTIC_RUN_ID=none OMP_NUM_THREADS=1
for ((i = 0; i < ranks; i++)); do
    RANK=$((node * ranks + i)) LOCAL_RANK=$i "$@" &
    started+=($!)
done
for one in "${started[@]}"; do wait "$one"; done
"#;

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// What a shell prints that runs a script with `folder` first on its path.
fn shell(script: &str, folder: &Path) -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("bash")
        .args(["-euc", script])
        .env("PATH", format!("{}:{path}", folder.display()))
        .env("STANDALONE_PORT", free_port().to_string())
        // All ranks are on this machine, whatever it calls itself.
        .env("GLOO_SOCKET_IFNAME", "lo")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}\n{said}\n{errors}");
    said
}

/// The hash of the parameters that rank 0 prints.
fn parameters(said: &str) -> String {
    let line = said
        .lines()
        .find(|line| line.starts_with("[rank 0] done:"))
        .unwrap_or_else(|| panic!("rank 0 is not done: {said}"));
    line.rsplit(' ').next().unwrap().to_owned()
}

#[test]
fn the_commands_of_the_handout_start_one_and_the_same_training() {
    if !is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    if Command::new("torchrun").arg("--help").output().is_err() {
        let stand_in = folder.path().join("torchrun");
        fs::write(&stand_in, STAND_IN).unwrap();
        fs::set_permissions(&stand_in, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let [by_hand, one_machine, two_machines] = blocks()[..] else {
        panic!("{:?}", blocks());
    };
    let by_hand = parameters(&shell(&adapted(by_hand, free_port()), folder.path()));
    let one = parameters(&shell(&adapted(one_machine, free_port()), folder.path()));
    assert_eq!(one, by_hand);
    // Both machines are this one, so the first must not be waited for.
    let port = free_port();
    let script = adapted(two_machines, port)
        .replace("   # on the first", " &")
        .replace("   # on the second", "\nwait");
    assert_eq!(parameters(&shell(&script, folder.path())), by_hand);
}

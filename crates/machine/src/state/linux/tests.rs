//! Made-up files of the kernel, and this machine's own.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::cores::places;
use super::{disks, memory, networks, processes};
use crate::gpu::{GpuProcess, GpuState};
use crate::state::{ProcessSignal, ProcessStatus, StateReader, send_signal};

fn write(root: &Path, path: &str, text: &str) {
    let file = root.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

#[test]
fn a_process_may_be_called_anything() {
    let line = b"42 (a) R (b) S 1 42 42 0 -1 4194560 1 0 0 0 12 30 0 0 20 -5 3 0 777 1000 250 0";
    let stat = processes::parse(line).unwrap();
    assert_eq!(stat.name, "a) R (b");
    assert_eq!((stat.letter, stat.parent, stat.nice), (b'S', 1, -5));
    assert_eq!((stat.cpu_ticks, stat.threads), (42, 3));
    assert_eq!((stat.started, stat.pages), (777, 250));
    assert_eq!(processes::parse(b"42 (a"), None);
    assert_eq!(processes::parse(b""), None);
}

#[test]
fn accounts_have_their_names() {
    let users = processes::users("root:x:0:0:root:/root:/bin/bash\nbroken\nann:x:1000:1000::/:\n");
    assert_eq!(users[&0], "root");
    assert_eq!(users[&1000], "ann");
    assert_eq!(users.len(), 2);
}

#[test]
fn memory_is_what_the_kernel_says() {
    let said = memory::parse(
        "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 700 kB\nBuffers: 10 kB\nCached: 500 kB\n\
         SReclaimable: 20 kB\nDirty: 1 kB\nSwapTotal: 50 kB\nSwapFree: 20 kB\nOdd\nHuge: x kB\n",
    );
    assert_eq!(said.total_bytes, 1000 << 10);
    assert_eq!(said.used_bytes(), Some(300 << 10));
    assert_eq!(said.cached_bytes, Some(530 << 10));
    assert_eq!(said.swap_used_bytes, Some(30 << 10));
    let old = memory::parse("MemTotal: 1000 kB\nMemFree: 100 kB\n");
    assert_eq!((old.used_bytes(), old.swap_used_bytes), (None, None));
    assert_eq!(old.free_bytes, Some(100 << 10));
}

#[test]
fn a_group_can_give_back_the_files_it_does_not_use() {
    let v2 = (
        "0::/",
        "- cgroup2 cgroup2 rw",
        "memory.max",
        "memory.current",
    );
    let v1 = (
        "4:memory:/",
        "- cgroup cgroup rw,memory",
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
    );
    for (group, mount, limit, used) in [v2, v1] {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        write(root, "proc/self/cgroup", &format!("{group}\n"));
        let mount = format!("31 23 0:26 / /sys/fs/cgroup rw {mount}\n");
        write(root, "proc/self/mountinfo", &mount);
        write(root, "proc/meminfo", "MemTotal: 1000 kB\nCached: 900 kB\n");
        write(root, &format!("sys/fs/cgroup/{limit}"), "100000\n");
        write(root, &format!("sys/fs/cgroup/{used}"), "98000\n");
        let stat = match group {
            "0::/" => "anon 90000\nactive_file 1000\ninactive_file 7000\n",
            _ => "inactive_file 10\ntotal_inactive_file 7000\n",
        };
        write(root, "sys/fs/cgroup/memory.stat", stat);
        let state = StateReader::with_root(root).look();
        assert_eq!(state.group.memory_files_bytes, Some(7000), "{group}");
        assert_eq!(state.group.memory(), Some((91_000, 100_000)), "{group}");
    }
}

#[test]
fn a_place_is_named_as_it_is_and_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    fs::create_dir_all(root.join("mnt/my disk")).unwrap();
    fs::create_dir_all(root.join("hidden")).unwrap();
    let mounts = "/dev/a / ext4 rw 0 0\n/dev/b /mnt/my\\040disk ext4 rw 0 0\n\
         /dev/c / ext4 rw 0 0\n/dev/d /hidden ext4 rw 0 0\nserver:/ /hidden nfs4 rw 0 0\n\
         /dev/c /again ext4 rw 0 0\n";
    write(root, "proc/self/mounts", mounts);
    let state = StateReader::with_root(root).look();
    let told: Vec<(&str, &str)> = state
        .file_systems
        .iter()
        .map(|one| (&*one.device, &*one.place))
        .collect();
    assert_eq!(told, [("/dev/b", "/mnt/my disk"), ("/dev/c", "/")]);
}

#[test]
fn a_process_that_has_become_another_program_is_told_as_that() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    made_up(root);
    let mut reader = processes::ProcessReader::new(root);
    assert_eq!(reader.read_all()[0].command, "sh -c echo");
    let stat = fs::read_to_string(root.join("proc/12/stat")).unwrap();
    write(root, "proc/12/stat", &stat.replace("(sh)", "(sleep)"));
    write(root, "proc/12/cmdline", "sleep\x0010\0");
    let seen = &reader.read_all()[0];
    assert_eq!((&*seen.name, &*seen.command), ("sleep", "sleep 10"));
}

#[test]
fn a_process_that_was_seen_before_it_began_its_program_is_told_as_that() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    made_up(root);
    let mut reader = processes::ProcessReader::new(root);
    assert_eq!(reader.read_all()[0].command, "sh -c echo");
    // A shell that runs a shell: the kernel's name stays.
    write(root, "proc/12/cmdline", "sh\0work.sh\0");
    assert_eq!(reader.read_all()[0].command, "sh work.sh");
    write(root, "proc/12/cmdline", "not asked again");
    assert_eq!(reader.read_all()[0].command, "sh work.sh");
}

#[test]
fn what_nobody_can_write_to_is_never_called_full() {
    let writable = disks::writable("/dev/vda / ext4 rw,relatime 0 0");
    assert_eq!(writable, Some(("/dev/vda", "/")));
    assert_eq!(
        disks::writable("/dev/loop3 /snap/core squashfs ro,nodev 0 0"),
        None
    );
    assert_eq!(disks::writable("/dev/vda"), None);
}

#[test]
fn disks_and_networks_are_counted() {
    let line = " 254 0 vda 10 0 200 5 20 0 400 9 3 1234 99 0 0 0 0 0 0";
    let (name, counts) = disks::parse(line).unwrap();
    assert_eq!(name, "vda");
    assert_eq!(
        (counts.read_bytes, counts.write_bytes),
        (200 * 512, 400 * 512)
    );
    assert_eq!((counts.busy_ms, counts.in_flight), (1234, 3));
    assert_eq!(disks::parse("8 0 sda 1 2"), None);
    let line = "  eth0: 1000 5 1 2 0 0 0 0 2000 6 4 8 0 0 0 0";
    let (name, counts) = networks::parse(line).unwrap();
    assert_eq!(name, "eth0");
    assert_eq!(
        (counts.received, counts.sent, counts.faults),
        (1000, 2000, 15)
    );
    assert_eq!(networks::parse("Inter-|   Receive"), None);
}

/// A machine with two sockets, two nodes and two threads per core.
fn made_up(root: &Path) {
    let mut stat = String::from("cpu  0 0 0 0 0 0 0 0 0 0\n");
    for id in 0..8 {
        let _ = writeln!(stat, "cpu{id} {id} 0 0 100 0 0 0 0 0 0");
        let dir = format!("sys/devices/system/cpu/cpu{id}/topology");
        write(
            root,
            &format!("{dir}/physical_package_id"),
            &(id / 4).to_string(),
        );
        write(root, &format!("{dir}/core_id"), &(id % 4 / 2).to_string());
    }
    write(root, "proc/stat", &stat);
    write(root, "sys/devices/system/node/online", "0-1\n");
    write(root, "sys/devices/system/node/node0/cpulist", "0-3\n");
    write(root, "sys/devices/system/node/node1/cpulist", "4-7\n");
    for socket in 0..2 {
        let chip = format!("sys/class/hwmon/hwmon{socket}");
        write(root, &format!("{chip}/name"), "coretemp\n");
        write(
            root,
            &format!("{chip}/temp1_label"),
            &format!("Package id {socket}\n"),
        );
        write(root, &format!("{chip}/temp1_input"), "70000\n");
        write(root, &format!("{chip}/temp2_label"), "Core 0\n");
        write(
            root,
            &format!("{chip}/temp2_input"),
            &format!("{}\n", 41_000 + socket * 10_000),
        );
    }
    write(
        root,
        "proc/12/stat",
        "12 (sh) S 1 1 1 0 -1 0 0 0 0 0 5 5 0 0 20 0 1 0 9 0 3 0",
    );
    write(root, "proc/12/cmdline", "sh\0-c\0echo\0");
    write(root, "proc/loadavg", "1.5 2.5 3.5 1/100 42\n");
    write(root, "proc/uptime", "1000.5 2000\n");
}

#[test]
fn cores_have_their_places_and_temperatures() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    made_up(root);
    let place = places(root, &[0, 5])[&5];
    assert_eq!(
        (place.socket, place.node, place.core),
        (Some(1), Some(1), Some(0))
    );
    let mut reader = StateReader::with_root(root);
    let state = reader.look();
    let degrees: Vec<f32> = state
        .cores
        .iter()
        .filter_map(|core| core.temperature_c)
        .collect();
    assert_eq!(degrees, [41.0, 41.0, 70.0, 70.0, 51.0, 51.0, 70.0, 70.0]);
    assert_eq!(state.load, Some(vec![1.5, 2.5, 3.5]));
    assert_eq!(state.uptime_s, Some(1000.5));
    let process = &state.processes[0];
    assert_eq!((process.pid, &*process.command), (12, "sh -c echo"));
    assert_eq!(state.gpus, []);
}

#[test]
fn memory_on_a_divided_gpu_counts_once() {
    let gpu = |index, mig, users: &[(u32, u64)]| GpuState {
        index,
        mig,
        processes: users
            .iter()
            .map(|(pid, bytes)| GpuProcess {
                pid: *pid,
                memory_bytes: Some(*bytes),
                graphics: false,
            })
            .collect(),
        ..GpuState::default()
    };
    // The first card names the processes of its parts, the second does not.
    let gpus = [
        gpu(0, None, &[(7, 30), (8, 5)]),
        gpu(0, Some(0), &[(7, 10)]),
        gpu(0, Some(1), &[(7, 20), (8, 5)]),
        gpu(1, None, &[]),
        gpu(1, Some(0), &[(7, 100)]),
        gpu(2, None, &[(7, 1000)]),
    ];
    let users = super::gpu_users(&gpus);
    assert_eq!((users[&7], users[&8], users.len()), (1130, 5, 2));
}

#[test]
fn a_machine_without_any_files_is_looked_at() {
    let dir = tempfile::tempdir().unwrap();
    let mut reader = StateReader::with_root(dir.path());
    let state = reader.look();
    assert!(state.cores.is_empty() && state.processes.is_empty());
    assert_eq!(state.memory.total_bytes, 0);
}

/// Figures that stay the same, or that can be taken before and after.
#[test]
fn this_machine_is_what_the_kernel_says() {
    let pids = || -> Vec<u32> {
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        names.filter_map(|name| name.parse().ok()).collect()
    };
    let before = pids();
    // The processes were read by one of these two.
    let mut reader = StateReader::new();
    let state = reader.look();
    let after = pids();
    let seen: Vec<u32> = state.processes.iter().map(|process| process.pid).collect();
    for pid in before.iter().filter(|pid| after.contains(pid)) {
        assert!(seen.contains(pid), "{pid} was there all the time");
    }
    let own = std::process::id();
    let own = state
        .processes
        .iter()
        .find(|process| process.pid == own)
        .unwrap();
    assert_eq!(own.parent, std::os::unix::process::parent_id());
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap();
    assert_eq!(
        state.memory.total_bytes,
        memory::parse(&meminfo).total_bytes
    );
    let stat = fs::read_to_string("/proc/stat").unwrap();
    let cores = stat
        .lines()
        .filter(|line| line.starts_with("cpu") && !line.starts_with("cpu "));
    assert_eq!(state.cores.len(), cores.count());
    for core in &state.cores {
        assert!((0.0..=1.0).contains(&core.busy) && core.system <= core.busy + 0.002);
    }
}

#[test]
fn a_signal_reaches_the_process_that_is_meant_and_no_other() {
    let mut child = std::process::Command::new("sleep")
        .arg("1000")
        .spawn()
        .unwrap();
    let stat = fs::read(format!("/proc/{}/stat", child.id())).unwrap();
    let started = processes::parse(&stat).unwrap().started;
    let other = send_signal(child.id(), started + 1, ProcessSignal::Kill);
    assert_eq!(other, Err(crate::state::NotSent::Gone));
    assert_eq!(child.try_wait().unwrap(), None);
    send_signal(child.id(), started, ProcessSignal::Terminate).unwrap();
    child.wait().unwrap();
    let gone = send_signal(child.id(), started, ProcessSignal::Terminate);
    assert_eq!(gone, Err(crate::state::NotSent::Gone));
}

#[test]
fn letters_of_the_kernel_have_their_meaning() {
    for letter in b"RSDTZI" {
        let status = ProcessStatus::of_letter(*letter);
        assert_eq!(status.letter().as_bytes(), [*letter]);
    }
}

proptest! {
    #[test]
    fn no_text_breaks_a_parser(text in "\\PC{0,200}") {
        let _ = processes::parse(text.as_bytes());
        let _ = processes::users(&text);
        let _ = memory::parse(&text);
        let _ = disks::parse(&text);
        let _ = networks::parse(&text);
    }
}

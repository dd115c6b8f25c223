//! The parsers on made-up machines, whose files lie in a temporary directory.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;

use super::cores::{affinity, allowed, usable};
use super::{cpuinfo, files, os_name, probe_at, total_memory, usable_cores_at};
use crate::check::findings;
use crate::proc_stat::{parse_cores, parse_total};

mod cgroup;
mod core_kinds;
mod findings;
mod stat;

/// A directory with these files in it.
fn tree(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    for (path, text) in files {
        write(dir.path(), path, text.as_bytes());
    }
    dir
}

fn write(root: &Path, path: &str, bytes: &[u8]) {
    let file = root.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, bytes).unwrap();
}

const V2_MOUNT: &str = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
const STAT_4: &str = "cpu  4 0 4 4 0 0 0 0\n\
    cpu0 1 0 1 1\ncpu1 1 0 1 1\ncpu2 1 0 1 1\ncpu3 1 0 1 1\nintr 12 0 0\nctxt 5\n";

#[test]
fn the_limit_that_binds_is_named() {
    let cases = [
        (2, None, None, 2.0, "2 processors"),
        (1, Some(1), Some(4.0), 1.0, "1 processor"),
        (16, Some(16), Some(16.0), 16.0, "16 processors"),
        (16, Some(2), Some(8.0), 2.0, "affinity mask 2 of 16"),
        (16, Some(2), Some(1.5), 1.5, "cgroup quota 1.5 of 16"),
        (16, None, Some(2.0), 2.0, "cgroup quota 2.0 of 16"),
        (
            4,
            None,
            Some(1.0 / 3.0),
            1.0 / 3.0,
            "cgroup quota 0.33 of 4",
        ),
        (4, None, Some(0.001), 0.001, "cgroup quota 0.001 of 4"),
    ];
    for (online, mask, quota, cores, limit) in cases {
        let usable = usable(online, mask, quota);
        assert_eq!((usable.cores, usable.limit.as_str()), (cores, limit));
    }
}

#[test]
fn usable_cores_read_a_whole_machine() {
    let root = tree(&[
        ("proc/stat", STAT_4),
        ("proc/self/cgroup", "0::/a\n"),
        ("proc/self/mountinfo", V2_MOUNT),
        ("sys/fs/cgroup/a/cpu.max", "150000 100000"),
    ]);
    assert_eq!(
        usable_cores_at(root.path(), Some(3)).limit,
        "cgroup quota 1.5 of 4"
    );
    assert_eq!(
        usable_cores_at(root.path(), Some(1)).limit,
        "affinity mask 1 of 4"
    );
    // Without /proc/stat the list in /sys tells how many processors there are; without both,
    // the mask does.
    let root = tree(&[("sys/devices/system/cpu/online", "0-3,8\n")]);
    assert_eq!(usable_cores_at(root.path(), None).limit, "5 processors");
    assert_eq!(
        usable_cores_at(tree(&[]).path(), Some(3)).limit,
        "3 processors"
    );
    assert_eq!(usable_cores_at(tree(&[]).path(), None).limit, "1 processor");
}

#[test]
fn cpu_lists_are_counted() {
    for (list, count) in [("0", 1), ("0-3", 4), ("0-3,8,10-11\n", 7), ("5-5", 1)] {
        assert_eq!(files::count_cpu_list(list), Some(count), "{list}");
    }
    for list in ["", "-", "3-1", "0-", "a", "0,,1", "0-4294967295", "0 1"] {
        assert_eq!(files::count_cpu_list(list), None, "{list}");
    }
    assert_eq!(
        allowed("Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t0-5,7\n"),
        Some(7)
    );
    assert_eq!(allowed("Name:\tx\n"), None);
}

#[test]
fn both_ways_to_the_affinity_mask_agree_here() {
    let status = files::text(Path::new("/"), "proc/thread-self/status").unwrap();
    assert_eq!(affinity(Path::new("/")), allowed(&status));
}

const CPUINFO: &str = "processor\t: 0\nmodel name\t: Some CPU @ 2.0GHz\ncpu MHz\t\t: 1999.6\n\
    physical id\t: 0\ncore id\t\t: 0\nflags\t\t: fpu hypervisor aperfmperf\n\n\
    processor\t: 1\nmodel name\t: Other\ncpu MHz\t\t: 3000.2\nphysical id\t: 0\ncore id\t\t: 0\n\n\
    processor\t: 2\nphysical id\t: 1\ncore id\t\t: 0\nflags\t\t: fpu\n\n";

#[test]
fn cpuinfo_tells_model_cores_and_hypervisor() {
    let info = cpuinfo::parse(CPUINFO);
    assert_eq!(info.model.as_deref(), Some("Some CPU @ 2.0GHz"));
    assert_eq!(info.physical, Some(2));
    assert!(info.hypervisor && info.measures_frequency);

    let arm = cpuinfo::parse("processor\t: 0\nBogoMIPS\t: 50.00\nCPU part\t: 0xd0c\n");
    assert_eq!(arm, cpuinfo::CpuInfo::default());

    let mut mhz = Vec::new();
    cpuinfo::parse_mhz(CPUINFO.as_bytes(), &mut mhz);
    assert_eq!(mhz, [(0, 2000), (1, 3000)]);
}

#[test]
fn a_whole_machine_is_described() {
    let root = tree(&[
        ("proc/stat", STAT_4),
        ("proc/cpuinfo", CPUINFO),
        ("proc/meminfo", "MemTotal:       1024 kB\nMemFree: 1 kB\n"),
        ("proc/self/cgroup", "0::/\n"),
        ("proc/self/mountinfo", V2_MOUNT),
        ("sys/fs/cgroup/memory.max", "4096"),
        (
            "etc/os-release",
            "NAME=\"X\"\nPRETTY_NAME=\"Example Linux 12 (old)\"\n",
        ),
        (
            "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
            "powersave\n",
        ),
    ]);
    let facts = probe_at(root.path(), Some(2));
    assert_eq!(facts.cpu_model, "Some CPU @ 2.0GHz");
    assert_eq!((facts.cores_logical, facts.cores_physical), (4, Some(2)));
    assert_eq!(
        (facts.cores_usable, facts.cores_limit.as_str()),
        (2.0, "affinity mask 2 of 4")
    );
    assert_eq!(facts.memory_bytes, 4096);
    assert_eq!(facts.os, "Example Linux 12 (old)");
    assert_eq!(facts.governor.as_deref(), Some("powersave"));
    assert!(facts.hypervisor);
}

#[test]
fn an_empty_machine_is_no_error() {
    let facts = probe_at(tree(&[]).path(), None);
    assert_eq!((facts.cores_logical, facts.cores_physical), (1, None));
    assert_eq!((facts.memory_bytes, facts.os.as_str()), (0, "Linux"));
    assert!(!facts.hypervisor && facts.governor.is_none());
}

#[test]
fn cores_without_names_are_told_apart_by_their_siblings() {
    let root = tree(&[
        (
            "sys/devices/system/cpu/cpu0/topology/core_cpus_list",
            "0,2\n",
        ),
        (
            "sys/devices/system/cpu/cpu1/topology/core_cpus_list",
            "1,3\n",
        ),
        (
            "sys/devices/system/cpu/cpu2/topology/core_cpus_list",
            "0,2\n",
        ),
        (
            "sys/devices/system/cpu/cpu3/topology/thread_siblings_list",
            "1,3\n",
        ),
        ("sys/devices/system/cpu/cpufreq/policy0/x", "1"),
    ]);
    assert_eq!(probe_at(root.path(), None).cores_physical, Some(2));
}

#[test]
fn memory_and_system_name_have_their_oddities() {
    assert_eq!(total_memory("MemTotal:  18446744073709551615 kB"), None);
    assert_eq!(total_memory("MemTotal:  12"), None);
    assert_eq!(total_memory("MemFree: 3 kB\nMemTotal: 2 kB"), Some(2048));
    assert_eq!(os_name("PRETTY_NAME=''"), "Linux");
    assert_eq!(os_name("PRETTY_NAME=plain"), "plain");
}

/// Bytes that look enough like the kernel's files to get past the first test of a parser.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let words = proptest::sample::select(vec![
        "cpu",
        "cpu0",
        "cpu1 1 1 1 1",
        " ",
        "  ",
        "\n",
        ":",
        "\\",
        "\\04",
        "/",
        "..",
        "-",
        " - ",
        "0",
        "7",
        "max",
        "0::",
        "cgroup2",
        "cgroup",
        "processor",
        "cpu MHz",
        "flags",
        "core id",
        "physical id",
        "MemTotal:",
        "kB",
        "PRETTY_NAME=",
        "\"",
        "é",
        "18446744073709551615",
    ]);
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        proptest::collection::vec(words, 0..60).prop_map(|words| words.concat().into_bytes()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_file_makes_a_probe_fail(contents in proptest::collection::vec(bytes(), 10)) {
        let root = TempDir::new().unwrap();
        let paths = [
            "proc/stat",
            "proc/cpuinfo",
            "proc/meminfo",
            "proc/self/cgroup",
            "proc/self/mountinfo",
            "sys/fs/cgroup/cpu.max",
            "sys/fs/cgroup/memory.max",
            "etc/os-release",
            "sys/devices/system/cpu/online",
            "proc/self/statm",
        ];
        for (path, bytes) in paths.iter().zip(&contents) {
            write(root.path(), path, bytes);
        }
        let facts = probe_at(root.path(), Some(2));
        prop_assert!(facts.cores_usable > 0.0 && facts.cores_usable.is_finite());
        prop_assert!(facts.cores_logical > 0);
        prop_assert!(facts.cores_usable <= f64::from(facts.cores_logical));
        prop_assert!(!findings(&facts, root.path()).is_empty());
    }
}

proptest! {
    #[test]
    fn parsers_take_any_bytes(bytes in bytes()) {
        let text = String::from_utf8_lossy(&bytes);
        let mut cores = Vec::new();
        let complete = parse_cores(&bytes, &mut cores);
        if complete {
            // More text behind the end of the processors' lines changes nothing.
            let mut again = Vec::new();
            parse_cores(&[bytes.as_slice(), b"\ncpu7 1 1 1 1\n"].concat(), &mut again);
            prop_assert_eq!(&again, &cores);
        }
        parse_total(&bytes);
        cpuinfo::parse_mhz(&bytes, &mut Vec::new());
        allowed(&text);
        files::count_cpu_list(&text);
    }
}

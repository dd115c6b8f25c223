//! Limits of control groups, nested, in containers, of both versions, and malformed.

use tempfile::TempDir;

use super::{V2_MOUNT, tree};
use crate::linux::cgroup;

fn quota(root: &TempDir) -> Option<f64> {
    cgroup::limits(root.path()).cores
}

fn memory_limit(root: &TempDir) -> Option<u64> {
    cgroup::limits(root.path()).memory_bytes
}

#[test]
fn the_smallest_nested_v2_limit_counts() {
    let root = tree(&[
        ("proc/self/cgroup", "0::/a/b/c\n"),
        ("proc/self/mountinfo", V2_MOUNT),
        ("sys/fs/cgroup/a/cpu.max", "400000 100000\n"),
        ("sys/fs/cgroup/a/memory.max", "1000000\n"),
        ("sys/fs/cgroup/a/b/cpu.max", "75000 50000\n"),
        ("sys/fs/cgroup/a/b/memory.max", "max\n"),
        ("sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n"),
        ("sys/fs/cgroup/a/b/c/memory.max", "2000000\n"),
        ("sys/fs/cgroup/other/cpu.max", "1000 100000\n"),
    ]);
    assert_eq!(quota(&root), Some(1.5));
    assert_eq!(memory_limit(&root), Some(1_000_000));
}

#[test]
fn a_container_whose_root_is_its_own_group_has_its_limit() {
    for own in ["0::/\n", "0::/../../host/side\n", "0::/not/visible/here\n"] {
        let root = tree(&[
            ("proc/self/cgroup", own),
            ("proc/self/mountinfo", V2_MOUNT),
            ("sys/fs/cgroup/cpu.max", "50000 100000\n"),
            ("sys/fs/cgroup/memory.max", "4096\n"),
        ]);
        assert_eq!(quota(&root), Some(0.5), "{own}");
        assert_eq!(memory_limit(&root), Some(4096), "{own}");
    }
}

#[test]
fn no_limit_is_no_limit() {
    let root = tree(&[
        ("proc/self/cgroup", "0::/a\n"),
        ("proc/self/mountinfo", V2_MOUNT),
        ("sys/fs/cgroup/a/cpu.max", "max 100000\n"),
        ("sys/fs/cgroup/a/memory.max", "max\n"),
    ]);
    assert_eq!(cgroup::limits(root.path()), cgroup::Limits::default());
    assert_eq!(cgroup::limits(tree(&[]).path()), cgroup::Limits::default());
}

#[test]
fn v1_limits_come_from_their_own_hierarchies() {
    let mounts = "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
                  36 31 0:33 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                  37 31 0:34 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n";
    let root = tree(&[
        (
            "proc/self/cgroup",
            "5:cpuset:/tight\n4:memory:/jobs/one\n3:cpu,cpuacct:/jobs/one\n1:name=systemd:/\n0::/\n",
        ),
        ("proc/self/mountinfo", mounts),
        ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n"),
        ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
        (
            "sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us",
            "250000\n",
        ),
        (
            "sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_period_us",
            "100000\n",
        ),
        (
            "sys/fs/cgroup/cpu,cpuacct/jobs/one/cpu.cfs_quota_us",
            "300000\n",
        ),
        (
            "sys/fs/cgroup/memory/memory.limit_in_bytes",
            "9223372036854771712\n",
        ),
        (
            "sys/fs/cgroup/memory/jobs/one/memory.limit_in_bytes",
            "1048576\n",
        ),
        ("sys/fs/cgroup/cpuset/tight/cpu.cfs_quota_us", "1\n"),
    ]);
    assert_eq!(quota(&root), Some(2.5));
    assert_eq!(memory_limit(&root), Some(1 << 20));
}

#[test]
fn a_v1_mount_may_show_the_own_group_as_its_top() {
    let root = tree(&[
        ("proc/self/cgroup", "3:cpu:/docker/abc\n"),
        (
            "proc/self/mountinfo",
            "33 31 0:30 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n",
        ),
        ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "200000"),
        ("sys/fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us", "100000"),
    ]);
    assert_eq!(quota(&root), Some(2.0));
}

#[test]
fn a_similar_name_is_not_below_the_top() {
    let root = tree(&[
        ("proc/self/cgroup", "3:cpu:/docker/abcdef\n"),
        (
            "proc/self/mountinfo",
            "33 31 0:30 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n",
        ),
        ("sys/fs/cgroup/cpu/def/cpu.cfs_quota_us", "100000"),
    ]);
    assert_eq!(quota(&root), None);
}

#[test]
fn the_usual_mounts_are_tried_without_a_mount_table_and_blanks_are_unescaped() {
    let root = tree(&[
        ("proc/self/cgroup", "0::/a:b\n"),
        ("sys/fs/cgroup/a:b/cpu.max", "100000"),
    ]);
    assert_eq!(quota(&root), Some(1.0));
    let root = tree(&[
        ("proc/self/cgroup", "0::/x\n"),
        (
            "proc/self/mountinfo",
            "30 23 0:26 / /odd\\040place\\ rw - cgroup2 cgroup2 rw\n",
        ),
        ("odd place\\/x/cpu.max", "100000 200000"),
    ]);
    assert_eq!(quota(&root), Some(0.5));
}

#[test]
fn malformed_limits_are_ignored() {
    for text in [
        "",
        "fast",
        "100000 0",
        "0 100000",
        "-5 100000",
        "1 2x",
        "inf 1",
        "nan nan",
        "1e308 1e-308",
    ] {
        let root = tree(&[
            ("proc/self/cgroup", "0::/a\n"),
            ("proc/self/mountinfo", V2_MOUNT),
            ("sys/fs/cgroup/cpu.max", "300000 100000"),
            ("sys/fs/cgroup/a/cpu.max", text),
            ("sys/fs/cgroup/a/memory.max", text),
        ]);
        assert_eq!(quota(&root), Some(3.0), "{text:?}");
        assert_eq!(memory_limit(&root), None, "{text:?}");
    }
}

"""Reading what limits memory: control groups of both versions, the machine, and the kernel's counters."""

import os

from filprofiler.supervisor.memory_limits import MemoryWatch
from filprofiler.supervisor.outcome import Outcome

MIB = 1 << 20
KILLED = Outcome(None, 9, 1.0, None)


def write(root, path, text):
    """Write a file below `root`."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def machine(root, available=8000, total=16000, kills=0):
    """A machine's /proc; sizes in MiB."""
    write(root, "proc/meminfo", "MemTotal: %d kB\nMemAvailable: %d kB\nX\n" % (total * 1024, available * 1024))
    write(root, "proc/vmstat", "nr_free_pages 3\noom_kill %d\n" % kills)


def version_2(root, path="/user/job", mounted="/"):
    """A machine with control groups of version 2, and this process in the group `path`."""
    write(root, "proc/self/cgroup", "0::%s\n" % path)
    write(root, "proc/self/mountinfo", "30 1 0:2 %s /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n" % mounted)


def group_2(root, path, limit, used, cache=0, kills=0):
    """A control group of version 2; sizes in MiB."""
    group = "sys/fs/cgroup" + path
    write(root, group + "/memory.max", "%s\n" % (limit if limit == "max" else limit * MIB))
    write(root, group + "/memory.current", "%d\n" % (used * MIB))
    write(
        root,
        group + "/memory.stat",
        "anon 5\ninactive_file %d\nactive_file %d\n" % (cache * MIB // 2, cache * MIB // 2),
    )
    write(root, group + "/memory.events", "low 0\noom 9\noom_kill %d\noom_group_kill 0\n" % kills)


def test_without_groups(tmp_path):
    machine(tmp_path)
    watch = MemoryWatch(str(tmp_path))
    assert watch.group_bytes() is None
    assert watch.physical_bytes() == 16000 * MIB
    assert not watch.is_low()
    machine(tmp_path, available=200, kills=1)
    assert watch.is_low()
    assert watch.killed(KILLED)


def test_with_nothing_at_all(tmp_path):
    watch = MemoryWatch(str(tmp_path))
    assert (watch.group_bytes(), watch.is_low(), watch.killed(KILLED)) == (None, False, False)
    assert watch.physical_bytes() == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_version_2_takes_the_narrowest_of_all_groups_above(tmp_path):
    machine(tmp_path)
    version_2(tmp_path)
    group_2(tmp_path, "", "max", 900)
    group_2(tmp_path, "/user", 500, 300)
    group_2(tmp_path, "/user/job", 700, 300)
    watch = MemoryWatch(str(tmp_path))
    assert watch.group_bytes() == 500 * MIB
    assert not watch.is_low()
    group_2(tmp_path, "/user", 500, 480)
    assert watch.is_low()


def test_page_cache_is_not_used_memory(tmp_path):
    machine(tmp_path)
    version_2(tmp_path)
    group_2(tmp_path, "/user/job", 500, 495, cache=300)
    assert not MemoryWatch(str(tmp_path)).is_low()
    group_2(tmp_path, "/user/job", 500, 495, cache=10)
    assert MemoryWatch(str(tmp_path)).is_low()


def test_a_limit_beyond_the_machine_is_none(tmp_path):
    machine(tmp_path)
    version_2(tmp_path)
    group_2(tmp_path, "/user/job", 20000, 100)
    assert MemoryWatch(str(tmp_path)).group_bytes() is None


def test_the_groups_own_counter_decides(tmp_path):
    """Another program on the machine was killed; ours died of something else."""
    machine(tmp_path)
    version_2(tmp_path)
    group_2(tmp_path, "/user/job", 500, 100, kills=2)
    watch = MemoryWatch(str(tmp_path))
    machine(tmp_path, kills=5)
    assert not watch.killed(KILLED)
    group_2(tmp_path, "/user/job", 500, 100, kills=3)
    assert watch.killed(KILLED)
    assert not watch.killed(Outcome(None, 15, 1.0, None))
    assert not watch.killed(Outcome(137, None, 1.0, None))


def test_inside_a_container(tmp_path):
    """The group's path is seen from outside, its mount from inside."""
    machine(tmp_path)
    version_2(tmp_path, path="/docker/abc", mounted="/docker/abc")
    group_2(tmp_path, "", 256, 100)
    assert MemoryWatch(str(tmp_path)).group_bytes() == 256 * MIB
    version_2(tmp_path, path="/../elsewhere", mounted="/")
    assert MemoryWatch(str(tmp_path)).group_bytes() == 256 * MIB


def test_version_1(tmp_path):
    machine(tmp_path)
    write(tmp_path, "proc/self/cgroup", "3:cpu,cpuacct:/a\n2:memory:/job\n0::/other\n")
    write(
        tmp_path,
        "proc/self/mountinfo",
        "29 1 0:1 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
        "28 1 0:3 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
        "30 1 0:2 / /sys/fs/cgroup/memory rw shared:5 - cgroup cgroup rw,memory\n",
    )
    group = "sys/fs/cgroup/memory/job"
    write(tmp_path, "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
    write(tmp_path, group + "/memory.limit_in_bytes", "%d\n" % (300 * MIB))
    write(tmp_path, group + "/memory.usage_in_bytes", "%d\n" % (290 * MIB))
    write(tmp_path, group + "/memory.stat", "cache 9\ntotal_inactive_file %d\ntotal_active_file 0\n" % (100 * MIB))
    write(tmp_path, group + "/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n")
    watch = MemoryWatch(str(tmp_path))
    assert watch.group_bytes() == 300 * MIB
    assert not watch.is_low()
    write(tmp_path, group + "/memory.usage_in_bytes", "%d\n" % (390 * MIB))
    assert watch.is_low()
    write(tmp_path, group + "/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n")
    assert watch.killed(KILLED)


def test_each_limit_has_its_own_threshold(tmp_path):
    """The machine has less left than is safe; a small group with still less left does not hide that."""
    machine(tmp_path, available=200, total=64000)
    version_2(tmp_path)
    group_2(tmp_path, "/user/job", 1000, 850)
    assert MemoryWatch(str(tmp_path)).is_low()


def test_kills_of_long_ago_do_not_count(tmp_path):
    machine(tmp_path)
    version_2(tmp_path)
    group_2(tmp_path, "/user/job", 500, 100, kills=0)
    watch = MemoryWatch(str(tmp_path))
    watch.remember_kills(1000.0)
    group_2(tmp_path, "/user/job", 500, 100, kills=1)
    watch.remember_kills(1009.0)
    watch.remember_kills(1011.0)
    assert watch.killed(KILLED)  # so it was a moment ago
    watch.remember_kills(1022.0)
    assert not watch.killed(KILLED)


def test_with_files_that_are_cut_short(tmp_path):
    """A sandbox may show what it likes: that is no reason not to run the program."""
    version_2(tmp_path)
    group_2(tmp_path, "/user/job", 1000, 10)
    whole = {name: (tmp_path / "proc" / "self" / name).read_text() for name in ("cgroup", "mountinfo")}
    for name, text in whole.items():
        for length in range(len(text)):
            write(tmp_path, "proc/self/" + name, text[:length])
            watch = MemoryWatch(str(tmp_path))
            assert watch.group_bytes() in (None, 1000 * MIB) and not watch.killed(KILLED)
        write(tmp_path, "proc/self/" + name, text)
    assert MemoryWatch(str(tmp_path)).group_bytes() == 1000 * MIB

"""The C ledger against a model that keeps every byte by name and copies everything at every new peak."""

import os
import random
import shutil
import struct
import subprocess
from collections import defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HERE = os.path.dirname(os.path.abspath(__file__))
CSRC = os.path.join(os.path.dirname(os.path.dirname(HERE)), "csrc")

ADD_BLOCK, REMOVE_BLOCK, FAIL_REALLOC, ADD_RANGE, REMOVE_RANGE, CHILD, MARK_BLOCK = range(7)
REQUEST_FAILED, PROGRAM_FAILED, RESERVE, USE, HAND_OVER = 7, 8, 9, 10, 11
EPOCHS_PASS = 12  # so many that their numbers are about to run out
PAGE = 4096
BIG = 512  # bytes of a block: one of so many is big
UNLIMITED = 1 << 62
ROOT, LOST = 1, 2

# Block addresses 16 apart where sizes allow, across the ends of the table's leaves (1 MiB) and middles (4 GiB).
BLOCK_BASES = (0x5500_0000_0000, 0x5500_000F_F000, 0x7F00_FFFF_F000, 0x7FFF_FFF0_0000)
BLOCK_STRIDE = 0x2000
RANGE_BASE = 0x7E00_0000_0000
SIZES = (1, 8, 16, 24, 500, 511, 512, 513, 4000, 8000)


PLATFORM = [
    "platform/%s.c" % name for name in ("linux", "linux_maps", "linux_sandbox", "linux_call", "posix", "preload_list")
]


def build(folder, name, flags, driver="ledger_driver.c", others=()):
    """Compile a driver with the ledger, and `others` of csrc's files: nothing else of the library is needed."""
    program = os.path.join(folder, name)
    sources = [os.path.join(HERE, driver)] + [os.path.join(CSRC, other) for other in others]
    ledger = os.path.join(CSRC, "ledger")
    sources += sorted(os.path.join(ledger, file) for file in os.listdir(ledger) if file.endswith(".c"))
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc")
    command = [compiler, "-std=c11", "-D_GNU_SOURCE", "-g", "-Wall", "-Wextra", "-Werror", "-I" + CSRC]
    subprocess.run(command + flags + sources + ["-o", program], check=True)
    return program


@pytest.fixture(scope="session", params=["plain", "sanitized"])
def driver(request, tmp_path_factory):
    """The driver, as it ships and under the address and undefined-behaviour sanitizers."""
    flags = ["-O3"]
    if request.param == "sanitized":
        flags = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    return build(str(tmp_path_factory.mktemp("ledger")), request.param, flags)


def run_driver(driver, events, requests=UNLIMITED, first_epoch=1):
    """Results of the ledger for `events`: tuples (kind, node, address, bytes)."""
    data = struct.pack("<QQQ", len(events), requests, first_epoch)
    data += b"".join(struct.pack("<IIQQ", *event) for event in events)
    # The tables live as long as the process: nothing in them is a leak.
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    done = subprocess.run([driver], input=data, capture_output=True, env=environment)
    assert done.returncode == 0, done.stderr.decode()
    values = iter(struct.unpack("<%dQ" % (len(done.stdout) // 8), done.stdout))
    total, peak, epoch, missed = (next(values) for _ in range(4))
    made = [next(values) for _ in range(next(values))]
    columns = [[next(values) for _ in range(4)] for _ in range(next(values))]
    nodes = [(now, at_peak) for now, at_peak, _big, _big_at_peak in columns]
    big = [(now, at_peak) for _now, _at_peak, now, at_peak in columns]
    ranges = [(next(values), next(values), next(values)) for _ in range(next(values))]
    reserved = [(next(values), next(values)) for _ in range(next(values))]
    failed = next(values)
    failures = [(next(values), next(values), next(values)) for _ in range(16)]
    snapshot_failure = next(values)
    snapshot = [next(values) for _ in range(next(values))]
    large = [tuple(next(values) for _ in range(4)) for _ in range(next(values))]
    return {
        "large": large,
        "reserved": reserved,
        "failed": failed,
        "failures": failures,
        "snapshot_failure": snapshot_failure,
        "snapshot": snapshot,
        "total": total,
        "peak": peak,
        "epoch": epoch,
        "missed": missed,
        "made": made,
        "nodes": nodes,
        "big": big,
        "ranges": ranges,
    }


class Model:
    """Every block by address, every page by number, a full copy at every new peak."""

    def __init__(self):
        self.blocks, self.pages, self.children = {}, {}, {}
        self.reserved = set()
        self.made, self.current, self.peak, self.at_peak = [ROOT], defaultdict(int), 0, {}
        self.big, self.big_at_peak, self.big_at_failure = defaultdict(int), {}, {}  # big blocks and mappings
        self.failed, self.at_failure, self.snapshot_failure = [], {}, 0
        self.rising = False  # the present is the peak: nothing was given back since it was reached

    def run(self, event):
        """One event, as the ledger takes it."""
        kind, index, address, count = event
        node = self.made[index % len(self.made)]
        if kind == ADD_BLOCK and count:
            self.drop_block(address)
            self.blocks[address] = (node, count)
            self.hold_block(node, count, 1)
        elif kind == REMOVE_BLOCK:
            self.drop_block(address)
        elif kind == EPOCHS_PASS or (kind == FAIL_REALLOC and address in self.blocks):
            self.rising = False
        elif kind == HAND_OVER and address in self.blocks:
            owner, size = self.blocks[address]
            self.blocks[address] = (node, size)
            self.hold_block(owner, size, -1)
            self.hold_block(node, size, 1)
        elif kind == USE:
            for page in range(address // PAGE, (address + count) // PAGE):
                if page in self.reserved:
                    self.reserved.remove(page)
                    self.pages[page] = node
                    self.hold_page(node, 1)
        elif kind in (ADD_RANGE, REMOVE_RANGE, RESERVE):
            for page in range(address // PAGE, (address + count) // PAGE):
                old = self.pages.pop(page, None)
                if old is not None:
                    self.hold_page(old, -1)
                    self.rising = False
                self.reserved.discard(page)
                if kind == RESERVE:
                    self.reserved.add(page)
                if kind == ADD_RANGE:
                    self.pages[page] = node
                    self.hold_page(node, 1)
        elif kind == CHILD:
            self.made.append(self.children.setdefault((node, address, count), len(self.children) + 3))
        total = sum(self.current.values())
        if kind == REQUEST_FAILED:
            self.failed.append((count, total, node))
        if kind in (REQUEST_FAILED, PROGRAM_FAILED):  # the driver's clock is so quick that each has its snapshot
            self.at_failure, self.big_at_failure = dict(self.current), dict(self.big)
            self.snapshot_failure = len(self.failed) if kind == REQUEST_FAILED else 0
        if total > self.peak or self.rising:  # a block that changes hands at the peak does so before its last moment
            self.peak, self.at_peak, self.rising = total, dict(self.current), True
            self.big_at_peak = dict(self.big)

    def hold_block(self, node, size, times):
        """A block comes (times 1) or goes (-1)."""
        self.current[node] += times * size
        self.big[node] += times * size if size >= BIG else 0

    def hold_page(self, node, times):
        """Likewise a page."""
        self.current[node] += times * PAGE
        self.big[node] += times * PAGE

    def drop_block(self, address):
        """Take off the block at `address`, if there is one."""
        node, count = self.blocks.pop(address, (None, 0))
        if node is not None:
            self.hold_block(node, count, -1)
            self.rising = False

    def check(self, results):
        """The ledger says the same."""
        assert results["missed"] == 0
        assert results["made"] == self.made
        assert results["total"] == sum(self.current.values())
        assert results["peak"] == self.peak
        assert results["failed"] == len(self.failed)
        kept = [results["failures"][number % 16] for number in range(len(self.failed))[-16:]]
        assert kept == self.failed[-16:]
        assert results["snapshot_failure"] == self.snapshot_failure
        half = len(results["snapshot"]) // 2
        for found, expected in (
            (results["snapshot"][:half], self.at_failure),
            (results["snapshot"][half:], self.big_at_failure),
            ([now for now, _ in results["nodes"]], self.current),
            ([then for _, then in results["nodes"]], self.at_peak),
            ([now for now, _ in results["big"]], self.big),
            ([then for _, then in results["big"]], self.big_at_peak),
        ):
            assert {node: size for node, size in enumerate(found) if size} == {
                node: size for node, size in expected.items() if size
            }
        pages = {page: node for start, end, node in results["ranges"] for page in range(start // PAGE, end // PAGE)}
        assert pages == self.pages
        assert results["ranges"] == sorted(results["ranges"])
        reserved = [page for start, end in results["reserved"] for page in range(start // PAGE, end // PAGE)]
        assert reserved == sorted(self.reserved)


def block_address(number, size):
    """Small blocks lie 16 apart, others further, each always in its own place."""
    base = BLOCK_BASES[number % len(BLOCK_BASES)]
    if size <= 16:
        return base + 16 * (number // 4 % 64)
    return base + 0x400 + BLOCK_STRIDE * (number // 4 % 200)


def make_event(choice, node, number, amount):
    """An event from four small numbers."""
    if choice < 5:
        size = SIZES[amount % len(SIZES)]
        return (ADD_BLOCK, node, block_address(number, size), size)
    if choice < 9:
        size = SIZES[amount % len(SIZES)]
        kind = (REMOVE_BLOCK, REMOVE_BLOCK, FAIL_REALLOC, MARK_BLOCK)[choice - 5]
        return (kind, node, block_address(number, size), 0)
    if choice < 11:
        return (ADD_RANGE, node, RANGE_BASE + number % 40 * PAGE, amount % 12 * PAGE)
    if choice < 14:
        return (REMOVE_RANGE, node, RANGE_BASE + number % 40 * PAGE, amount % 9 * PAGE)
    if choice < 15:
        return (CHILD, node, 1 + number % 5, amount % 7)
    if choice > 19:
        return (EPOCHS_PASS, 0, 0, 0)
    if choice > 17:
        size = SIZES[amount % len(SIZES)]
        return (HAND_OVER, node, block_address(number, size), 0)
    if choice > 15:
        kind = RESERVE if choice == 16 else USE
        return (kind, node, RANGE_BASE + number % 40 * PAGE, amount % 12 * PAGE)
    return (REQUEST_FAILED if amount % 8 else PROGRAM_FAILED, node, 0, 1 + 10**6 * amount)


SMALL_EVENTS = st.lists(
    st.builds(make_event, st.integers(0, 20), st.integers(0, 30), st.integers(0, 60), st.integers(0, 40)), max_size=60
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(events=SMALL_EVENTS)
def test_short_traces_agree_with_the_model(driver, events):
    model = Model()
    for event in events:
        model.run(event)
    model.check(run_driver(driver, events))


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), first_epoch=st.sampled_from([1, 2**32 - 40]))
def test_long_traces_agree_with_the_model(driver, seed, first_epoch):
    """20,000 events each; half the traces begin just before the epochs' numbers run out, and all come there."""
    chance = random.Random(seed)
    events = [
        make_event(chance.randrange(21), chance.randrange(2000), chance.randrange(4000), chance.randrange(60))
        for _ in range(20000)
    ]
    model = Model()
    for event in events:
        model.run(event)
    model.check(run_driver(driver, events, first_epoch=first_epoch))


def test_large_sizes_are_kept_to_the_byte(driver):
    sizes = [2**32 - 1, 2**32, 2**40 + 7, 511, 512]
    events = [(ADD_BLOCK, 0, 0x7000_0000_0000 + (number << 44), size) for number, size in enumerate(sizes)]
    results = run_driver(driver, events)
    assert results["peak"] == sum(sizes)
    assert results["missed"] == 0
    events += [(REMOVE_BLOCK, 0, address, 0) for _, _, address, _ in events]
    assert run_driver(driver, events)["total"] == 0


def test_an_address_beyond_the_table_is_counted_as_missed(driver):
    results = run_driver(driver, [(ADD_BLOCK, 0, 1 << 48, 100)])
    assert (results["total"], results["missed"]) == (0, 1)


def test_many_callstacks_are_found_again(driver):
    events = [(CHILD, number // 3, number % 1000, number) for number in range(20000)]
    first = run_driver(driver, events)
    again = run_driver(driver, events + [(CHILD, number // 3, number % 1000, number) for number in range(20000)])
    assert again["made"][20001:] == first["made"][1:]
    assert len(set(first["made"])) == 20001


@pytest.mark.parametrize("requests", range(1, 12))
def test_running_out_of_storage_loses_no_bytes_unsaid(driver, requests):
    """Whatever request for storage fails: no crash, and either everything is right or the ledger says it is not."""
    events = []
    for number in range(3000):
        events.append((CHILD, number // 2, 1, number))
        events.append((ADD_BLOCK, number, 0x6000_0000_0000 + (number << 16), 700))
        events.append((ADD_RANGE, number, RANGE_BASE + 2 * number * PAGE, PAGE))
    results = run_driver(driver, events, requests=requests)
    expected = 3000 * (700 + PAGE)
    lost_callstacks = LOST in results["made"]
    assert results["total"] == expected or results["missed"] > 0
    assert results["total"] == sum(now for now, _ in results["nodes"])
    assert lost_callstacks or results["missed"] > 0 or results["total"] == expected


def test_threads_order_their_events(tmp_path):
    """Six threads at once, under the thread sanitizer: no race, and every byte in its place."""
    program = build(str(tmp_path), "threads", ["-O1", "-fsanitize=thread", "-pthread"], "threads_driver.c", PLATFORM)
    done = subprocess.run(["setarch", "-R", program], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    current, peak, expected = map(int, done.stdout.split())
    assert current == expected
    most = 6 * (32 * 963 + 4000 // 16 * PAGE + PAGE)  # every thread at its own peak
    assert expected <= max(peak, current) <= most

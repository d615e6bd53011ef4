"""From recordings to profiles: merging, frames that are left out, threads, bytes without a callstack."""

import pytest
from recording_builder import RecordingBuilder

from filprofiler import _abi
from filprofiler.profile.build import build_profile
from filprofiler.profile.memory_breakdown import import_bytes
from filprofiler.profile.program import Program
from filprofiler.recording.reader import Recording

BOOTSTRAP = "/opt/filprofiler/in_process/bootstrap.py"
SCRIPT = "/jobs/job.py"
THREADING = "/usr/lib/python3.9/threading.py"


def build(builder, **changes):
    settings = {"script": "job.py", "script_absolute": SCRIPT, "cwd": "/work", "own_files": [BOOTSTRAP]}
    settings.update(changes)
    return build_profile(Recording(builder.build()), Program(**settings))


def stacks(profile):
    return {
        ";".join("%s:%d %s" % (site.path, site.line, site.name) if site.path else site.name for site in sites): size
        for sites, size in profile.callstacks()
    }


def test_frames_of_one_line_are_one_node():
    builder = RecordingBuilder()
    code = builder.code(SCRIPT, "main", first_line=10, table=b"\0\0\6\1\6\1")
    first = builder.node(_abi.FIL_NODE_ROOT, code, 0, current=5)
    second = builder.node(_abi.FIL_NODE_ROOT, code, 1, current=6)
    builder.node(_abi.FIL_NODE_ROOT, code, 3, current=100)
    builder.node(first, code, 3, current=20)
    builder.node(second, code, 4, current=30)
    profile = build(builder)
    assert stacks(profile) == {
        "job.py:10 main": 11,
        "job.py:11 main": 100,
        "job.py:10 main;job.py:11 main": 50,
    }
    assert profile.peak_bytes == 161
    assert [child.total_bytes for child in profile.root.children] == [100, 61]
    assert profile.root.callstacks == 3
    assert profile.complete


def test_nodes_without_bytes_are_not_in_the_tree():
    builder = RecordingBuilder()
    builder.stack([(SCRIPT, "main", 1), (SCRIPT, "free", 2)], 0)
    builder.stack([(SCRIPT, "main", 1), (SCRIPT, "keep", 3)], 8)
    assert stacks(build(builder)) == {"job.py:1 main;job.py:3 keep": 8}


@pytest.mark.parametrize("runpy", ["<frozen runpy>", "/usr/lib/python3.9/runpy.py"])
def test_our_own_and_runpys_frames_are_left_out_at_the_root_only(runpy):
    builder = RecordingBuilder()
    start = [(BOOTSTRAP, "<module>", 1), (BOOTSTRAP, "become", 9), (runpy, "run_path", 3), (runpy, "_run_code", 4)]
    builder.stack([*start, (SCRIPT, "<module>", 5), (runpy, "run_path", 3), ("/x.py", "<module>", 1)], 10)
    builder.stack([(runpy, "_run_module_as_main", 3), (SCRIPT, "<module>", 6)], 20)
    profile = build(builder)
    name = "%s:3 run_path" % runpy
    assert stacks(profile) == {"job.py:5 <module>;%s;/x.py:1 <module>" % name: 10, "job.py:6 <module>": 20}
    assert profile.main_paths == {"job.py"}


def test_a_callstack_of_which_nothing_is_left():
    builder = RecordingBuilder()
    builder.stack([(BOOTSTRAP, "<module>", 1), ("<frozen runpy>", "run_path", 3)], 10)
    builder.hold(_abi.FIL_NODE_ROOT, 7)
    assert stacks(build(builder)) == {"[No Python stack]": 17}


def test_a_callstack_that_was_lost():
    builder = RecordingBuilder()
    builder.hold(_abi.FIL_NODE_LOST, 9)
    builder.nodes.append([1, 1, builder.epoch, 99, 0, 0])  # damaged
    builder.missed[_abi.FIL_MISSED_CALLSTACK] = 3
    profile = build(builder)
    assert stacks(profile) == {"[Callstack not recorded]": 10}
    assert [count for count, _reason in profile.missed] == [3, 0]  # how much was damaged is not known
    assert not profile.complete


def test_a_thread_hangs_under_the_line_that_started_it():
    builder = RecordingBuilder()
    starter = builder.stack([(BOOTSTRAP, "<module>", 1), (SCRIPT, "main", 5), (THREADING, "start", 800)], 11)
    mark = builder.thread(starter)
    builder.hold(mark, 100)
    inside = [(THREADING, "_bootstrap", 1), (THREADING, "_bootstrap_inner", 2)]
    builder.stack(inside, 1000, parent=mark)
    builder.stack([*inside, (THREADING, "run", 3), (SCRIPT, "work", 9), (THREADING, "run", 3)], 10000, parent=mark)
    profile = build(builder)
    assert stacks(profile) == {
        "job.py:5 main;%s:800 start" % THREADING: 11,
        "job.py:5 main": 1100,
        "job.py:5 main;job.py:9 work;%s:3 run" % THREADING: 10000,
    }
    main = profile.root.children[0]
    assert [(node.site.name, node.thread) for node in main.children] == [("work", "another thread"), ("start", "")]
    assert not main.thread
    assert not main.children[0].children[0].thread


def test_a_thread_without_a_starter_and_a_thread_in_a_thread():
    builder = RecordingBuilder()
    outer = builder.thread(_abi.FIL_NODE_ROOT)
    builder.hold(outer, 5)
    inner = builder.thread(builder.stack([(THREADING, "_bootstrap", 1), (THREADING, "start", 800)], 0, parent=outer))
    builder.stack([(THREADING, "run", 3), (SCRIPT, "work", 9)], 70, parent=inner)
    assert stacks(build(builder)) == {"[No Python stack]": 5, "job.py:9 work": 70}


def test_mark_of_an_unknown_kind_is_passed_over():
    builder = RecordingBuilder()
    mark = builder.thread(builder.stack([(SCRIPT, "main", 5)], 1))
    builder.nodes[mark][5] = 77
    builder.stack([(SCRIPT, "work", 9)], 70, parent=mark)
    assert stacks(build(builder)) == {"job.py:5 main": 1, "job.py:5 main;job.py:9 work": 70}


def test_line_that_the_compiler_gave_to_none_is_the_functions_first():
    builder = RecordingBuilder(python_version=0x030A0DF0)
    code = builder.code(SCRIPT, "main", first_line=10, table=bytes([2, 0x80, 2, 5]))
    builder.node(_abi.FIL_NODE_ROOT, code, 0, current=1)
    builder.node(_abi.FIL_NODE_ROOT, code, 1, current=2)
    builder.node(_abi.FIL_NODE_ROOT, builder.code(SCRIPT, "bare", first_line=3, table=b""), 50, current=4)
    builder.codes[-1] = (*builder.codes[-1][:3], 0, 3, 0)  # the table was not kept
    assert stacks(build(builder)) == {"job.py:10 main": 1, "job.py:15 main": 2, "job.py:3 bare": 4}


def test_the_interpreters_shim_round_an_initializer_is_left_out():
    builder = RecordingBuilder()
    shim = builder.node(builder.stack([(SCRIPT, "main", 5)], 1), builder.code("__init__", "__init__", 0), 0, current=10)
    builder.stack([(SCRIPT, "__init__", 9)], 70, parent=shim)
    builder.stack([("__init__", "__init__", 1)], 100)
    profile = build(builder)
    assert stacks(profile) == {
        "job.py:5 main": 11,
        "job.py:5 main;job.py:9 __init__": 70,
        "__init__:1 __init__": 100,
    }


def test_time_of_the_peak():
    builder = RecordingBuilder()
    builder.stack([(SCRIPT, "main", 5)], 1)
    assert build(builder).peak_seconds == pytest.approx(3.1)
    builder.header["peak_bytes"] = 0
    builder.header["current_bytes"] = 1
    assert build(builder, elapsed_seconds=9.5).peak_seconds == 9.5


def test_nothing_held():
    profile = build(RecordingBuilder())
    assert profile.peak_bytes == 0
    assert stacks(profile) == {}
    assert profile.root.children == []


FROZEN = ("<frozen importlib._bootstrap>", "_find_and_load")
EXTERNAL = ("<frozen importlib._bootstrap_external>", "_compile_bytecode")


def import_by_mark(builder, parent, size=0):
    return builder.importing(parent, size)


def import_by_frames(builder, parent, size=0):
    """As recordings had it before there was the mark."""
    if size:
        builder.stack([(*FROZEN, 1), (*FROZEN, 5), (*EXTERNAL, 7)], size, parent=parent)
    return builder.stack([(*FROZEN, 1), (*FROZEN, 6)], 0, parent=parent)


@pytest.mark.parametrize("importing", [import_by_mark, import_by_frames])
def test_the_import_machinery_is_left_out(importing):
    builder = RecordingBuilder()
    line = builder.stack([(BOOTSTRAP, "<module>", 1), (SCRIPT, "<module>", 2)], 3)
    module = builder.stack([("/lib/m.py", "<module>", 1)], 10, parent=importing(builder, line, 200))
    builder.stack([("/lib/n.py", "<module>", 4)], 1000, parent=importing(builder, module))
    thread = builder.thread(builder.stack([(THREADING, "start", 800)], 0, parent=importing(builder, line)))
    builder.stack([("/lib/t.py", "<module>", 1)], 30000, parent=importing(builder, thread, 400000))
    builder.stack([("/lib/odd.py", "exec_module", 9)], 5000000, parent=line)
    profile = build(builder)
    assert stacks(profile) == {
        "job.py:2 <module>": 3,
        "job.py:2 <module>;/lib/m.py:1 <module>": 10,
        "job.py:2 <module>;[module code]": 400200,
        "job.py:2 <module>;/lib/m.py:1 <module>;/lib/n.py:4 <module>": 1000,
        "job.py:2 <module>;/lib/t.py:1 <module>": 30000,
        "job.py:2 <module>;/lib/odd.py:9 exec_module": 5000000,
    }
    assert profile.main_paths == {"job.py"}
    below = {node.site.path: node for node in profile.root.children[0].children}
    assert {path: node.imported for path, node in below.items()} == {
        "/lib/m.py": True, "": True, "/lib/t.py": True, "/lib/odd.py": False,
    }  # fmt: skip
    assert below["/lib/t.py"].thread and not below["/lib/m.py"].thread
    assert import_bytes(profile.flat) == 431210


@pytest.mark.parametrize("importing", [import_by_mark, import_by_frames])
def test_a_package_on_the_way_to_the_module_that_runs(importing):
    builder = RecordingBuilder()
    runpy = builder.stack([(BOOTSTRAP, "<module>", 1), ("<frozen runpy>", "_get_module_details", 3)], 0)
    builder.stack([("/lib/package/__init__.py", "<module>", 1)], 10, parent=importing(builder, runpy, 7))
    builder.stack([(BOOTSTRAP, "<module>", 1), ("<frozen runpy>", "_run_code", 4), (SCRIPT, "<module>", 1)], 3)
    profile = build(builder)
    assert stacks(profile) == {"[module code]": 7, "/lib/package/__init__.py:1 <module>": 10, "job.py:1 <module>": 3}
    assert profile.main_paths == {"job.py"}


@pytest.mark.parametrize("importing", [import_by_mark, import_by_frames])
def test_a_request_of_the_import_machinery_that_failed(importing):
    builder = RecordingBuilder()
    line = builder.stack([(SCRIPT, "<module>", 2)], 3)
    node = importing(builder, line)
    builder.failures.append((1 << 40, 3, builder.header["peak_clock_ns"], node, _abi.FIL_REQUEST_BLOCK))
    builder.header["failed_requests"] = 1
    (failure,) = build(builder).failures
    assert [site.name for site in failure.stack] == ["<module>", "[module code]"]

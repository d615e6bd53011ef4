"""The combined peak of several processes, step by step against a model that knows everything.

And faults that the model must notice.
"""

import os
import shutil
import subprocess

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
CSRC = os.path.join(os.path.dirname(os.path.dirname(HERE)), "csrc")
RUNS = int(os.environ.get("FIL_TEST_EVENTS", "4000"))

# A fault in the algorithm: the file, the text, what replaces it, and how many processes are killed in 10,000 steps.
FAULTS = {
    "a turn changes nothing that a look compares": (
        "combined.c",
        "word_of(word >> HALF_BITS, word + 1)",
        "word_of(word >> HALF_BITS, word)",
        0,
    ),
    "a large event takes no turn": (
        "combined.c",
        "uint32_t best = take_turn(combined->shared);",
        "uint32_t best = combined_best(combined);",
        0,
    ),
    "a rise is shown before it is counted": (
        "ledger.c",
        "    combined_before_rise(&ledger->combined, &ledger->callstacks, node);\n",
        "    ledger->combined.slot->total = ledger->header->current_bytes + bytes;\n    COMBINED_STEP();\n"
        "    combined_before_rise(&ledger->combined, &ledger->callstacks, node);\n",
        0,
    ),
    "a fall is shown after it is counted": (
        "combined.c",
        "    show(combined, header->current_bytes - bytes);\n    keep_in_turn(combined, rows, node);\n",
        "    keep_in_turn(combined, rows, node);\n    (void)header;\n    (void)bytes;\n",
        0,
    ),
    "nobody looks after a rise": (
        "combined.c",
        "    show(combined, header->current_bytes);\n    look(combined);\n",
        "    show(combined, header->current_bytes);\n",
        0,
    ),
    "a falling row forgets": (
        "combined.c",
        "    show(combined, header->current_bytes - bytes);\n    keep_in_turn(combined, rows, node);\n",
        "    show(combined, header->current_bytes - bytes);\n"
        "    (void)take_turn(combined->shared);\n    (void)rows;\n    (void)node;\n",
        0,
    ),
    "a row in the window forgets": (
        "ledger.h",
        "            ledger_fall_far(ledger, node, bytes);\n            return;\n        }\n"
        "        combined_keep(&ledger->callstacks, node, combined_best(&ledger->combined));\n",
        "            ledger_fall_far(ledger, node, bytes);\n            return;\n        }\n",
        0,
    ),
    "a row keeps what it has after the event": (
        "ledger.c",
        "    combined_before_rise(&ledger->combined, &ledger->callstacks, node);\n"
        "    ledger_grow(ledger, node, bytes);\n",
        "    ledger_grow(ledger, node, bytes);\n"
        "    combined_before_rise(&ledger->combined, &ledger->callstacks, node);\n",
        0,
    ),
    "the first process brings no peak": (
        "combined.c",
        "    bring_peak(combined, header);\n",
        "    (void)bring_peak;\n",
        0,
    ),
    "the window is wider than is told": ("combined.c", "total + window / 2;", "total + 40 * window;", 0),
    "the end of a process takes no turn": (
        "combined.c",
        "ended_best = take_turn(shared);",
        "ended_best = (uint32_t)(read_word(shared) >> HALF_BITS);",
        300,
    ),
    "an ended process still counts": (
        "combined.c",
        "&state, FIL_SLOT_ENDED, false",
        "&state, FIL_SLOT_LIVE, false",
        300,
    ),
}


def build(folder, csrc, flags):
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc")
    ledger = os.path.join(csrc, "ledger")
    sources = [os.path.join(HERE, "combined_driver.c")]
    sources += sorted(os.path.join(ledger, name) for name in os.listdir(ledger) if name.endswith(".c"))
    program = os.path.join(folder, "combined")
    command = [compiler, "-std=c11", "-D_GNU_SOURCE", "-g", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function"]
    command += ["-I" + csrc, "-include", os.path.join(HERE, "step.h")]
    subprocess.run(command + flags + sources + ["-o", program], check=True)
    return program


def wrongs(program, seed, runs, processes, kills):
    words = [program] + [str(number) for number in (seed, runs, processes, kills)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0 and done.stderr == "", (done.returncode, done.stderr)
    return done.stdout


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return build(str(tmp_path_factory.mktemp("combined")), CSRC, ["-O2"])


@pytest.mark.parametrize(("processes", "kills"), [(5, 0), (5, 30), (6, 300), (2, 100)])
def test_the_cut_is_exact_and_its_total_within_the_bound(program, processes, kills):
    """Whenever the best rises: what each row of each process held then, no more, no less. A process that is killed
    anywhere may be off by the event that it was in.
    """
    assert wrongs(program, processes + kills, RUNS, processes, kills) == ""


def test_no_undefined_behaviour(tmp_path):
    program = build(str(tmp_path), CSRC, ["-O1", "-fsanitize=undefined", "-fno-sanitize-recover=all"])
    assert wrongs(program, 7, RUNS // 8, 5, 100) == ""


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_the_model_notices(fault, tmp_path):
    name, text, other, kills = FAULTS[fault]
    csrc = str(tmp_path / "csrc")
    os.mkdir(csrc)
    for header in ("fil_format.h", "fil_processes.h"):
        shutil.copy(os.path.join(CSRC, header), csrc)
    shutil.copytree(os.path.join(CSRC, "ledger"), os.path.join(csrc, "ledger"))
    path = os.path.join(csrc, "ledger", name)
    with open(path, encoding="utf-8") as file:
        source = file.read()
    assert source.count(text) == 1, fault
    with open(path, "w", encoding="utf-8") as file:
        file.write(source.replace(text, other))
    assert wrongs(build(str(tmp_path), csrc, ["-O2"]), 1, RUNS, 5, kills) != ""

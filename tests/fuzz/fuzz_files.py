"""Fuzz one form of the files that we read, led by which code is reached: fuzz_files.py FORM [libFuzzer's options].

FORM: recording, description, json or prof. atheris remembers the inputs that reach new code. A third of the next ones
it makes of those by itself, the others as tests/unit/file_fuzz.py does, where it also stands what must hold.
"""

import sys
import tempfile
from pathlib import Path
from random import Random

import atheris  # type: ignore[import-not-found,unused-ignore]

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))

with atheris.instrument_imports(include=["filprofiler"]):
    import file_fuzz

FORM = sys.argv.pop(1)
CHECKER = file_fuzz.Checker(Path(tempfile.mkdtemp(prefix="fil-fuzz-")))


def changed(content: bytes, most: int, seed: int) -> bytes:
    """A new input made from an old one."""
    random = Random(seed)
    if random.random() < 1 / 3:
        return bytes(atheris.Mutate(content, most))
    if FORM == "recording":
        found = file_fuzz.changed_recording(random, content)
    elif FORM == "description":
        found = file_fuzz.description(random).encode("utf-8", "surrogatepass")
    elif FORM == "json":
        found = file_fuzz.changed_json(CHECKER.json, random).encode("utf-8", "surrogatepass")
    else:
        found = file_fuzz.changed_prof(random, content)
    return found[:most]


def check(content: bytes) -> None:
    """One input."""
    if FORM == "recording":
        CHECKER.check_recording(content)
    elif FORM == "description":
        CHECKER.check_description(content.decode("utf-8", "replace"))
    elif FORM == "json":
        CHECKER.check_json(content.decode("utf-8", "replace"))
    else:
        CHECKER.check_prof(content)


if FORM not in file_fuzz.FORMS:
    sys.exit("Which form? %s" % ", ".join(file_fuzz.FORMS))
atheris.Setup([sys.argv[0], "-max_len=400000", *sys.argv[1:]], check, custom_mutator=changed)
atheris.Fuzz()

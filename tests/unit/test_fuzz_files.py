"""Thousands of files, changed at random with their structure in mind: see file_fuzz.py. FIL_TEST_FUZZ: how many."""

from pathlib import Path
from random import Random

import pytest
from file_fuzz import CASES, FORMS, Checker

SEEDS = range(4)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("form", FORMS)
def test_changed_files_are_read_or_refused(tmp_path: Path, form: str, seed: int) -> None:
    checker = Checker(tmp_path)
    for number in range(CASES // len(SEEDS)):
        case = "%s %d %d" % (form, seed, number)
        try:
            checker.check_one(form, Random(case))
        except Exception as error:
            raise AssertionError("checker.check_one(%r, Random(%r))" % (form, case)) from error
    read, refused = checker.read.get(form, 0), checker.refused.get(form, 0)
    assert read > CASES // len(SEEDS) // 10, "the changes are so rough that nothing is read: %d" % read
    assert form == "description" or refused

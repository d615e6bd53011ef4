"""The interpreter that runs us, and the flags it was given: the program gets the same."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Sequence, Tuple

_WITH_VALUE = "WX"
_BEFORE_PROGRAM = "cm"
_LONG_WITH_VALUE = ("--check-hash-based-pycs",)


def command_line() -> "List[str]":
    """The words by which this interpreter was called, its own name first; none if they are not known."""
    try:
        with open("/proc/self/cmdline", "rb") as file:
            return [os.fsdecode(word) for word in file.read().split(b"\0")[:-1]]
    except OSError:
        return list(getattr(sys, "orig_argv", ())) or _asked_arguments()


def _asked_arguments() -> "List[str]":
    """What this interpreter was called with, where neither /proc nor Python itself (before 3.10) tells it."""
    from filprofiler.foreign import original_arguments

    return original_arguments()


def interpreter_flags(arguments: "Sequence[str]") -> "List[str]":
    """The flags among an interpreter's arguments (without its own name): what stands before -c, -m or the script."""
    return split_flags(arguments)[0]


def split_flags(arguments: "Sequence[str]") -> "Tuple[List[str], List[str]]":
    """An interpreter's arguments (without its own name): its flags, and the rest from -c, -m or the script on."""
    count = 0
    while count < len(arguments):
        argument = arguments[count]
        if len(argument) < 2 or argument[0] != "-":
            break
        if argument.startswith("--"):
            count += 2 if argument in _LONG_WITH_VALUE else 1
            continue
        for place, letter in enumerate(argument):
            if letter in _BEFORE_PROGRAM:
                before = argument[:place]
                flags = list(arguments[:count]) + ([before] if len(before) > 1 else [])
                return flags, ["-" + argument[place:]] + list(arguments[count + 1 :])
            if letter in _WITH_VALUE:  # the rest of the word is its value, or else the next word
                count += place == len(argument) - 1
                break
        count += 1
    return list(arguments[:count]), list(arguments[count:])

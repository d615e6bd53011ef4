"""The interpreter that runs us, and the flags it was given: the program gets the same."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, MutableMapping, Sequence, Tuple

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


# By this the small program tells the interpreter how it was called, so that a virtual environment is found.
LAUNCHER_VARIABLE = "__PYVENV_LAUNCHER__"

_PROPER = ("Resources", "Python.app", "Contents", "MacOS", "Python")


def executable_to_start(environment: "MutableMapping[str, str]") -> str:
    """The path of the running interpreter's executable. Sets what that needs in the environment that it will get."""
    if sys.platform != "darwin":
        return sys.executable
    return proper_executable(sys.executable, sys.base_prefix, environment)


def proper_executable(executable: str, prefix: str, environment: "MutableMapping[str, str]") -> str:
    """The executable to start for `executable`, of an installation in the folder `prefix`: perhaps a framework."""
    proper = os.path.join(prefix, *_PROPER)
    if not os.path.isfile(proper):
        return executable
    environment[LAUNCHER_VARIABLE] = executable
    return proper

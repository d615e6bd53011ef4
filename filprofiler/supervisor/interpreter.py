"""The running interpreter and its flags, which the program gets too."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, MutableMapping, Sequence, Tuple

_WITH_VALUE = "WX"
_BEFORE_PROGRAM = "cm"
_LONG_WITH_VALUE = ("--check-hash-based-pycs",)


def command_line() -> "List[str]":
    """This interpreter's command line, its own name first; empty if not known."""
    try:
        with open("/proc/self/cmdline", "rb") as file:
            return [os.fsdecode(word) for word in file.read().split(b"\0")[:-1]]
    except OSError:
        return list(getattr(sys, "orig_argv", ())) or _asked_arguments()


def _asked_arguments() -> "List[str]":
    """The command line where neither /proc nor Python itself (before 3.10) has it."""
    from filprofiler.foreign import original_arguments

    return original_arguments()


def interpreter_flags(arguments: "Sequence[str]") -> "List[str]":
    """The flags among an interpreter's arguments (without its own name): those before -c, -m or the script."""
    return split_flags(arguments)[0]


def split_flags(arguments: "Sequence[str]") -> "Tuple[List[str], List[str]]":
    """Split an interpreter's arguments (without its own name) into its flags and the rest from -c, -m or the script."""
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
            if letter in _WITH_VALUE:  # its value is the rest of the word or, if empty, the next word
                count += place == len(argument) - 1
                break
        count += 1
    return list(arguments[:count]), list(arguments[count:])


# A framework's launcher passes its own path to the interpreter in this variable, so that virtual environments work.
LAUNCHER_VARIABLE = "__PYVENV_LAUNCHER__"

_PROPER = ("Resources", "Python.app", "Contents", "MacOS", "Python")


def executable_to_start(environment: "MutableMapping[str, str]") -> str:
    """The path of the running interpreter's executable. Sets variables that it needs in `environment`."""
    if sys.platform != "darwin":
        if os.environ.get("PYTHONEXECUTABLE") == sys.executable:  # a name that the user has made up
            try:
                return os.readlink("/proc/self/exe")
            except OSError:
                pass
        return sys.executable
    return proper_executable(sys.executable, sys.base_prefix, environment)


def proper_executable(executable: str, prefix: str, environment: "MutableMapping[str, str]") -> str:
    """The executable to start for `executable` of an installation, perhaps a framework, in the folder `prefix`."""
    proper = os.path.join(prefix, *_PROPER)
    if not os.path.isfile(proper):
        return executable
    environment[LAUNCHER_VARIABLE] = executable
    return proper

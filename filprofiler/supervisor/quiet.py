"""Flags and variables that make an interpreter report what it does: -v, -X importtime and the like.

They are meant for the program. If the `fil-profile` process has them too, it restarts itself without them before it
does anything else. The program is started with them: our own variables carry them.
"""

import os
import sys

from filprofiler.supervisor.interpreter import command_line, interpreter_flags, split_flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Mapping, Sequence, Tuple

FLAGS_VARIABLE = "FIL_FLAGS"
TELLING_VARIABLES = ("PYTHONVERBOSE", "PYTHONPROFILEIMPORTTIME", "PYTHONMALLOCSTATS")

_COERCED = ("LC_CTYPE", ("C.UTF-8", "C.utf8", "UTF-8"))  # set by an interpreter that starts in the C locale (PEP 538)
_OURS = "FIL_"
_BETWEEN = "\x1e"


def restart(stderr: int) -> None:
    """Become the same command without these flags, with the descriptor `stderr`. Returns only on failure."""
    words = command_line()
    if not words or not sys.executable or FLAGS_VARIABLE in os.environ:
        return
    flags, rest = split_flags(words[1:])
    environment = as_given(os.environ)
    environment[FLAGS_VARIABLE] = _BETWEEN.join(flags)
    for name in TELLING_VARIABLES:
        if name in environment:
            environment[_OURS + name] = environment.pop(name)
    silence = os.dup(2)
    os.set_inheritable(silence, False)
    os.dup2(stderr, 2)
    try:
        os.execve(sys.executable, words[:1] + quiet_flags(flags) + rest, environment)
    except OSError:
        os.dup2(silence, 2)
        os.close(silence)


def as_given(environment: "Mapping[str, str]") -> "Dict[str, str]":
    """Our environment without what our interpreter has added: the program's would not use UTF-8 mode with it."""
    result = dict(environment)
    name, values = _COERCED
    if result.get(name) in values:
        try:
            with open("/proc/self/environ", "rb") as file:
                given = file.read().split(b"\0")
        except OSError:
            return result
        if not any(entry.startswith(name.encode() + b"=") for entry in given):
            del result[name]
    return result


def flags_of_program(flags: "List[str]") -> "List[str]":
    """The flags for the program's interpreter, if ours has `flags`."""
    kept = os.environ.get(FLAGS_VARIABLE)
    return flags if kept is None else [flag for flag in kept.split(_BETWEEN) if flag]


def environment_of_program(environment: "Mapping[str, str]") -> "Dict[str, str]":
    """The program's environment, made from ours."""
    result = as_given(environment)
    result.pop(FLAGS_VARIABLE, None)
    for name in TELLING_VARIABLES:
        if _OURS + name in result:
            result[name] = result.pop(_OURS + name)
    return result


def interpreter_command() -> "Tuple[str, List[str]]":
    """This interpreter's argv[0], and the flags for the program's interpreter."""
    words = command_line()
    if not words:
        return sys.executable, []
    return words[0], flags_of_program(interpreter_flags(words[1:]))


def quiet_flags(flags: "Sequence[str]") -> "List[str]":
    """An interpreter's flags without those that make it report what it does."""
    quiet: "List[str]" = []
    words = list(flags)
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            quiet.append(word)
            if words and not words[0].startswith("-"):
                quiet.append(words.pop(0))
            continue
        kept = "-"
        value: "List[str]" = []
        for place, letter in enumerate(word[1:], 1):
            if letter in "WX":
                setting = word[place + 1 :] or (words.pop(0) if words else "")
                if letter == "W" or setting.partition("=")[0] != "importtime":
                    value = ["-" + letter, setting]
                break
            if letter != "v":
                kept += letter
        quiet += ([kept] if len(kept) > 1 else []) + value
    return quiet

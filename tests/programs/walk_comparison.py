"""Compares the callstack that the library sees with the one that sys._getframe shows, at the place of the call."""

import ctypes
import dis
import sys


class ObservedFrame(ctypes.Structure):
    """struct fil_observed_frame of fil_abi.h."""

    _fields_ = [
        ("code", ctypes.c_uint64),
        ("offset", ctypes.c_int32),
        ("first_line", ctypes.c_uint32),
        ("texts", ctypes.c_uint32 * 8),
        ("first_local", ctypes.c_uint64),
        ("first_traceable", ctypes.c_int32),
        ("reserved", ctypes.c_uint32),
    ]


CAPACITY = 2048
NOT_BEGUN = -1  # what f_lasti is then; as bytes it is -2 where the interpreter counts instructions of two bytes (3.10)
IMPORT_MACHINERY = ("<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>")
LIBRARY = ctypes.PyDLL(None)
WALK = LIBRARY.fil_current_callstack
WALK.argtypes = [ctypes.POINTER(ObservedFrame), ctypes.c_uint32]
WALK.restype = ctypes.c_int32


def compare(driver):
    """Append [driver.prefix, what differs, number of frames] to the driver's account."""
    seen = (ObservedFrame * CAPACITY)()
    count, frame, line = WALK(seen, CAPACITY), sys._getframe(), sys._getframe().f_lineno
    driver.account.append((driver.prefix, difference(seen, count, frame, line, bool(driver.prefix)), count))


def difference(seen, count, frame, line, in_thread):
    """What is wrong, or an empty text. The walk was made at `line` of `frame`.

    In a thread the walk may go on with the callstack that started the thread.
    """
    at = 0
    while frame is not None:
        if frame.f_code.co_filename in IMPORT_MACHINERY:
            frame = frame.f_back  # the walk leaves these out
            continue
        if at >= count:
            return f"the walk ends after {count} frames, before {frame.f_code}"
        got = seen[at]
        if got.code != id(frame.f_code):
            return f"frame {at}: code {got.code:x} instead of {frame.f_code}"
        if at == 0:
            if line_of(frame.f_code, got.offset) != line:
                return f"innermost: line {line_of(frame.f_code, got.offset)} instead of {line}"
        elif max(got.offset, NOT_BEGUN) != frame.f_lasti:
            return f"frame {at} {frame.f_code}: offset {got.offset} instead of {frame.f_lasti}"
        frame = frame.f_back
        at += 1
    if at != count and not in_thread:
        return f"the walk has {count} frames instead of {at}"
    return ""


def line_of(code, offset):
    line = None
    for start, number in dis.findlinestarts(code):
        if start > offset:
            break
        line = number if number is not None else line
    return line

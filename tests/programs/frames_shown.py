"""Print what a program can see of the frames below its own: frames_shown.py, or in any other way that Python runs a program."""

import faulthandler
import sys
import threading
import traceback
import warnings

warnings.simplefilter("always")


def chain(frame):
    """Names of the functions from a frame outwards."""
    names = []
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names


def deepest(depth):
    """How many calls of this function fit."""
    try:
        return deepest(depth + 1)
    except RecursionError:
        return depth


def exception_frames():
    try:
        raise ValueError
    except ValueError:
        return len(traceback.extract_tb(sys.exc_info()[2])), len(traceback.extract_stack())


def look(who):
    for level in (1, 2, 3, 4, 5):
        warnings.warn("%s, in a function, %d" % (who, level), stacklevel=level)
    print(who, "chain", chain(sys._getframe()))
    print(who, "current", [chain(frame) for ident, frame in sys._current_frames().items() if ident == threading.get_ident()])
    print(who, "deepest", deepest(1), sys.getrecursionlimit())
    print(who, "exception", exception_frames())
    sys.stderr.flush()
    faulthandler.dump_traceback(all_threads=threading.current_thread() is threading.main_thread())


for stacklevel in (1, 2, 3, 4):
    warnings.warn("of the module, %d" % stacklevel, stacklevel=stacklevel)
print("module", chain(sys._getframe()))
look("main thread")
thread = threading.Thread(target=look, args=("thread",))
thread.start()
thread.join()

"""Small programs that must behave the same under the profiler and under Python itself.

A case is its files, and the words that follow `python`. `since` is the first Python that can run it.
"""

from typing import Dict, List, NamedTuple, Tuple, Union

Content = Union[str, bytes]


class Case(NamedTuple):
    """One program: its files by relative path, and the interpreter's arguments."""

    files: Dict[str, Content]
    arguments: List[str]
    since: Tuple[int, int] = (3, 6)
    typed: bytes = b"typed"  # what stands on standard input


# What a program can find out about how it was started. Modules that were imported for us may be there.
STATE = """
import sys
import __main__
def show(name, value):
    print(name, ascii(value))
for name, value in list(globals().items()):
    if name not in ("show", "sys", "name", "value"):
        show(name, value)
show("argv", sys.argv)
show("orig_argv", getattr(sys, "orig_argv", None))
show("path", sys.path)
show("flags", sys.flags)
show("warnoptions", sys.warnoptions)
show("xoptions", sys._xoptions)
show("executable", sys.executable)
show("main", __main__.__dict__ is globals() and sys.modules["__main__"] is __main__)
show("co_filename", show.__code__.co_filename)
show("ours", [m for m in sys.modules if "filprofiler" in m])
show("cache", sorted(p for p in sys.path_importer_cache if "filprofiler/" in p + "/"))
show("hooks", (sys.excepthook is sys.__excepthook__, sys.gettrace(), sys.getprofile(), sys.getrecursionlimit()))
"""

RAISE = """
class Oops(Exception):
    pass

def inner(value):
    return 1 / value

def outer():
    try:
        inner(0)
    except ZeroDivisionError as error:
        try:
            {}["a"]
        except KeyError:
            raise Oops("both") from error

outer()
"""

HOOK = """
import sys, traceback
def hook(kind, value, tb):
    print("hook", kind.__name__, value, [f.name for f in traceback.extract_tb(tb)], value.__traceback__ is tb)
    print("last", getattr(sys, "last_type", None), getattr(sys, "last_traceback", None) is tb)
sys.excepthook = hook
def f():
    raise ValueError("x")
f()
"""

HOOK_FAILS = """
import sys
def hook(kind, value, tb):
    raise RuntimeError("in the hook")
sys.excepthook = hook
1 / 0
"""

AT_EXIT = """
import atexit, sys
def late():
    print("late", getattr(sys, "last_type", None), sys.excepthook is sys.__excepthook__, "__file__" in globals())
    raise ValueError("at exit")
atexit.register(late)
"""

INTERRUPTED = """
import os, signal
try:
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(10**8): pass
finally:
    print("finally", flush=True)
"""

PICKLE = """
import pickle
class Thing:
    def __init__(self): self.x = 1
if __name__ == "__main__":
    data = pickle.dumps(Thing(), 0)
    print(data, pickle.loads(data).x)
"""

SPAWN = """
import multiprocessing, os, sys
def work(number):
    return number * 2, os.environ.get("LD_PRELOAD"), [m for m in sys.modules if "filprofiler" in m]
if __name__ == "__main__":
    for method in ("spawn", "fork"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            print(method, pool.map(work, [1, 2]))
"""

THREADS = """
import sys, threading, time
def work():
    print("working", threading.current_thread() is threading.main_thread())
thread = threading.Thread(target=work)
thread.start()
thread.join()
def forever():
    while True: time.sleep(0.001)
threading.Thread(target=forever, daemon=True).start()
def last():
    print("after main")
threading.Thread(target=last).start()
"""

DYING = """
import sys
class A:
    def __del__(self):
        print("del", __name__, file=sys.stderr)
a = A()
b = A()
b.b = b
def generator():
    try:
        yield 1
    finally:
        print("closed")
g = generator()
next(g)
"""

FLAWED = "def f(:\n    pass\n"


def _script(source: Content, *arguments: str, flags: Tuple[str, ...] = (), since: Tuple[int, int] = (3, 6)) -> Case:
    return Case({"program.py": source}, [*flags, "program.py", *arguments], since)


CASES = {
    "state": _script(STATE, "-o", "x", "--help", "\u00e9"),
    "state-dot-slash": Case({"program.py": STATE}, ["./program.py"]),
    "state-dots": Case({"a/program.py": STATE, "a/b/x": ""}, ["a/b/..//./../a/program.py"]),
    "state-isolated": _script(STATE, flags=("-I",)),
    "state-safe-path": _script(STATE, flags=("-P",), since=(3, 11)),
    "state-no-site": _script(STATE, flags=("-S", "-E")),
    "state-many-flags": _script(STATE, flags=("-bO", "-W", "error", "-Xdev", "-X", "utf8", "-uB"), since=(3, 7)),
    "state-symlink": Case({"real/program.py": STATE, "link.py": b"->real/program.py"}, ["link.py"]),
    "state-module": Case({"program.py": STATE}, ["-m", "program", "-m", "x"]),
    "state-package": Case({"p/__init__.py": "", "p/__main__.py": STATE}, ["-m", "p", "x"]),
    "state-submodule": Case({"p/__init__.py": "print('init')", "p/m.py": STATE}, ["-m", "p.m"]),
    "state-module-isolated": Case({}, ["-I", "-m", "this"]),
    "state-folder": Case({"p/__main__.py": STATE, "p/other.py": ""}, ["p", "x"]),
    "state-zip": Case({"p.zip": b"zip:" + STATE.encode()}, ["p.zip", "x"]),
    "state-command": Case({}, ["-c", STATE, "-c", "x"]),
    "state-command-isolated": Case({}, ["-I", "-c", STATE]),
    "own-docstring": _script('"""About."""\nx: int = 1\nprint(__doc__, __annotations__)'),
    "raise": _script(RAISE),
    "raise-in-module": Case({"program.py": RAISE}, ["-m", "program"]),
    "raise-in-folder": Case({"p/__main__.py": RAISE}, ["p"]),
    "raise-in-zip": Case({"p.zip": b"zip:" + RAISE.encode()}, ["p.zip"]),
    "raise-in-command": Case({}, ["-c", RAISE]),
    "raise-group": _script("raise ExceptionGroup('g', [ValueError(1), TypeError(2)])", since=(3, 11)),
    "raise-after-chdir": _script("import os\nos.mkdir('d')\nos.chdir('d')\n1 / 0\n"),
    "raise-unprintable": _script("class E(Exception):\n    def __str__(self): 1 / 0\nraise E\n"),
    "raise-with-own-stderr": _script("import sys, io\nsys.stderr = sys.stdout\n1 / 0\n"),
    "syntax-error": _script(FLAWED),
    "syntax-error-in-import": Case({"program.py": "import flawed", "flawed.py": FLAWED}, ["program.py"]),
    "syntax-error-in-module": Case({"program.py": FLAWED}, ["-m", "program"]),
    "syntax-error-in-command": Case({}, ["-c", FLAWED]),
    "null-byte": _script(b"x = 1\n\0\n"),
    "exit-number": _script("import sys\ndef f(): sys.exit(9)\nf()"),
    "exit-text": _script("raise SystemExit('all wrong')"),
    "exit-none": _script("raise SystemExit"),
    "exit-in-module": Case({"program.py": "import sys; sys.exit(9)"}, ["-m", "program"]),
    "exit-in-command": Case({}, ["-c", "import sys; sys.exit('text')"]),
    "exit-at-once": _script("import os\nprint('lost', end='')\nos._exit(7)"),
    "interrupt": _script("raise KeyboardInterrupt"),
    "interrupt-by-signal": _script(INTERRUPTED),
    "interrupt-in-module": Case({"program.py": "raise KeyboardInterrupt"}, ["-m", "program"]),
    "interrupt-in-command": Case({}, ["-c", "raise KeyboardInterrupt"]),
    "hook": _script(HOOK),
    "hook-in-module": Case({"program.py": HOOK}, ["-m", "program"]),
    "hook-in-command": Case({}, ["-c", HOOK]),
    "hook-fails": _script(HOOK_FAILS),
    "hook-fails-in-folder": Case({"p/__main__.py": HOOK_FAILS}, ["p"]),
    "at-exit": _script(AT_EXIT),
    "at-exit-after-error": _script(AT_EXIT + "1 / 0"),
    "at-exit-after-error-in-module": Case({"program.py": AT_EXIT + "1 / 0"}, ["-m", "program"]),
    "at-exit-after-exit": _script(AT_EXIT + "raise SystemExit(3)"),
    "pickle": _script(PICKLE),
    "pickle-in-module": Case({"p/__init__.py": "", "p/m.py": PICKLE}, ["-m", "p.m"]),
    "processes": _script(SPAWN),
    "processes-in-module": Case({"p/__init__.py": "", "p/m.py": SPAWN}, ["-m", "p.m"]),
    "threads": _script(THREADS),
    "thread-fails": _script(
        "import threading\nt = threading.Thread(target=lambda: 1 / 0, name='T')\nt.start(); t.join()"
    ),
    "dying": _script(DYING),
    "dying-after-exit": _script(DYING + "raise SystemExit(2)"),
    "dying-after-error": _script(DYING + "1 / 0"),
    "warning": _script("import warnings\nwarnings.warn('careful')\nwarnings.warn('w', DeprecationWarning)"),
    "coding": _script("# -*- coding: latin-1 -*-\nprint(ascii('\u00e9'))\n".encode("latin-1")),
    "coding-mark": _script(b"\xef\xbb\xbfprint(ascii('\xc3\xa9'))\n"),
    "coding-in-command": Case({}, ["-c", "# coding: latin-1\nprint(ascii('\u00e9'))"]),
    "coding-unknown": _script("# coding: nonsense\nprint(1)"),
    "bytecode": Case({"program.pyc": b"pyc:" + RAISE.encode()}, ["program.pyc"]),
    "empty": _script(""),
    "empty-command": Case({}, ["-c", ""]),
    "no-such-module": Case({}, ["-m", "no_such_module_at_all"]),
    "package-without-main": Case({"p/__init__.py": ""}, ["-m", "p"]),
    "zip-without-main": Case({"p.zip": b"zip-without:"}, ["p.zip"]),
    "import-path": Case(
        {"sub/program.py": "import other\nprint(other.x)", "sub/other.py": "x = 1"}, ["sub/program.py"]
    ),
    "deletes-own-file-name": _script("del __file__, __cached__\nprint(sorted(globals()))"),
    "future": _script("from __future__ import barry_as_FLUFL\nprint(1 <> 2)"),
    "future-does-not-leak": _script("import __future__\nprint(compile('1', '', 'eval').co_flags & 0x7f0000)"),
    "standard-input": Case({}, ["-", "a"], typed=STATE.encode() + b"1 / 0\n"),
    "reads-input": _script("import sys\nprint(sys.stdin.read(), input)"),
    "frozen-main": _script(
        "from concurrent.futures import ThreadPoolExecutor as E\nprint(list(E(2).map(abs, [-1, 2])))"
    ),
}

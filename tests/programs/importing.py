"""Imports modules in every way, each of which keeps memory while it is imported, and writes down the callstacks.

    importing.py FOLDER

FOLDER is where modules are made, and `account.json`: the callstack of each thing kept, by its name, as sys._getframe
shows it; and `module code`, the bytes of a constant in a module that does nothing else.
"""

import importlib
import json
import os
import sys
import threading

CONSTANT = 6 << 20
KEPT = []
ACCOUNT = {}


def keep(name, size):
    """Keep so many bytes for the line that calls this one."""
    frame, stack = sys._getframe(1), []
    while frame is not None:
        stack.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back
    ACCOUNT[name] = stack[::-1]
    return size


def write(folder, name, text):
    with open(os.path.join(folder, name), "w") as file:
        file.write(text)


def make_modules(folder):
    take = "import __main__ as main\nmain.KEPT.append(bytearray(main.keep(%r, %d)))\n"
    write(folder, "plain.py", take % ("plain", 2 << 20))
    write(folder, "nested.py", "import nested_inner\n")
    write(folder, "nested_inner.py", "from package_kept import module\n")
    os.mkdir(os.path.join(folder, "package_kept"))
    write(folder, "package_kept/__init__.py", take % ("package", 3 << 20))
    write(folder, "package_kept/module.py", take % ("in a package", 4 << 20))
    write(folder, "by_name.py", take % ("by name", 5 << 20))
    write(folder, "in_thread.py", take % ("in a thread", 7 << 20))
    work = "import __main__ as main, threading\ndef work():\n  main.KEPT.append(bytearray(main.keep(%r, %d)))\n"
    start = "thread = threading.Thread(target=work)\nthread.start()\nthread.join()\n"
    write(folder, "starts_thread.py", work % ("thread of a module", 8 << 20) + start)
    write(folder, "constant.py", "TEXT = b'%s'\n" % ("x" * CONSTANT))
    write(folder, "constant_too.py", "TEXT = b'%s'\n" % ("y" * CONSTANT))


def main():
    folder = sys.argv[1]
    make_modules(folder)
    sys.path.insert(0, folder)
    import plain  # MARK plain
    import nested  # MARK nested
    importlib.import_module("by_name")  # MARK by name
    thread = threading.Thread(target=__import__, args=("in_thread",))
    thread.start()  # MARK in a thread
    thread.join()
    import starts_thread  # MARK thread of a module
    import constant  # MARK compiled
    sys.dont_write_bytecode = False
    importlib.import_module("constant_too")
    del sys.modules["constant_too"]
    importlib.invalidate_caches()
    import constant_too  # MARK unmarshalled
    with open(os.path.join(folder, "account.json"), "w") as file:
        json.dump({"stacks": ACCOUNT, "constant": CONSTANT}, file)
    KEPT.append(bytearray(8 * CONSTANT))  # so that the peak is now, and not while a module was compiled
    KEPT.extend((plain, nested, starts_thread, constant, constant_too))


main()  # MARK main

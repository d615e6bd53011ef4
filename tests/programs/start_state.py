"""Write down, as JSON, all that a start of Python leaves behind and a program can find out: start_state.py ACCOUNT.

What is asked for first is what asking for the rest would change.
"""

import sys

STATE = {"modules": list(sys.modules), "path_importer_cache": sorted(sys.path_importer_cache)}
import gc  # noqa: E402

STATE["gc"] = [gc.isenabled(), gc.get_threshold()]
STATE["gc lists"] = [len(gc.garbage), len(gc.callbacks), gc.get_debug()]


def classes(of):
    """The names of the classes below one."""
    found = {}
    below = [of]
    while below:
        for one in type.__subclasses__(below.pop()):
            name = "%s.%s" % (one.__module__, one.__qualname__)
            if name not in found:
                found[name] = True
                below.append(one)
    return sorted(found)


STATE["classes"] = classes(object)
STATE["hooks"] = [repr(type(one)) + getattr(one, "__name__", "") for one in sys.meta_path + sys.path_hooks]
STATE["excepthook"] = [sys.excepthook is sys.__excepthook__, sys.displayhook is sys.__displayhook__]
STATE["followers"] = [sys.gettrace(), sys.getprofile(), sys.getswitchinterval(), sys.getrecursionlimit()]
STATE["last"] = [name for name in dir(sys) if name.startswith("last_")]
STATE["sys"] = sorted(dir(sys))
STATE["argv"] = [sys.argv[:1], getattr(sys, "orig_argv", [])[1:-1], sys.path, sys.warnoptions, sorted(sys._xoptions.items())]
STATE["flags"] = repr(sys.flags)
STATE["main"] = sorted(set(globals()) - {"STATE", "gc", "classes", "sys"})
STATE["registries"] = [
    name for name, one in list(sys.modules.items()) if getattr(one, "__dict__", {}).get("__warningregistry__")
]

import atexit  # noqa: E402
import os  # noqa: E402
import signal  # noqa: E402
import warnings  # noqa: E402

STATE["atexit"] = atexit._ncallbacks()
STATE["filters"] = [repr(one) for one in warnings.filters]
STATE["signals"] = [repr(signal.getsignal(number)) for number in range(1, signal.NSIG) if number != signal.SIGUSR2]
STATE["mask"] = repr(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
STATE["wakeup"] = signal.set_wakeup_fd(-1)
STATE["timers"] = [signal.getitimer(number) for number in (0, 1, 2)]
STATE["descriptors"] = sorted(os.listdir("/proc/self/fd"), key=int)
STATE["umask"] = os.umask(0o22)
STATE["folder"] = os.getcwd()
STATE["ids"] = [os.getuid(), os.getpgrp() == os.getpid(), os.getsid(0) == os.getpid()]

import copyreg  # noqa: E402
import decimal  # noqa: E402
import faulthandler  # noqa: E402
import linecache  # noqa: E402
import locale  # noqa: E402
import threading  # noqa: E402

STATE["linecache"] = sorted(name for name in linecache.cache if not name.startswith("<"))
STATE["decimal"] = [repr(decimal.getcontext()), repr(decimal.DefaultContext)]
STATE["faulthandler"] = faulthandler.is_enabled()
STATE["locale"] = locale.setlocale(locale.LC_ALL)
STATE["threads"] = [threading.active_count(), threading.current_thread() is threading.main_thread()]
STATE["copyreg"] = sorted(repr(one) for one in copyreg.dispatch_table)
STATE["hash"] = hash("a text")

import json  # noqa: E402

with open(sys.argv[-1], "w") as file:
    json.dump(STATE, file, indent=1, sort_keys=True)

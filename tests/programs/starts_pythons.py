"""Starts a Python in every way that there is. Each takes a number of MiB of its own, three apart. Prints the numbers of those
that did, with a * where another program, such as a shell, has started it.

Arguments: a folder to write in, and the path of a library with the exec functions of C (tests/c/ways.c), or "".
"""

import ctypes
import os
import subprocess
import sys
import zipapp

folder, library = sys.argv[1:]
python = sys.executable
number = 10
through_another = False
SOURCE = "x = bytearray(%d << 20)"


def code():
    """The next program's source, whose MiB is a number that nothing else takes."""
    global number
    number += 3
    return SOURCE % number


def did(status):
    print("%d%s" % (number, "*" * through_another) if status == 0 else "%d failed: %r" % (number, status), flush=True)


def call(*command, **options):
    did(subprocess.call(command, **options))


def write(name, text, mode=0o644):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def waited(pid):
    return os.waitpid(pid, 0)[1]


# Command lines
call(python, "-c", code())
call(python, "-I", "-S", "-E", "-Bc" + code())
call(python, write("script.py", code()))
write("module.py", code())
call(python, "-X", "utf8", "-m", "module", cwd=folder)
process = subprocess.Popen([python, "-"], stdin=subprocess.PIPE)
process.communicate(code().encode())
did(process.returncode)
process = subprocess.Popen([python], stdin=subprocess.PIPE)
process.communicate(code().encode())
did(process.returncode)
os.mkdir(os.path.join(folder, "package"))
write("package/__main__.py", code())
call(python, os.path.join(folder, "package"))
write("package/__main__.py", code())
zipapp.create_archive(os.path.join(folder, "package"), os.path.join(folder, "app.pyz"), interpreter=python)
call(os.path.join(folder, "app.pyz"))
call(write("tool", "#!%s\n%s\n" % (python, code()), 0o755))

# Surroundings
call(python, "-c", code(), env={})
call(python, "-c", code(), env={"A": "1"})
call(python, "-c", code(), preexec_fn=lambda: None)
call(python, "-c", code(), close_fds=False)
call(python, "-c", code(), start_new_session=True)

# Through other programs
through_another = True
call(write("tool2", "#!/usr/bin/env %s\n%s\n" % (python, code()), 0o755))
call("%s -c '%s' | cat" % (python, code()), shell=True)
call("env", "-i", python, "-c", code())
call("timeout", "60", "nice", python, "-c", code())
call("sh", "-c", "exec %s -c '%s'" % (python, code()))
did(os.system("%s -c '%s'" % (python, code())))
with os.popen("%s -c '%s'" % (python, code())) as stream:
    stream.read()
did(0)
c = ctypes.CDLL(library or None)
c.popen.restype = ctypes.c_void_p
c.popen.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
c.pclose.argtypes = [ctypes.c_void_p]
did(c.pclose(c.popen(("%s -c '%s'" % (python, code())).encode(), b"r")))
through_another = False

# Functions of os and of C
if hasattr(os, "posix_spawn"):
    did(waited(os.posix_spawn(python, [python, "-c", code()], {})))
if hasattr(os, "posix_spawnp"):
    os.environ["PATH"] = os.path.dirname(python) + os.pathsep + os.environ.get("PATH", "")
    did(waited(os.posix_spawnp(os.path.basename(python), [python, "-c", code()], os.environ)))
for execute in (os.execv, os.execvp):
    words = [python, "-c", code()]
    pid = os.fork()
    if pid == 0:
        execute(python, words)
    did(waited(pid))
words = [python, "-c", code()]
pid = os.fork()
if pid == 0:
    os.execve(python, words, {})
did(waited(pid))
words = [python, "-c", code()]
pid = os.fork()
if pid == 0:
    os.execve(os.open(python, os.O_RDONLY), words, os.environ)
did(waited(pid))
for name in ("execl", "execlp"):
    source = code().encode()
    pid = os.fork()
    if pid == 0:
        getattr(c, name)(python.encode(), python.encode(), b"-c", source, None)
        os._exit(9)
    did(waited(pid))

# Ends
source = code()
status = subprocess.call([python, "-c", source + "; import os; os.kill(os.getpid(), 9)"])
did(status + 9)
source = code()
status = subprocess.call([python, "-c", source + "; import os; os._exit(3)"])
did(status - 3)

# A child of a child of a child
source = "import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', %r]))"
call(python, "-c", source % (source % code()))
assert not [name for name in os.environ if name.startswith(("FIL_", "LD_PRELOAD"))]

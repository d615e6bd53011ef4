"""Code in another interpreter of the process: every block belongs to the line that runs it there.

    interpreters.py KIND...

Each kind keeps what its marked lines take, in the other interpreter; in the end the program prints `done`.
"""

import sys
import threading

KEEP = """
import sys
kept = sys.__dict__.setdefault("kept", [])
def work(mib):
    kept.append(bytearray(mib << 20))
work({0})
"""


class Interpreter:
    """One of the interpreters, by whichever module this Python has."""

    def __init__(self):
        if sys.version_info >= (3, 14):
            from concurrent import interpreters

            self.interpreter = interpreters.create()
            self.exec = self.interpreter.exec
            return
        if sys.version_info >= (3, 13):
            import _interpreters as low_level

            run = low_level.exec
        else:
            import _xxsubinterpreters as low_level

            run = low_level.run_string
        self.number = low_level.create()
        self.exec = lambda code: run(self.number, code)  # PART of exec


def keep(mib):
    return KEEP.format(mib)


def execute():
    first, second = Interpreter(), Interpreter()
    made.extend([first, second])
    first.exec(keep(1))  # MARK exec first
    second.exec(keep(2))  # MARK exec second
    first.exec(keep(3))  # MARK exec third
    for _ in range(3):
        second.exec(keep(1))  # MARK exec in a loop


def in_thread():
    def work():
        inner = Interpreter()
        made.append(inner)
        for _ in range(2):
            inner.exec(keep(2))  # MARK in a thread
        inner.exec(keep(3))  # MARK in a thread again

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
        thread.join()


def own_thread():
    """A thread that the other interpreter has started."""
    inner = Interpreter()
    made.append(inner)
    code = KEEP.replace("work({0})", "import threading\nt = threading.Thread(target=work, args=(2,))\nt.start()\nt.join()")
    inner.exec(code)  # MARK thread of its own


def short():
    """Nothing is taken between two calls on two lines."""
    inner = Interpreter()
    made.append(inner)
    inner.exec(keep(1))  # MARK short setup
    code = "kept.append(bytearray(1 << 20))"
    for _ in range(2):
        inner.exec(code); inner.exec(code)  # MARK short one
        inner.exec(code)  # MARK short two


def take(mib):
    import sys

    sys.__dict__.setdefault("kept", []).append(bytearray(mib << 20))


def pool():
    from concurrent.futures import InterpreterPoolExecutor

    executor = InterpreterPoolExecutor(1)
    made.append(executor)
    executor.submit(take, 1).result()  # MARK job first
    executor.submit(take, 2).result()  # MARK job second
    executor.submit(take, 3).result()  # MARK job third


made = []
KINDS = {"execute": execute, "in thread": in_thread, "own thread": own_thread, "short": short, "pool": pool}

if __name__ == "__main__":
    for kind in sys.argv[1:]:
        KINDS[kind]()
    print("done", flush=True)

"""Keeps one large block, and many small ones on callstacks of their own; those of one line are many, and much in all."""

KEPT = []


def often(size):
    KEPT.append(bytearray(size))  # MARK often


def make(count):
    """A function with a line for each of so many small blocks, and one for each call of `often`."""
    lines = ["def seldom():"] + ["  KEPT.append(bytearray(500))  # %d" % number for number in range(count)]
    lines += ["def calls():"] + ["  often(500)  # %d" % number for number in range(count)]
    scope = {"KEPT": KEPT, "often": often}
    exec(compile("\n".join(lines), "many lines.py", "exec"), scope)
    return scope["seldom"], scope["calls"]


def main():
    for function in make(300):
        function()
    KEPT.append(bytearray(60 << 20))  # MARK large


main()

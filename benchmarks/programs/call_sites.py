"""3,000 call sites with a sawtooth: memory rises over all of them, falls, and the next tooth is a little higher.

Argument: number of teeth (default 70). A profiler that looks at every call site, or copies its tables, whenever a new
peak begins pays here.
"""

import sys

FUNCTIONS = 60
LINES = 50


def program_text():
    """Source of 60 functions with 50 lines each that allocate: 3,000 call sites."""
    text = []
    for number in range(FUNCTIONS):
        text.append("def part_%d(kept, size):" % number)
        for line in range(LINES):
            kind = (number + line) % 4
            if kind == 0:
                text.append("    kept.append(bytearray(4 * size + %d))" % line)
            elif kind == 1:
                text.append("    kept.append([size] * (size // 4 + %d))" % line)
            elif kind == 2:
                text.append("    kept.append('line %%d of the text' %% size * (size // 8 + %d))" % line)
            else:
                text.append("    kept.append({'line': %d, 'text': bytes(2 * size + %d)})" % (line, line))
        text.append("")
    return "\n".join(text)


def main(teeth):
    """Fill and drop, `teeth` times."""
    namespace = {}
    exec(compile(program_text(), "call_sites_generated.py", "exec"), namespace)
    parts = [namespace["part_%d" % number] for number in range(FUNCTIONS)]
    total = 0
    for tooth in range(teeth):
        kept = []
        for _ in range(4):
            for part in parts:
                part(kept, 512 + 8 * tooth)
            del kept[: len(kept) // 4]
        total += len(kept)
    print(total)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 70)

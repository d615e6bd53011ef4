"""The hints on real programs: each kind where it belongs, and none where nothing gives reason to one."""

import json
import re
import textwrap
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
import support

# Each program ends the lines that a hint is to speak of with `# MARK name`; the hints that must be made name them.
# The names that follow are those of the sites, in their order.
SPOKEN_OF: Dict[str, Tuple[str, List[Tuple[str, List[str]]]]] = {
    "two arrays of the same size": (
        """
        import numpy as np
        def main():
            prices = np.ones(4_000_000)  # MARK made
            scaled = prices * 1.19  # MARK copied
            return float(scaled.sum())
        main()
        """,
        [("largest-line", ["made"]), ("copy", ["copied", "made"])],
    ),
    "sums of products": (
        """
        import numpy as np
        def main():
            a, b = np.ones(2_000_000), np.ones(2_000_000)
            total = (a * b) + (b - a) * 2.0  # MARK sum
            return float(total.sum())
        main()
        """,
        [("temporaries", ["sum", "sum"])],
    ),
    "a table and its copy": (
        """
        import numpy as np, pandas as pd
        def main():
            sales = pd.DataFrame({"price": np.arange(3_000_000) * 0.5})  # MARK made
            priced = sales.copy()  # MARK copied
            return priced["price"].sum()
        main()
        """,
        [("copy", ["copied", "made"])],
    ),
    "read_csv": (
        """
        import pandas as pd
        with open("t.csv", "w") as file:
            file.write("a,b\\n" + "12345.5,some text\\n" * 400000)
        table = pd.read_csv("t.csv")  # MARK read
        print(len(table))
        """,
        [("whole-file", ["read"])],
    ),
    "readlines": (
        """
        with open("t.txt", "w") as file:
            for number in range(200000):
                file.write("line %d\\n" % number)
        def longest(path):
            with open(path) as file:
                lines = file.readlines()  # MARK read
            return max(map(len, lines))
        print(longest("t.txt"))
        """,
        [("whole-file", ["read"])],
    ),
    "json.load over several lines": (
        """
        import json
        with open("t.json", "w") as file:
            json.dump([{"name": str(number)} for number in range(100000)], file)
        with open("t.json") as file:
            rows = json.load(  # MARK read
                file
            )
        print(len(rows), [0] * 10)
        """,
        [("whole-file", ["read"])],
    ),
    "concat in a loop": (
        """
        import numpy as np, pandas as pd
        def main():
            table = pd.DataFrame({"x": np.zeros(0)})
            for number in range(8):
                part = pd.DataFrame({"x": np.full(300_000, float(number))})
                table = pd.concat([table, part])  # MARK grown
            return len(table)
        main()
        """,
        [("grown-in-loop", ["grown"])],
    ),
    "bytes that grow": (
        """
        def main():
            data = b""
            for number in range(40):
                data += bytes([number]) * 250_000  # MARK grown
            return len(data)
        main()
        """,
        [("grown-in-loop", ["grown"])],
    ),
    "integers to float64": (
        """
        import numpy as np
        def main():
            image = np.zeros((3000, 1000), dtype=np.uint8)
            work = image.astype(float)  # MARK wide
            return work.mean()
        main()
        """,
        [("float64", ["wide"])],
    ),
    "what one call returns and another takes": (
        """
        def read(count):
            return [bytes(number % 10 + 1000) for number in range(count)]
        def longer(words):
            return [word + b"!" for word in words]
        def main():
            result = longer(read(5000))  # MARK nested
            return len(result)
        main()
        """,
        [("nested-calls", ["nested", "nested"])],
    ),
}

# Of these no hint of the kinds that follow may be made (most of them: no hint at all).
SILENT: Dict[str, Tuple[str, List[str]]] = {
    "two arrays that have nothing to do with each other": (
        """
        import numpy as np
        def main():
            a = np.ones(2_000_000)
            b = np.zeros(2_000_000)
            b += 1
            return a.sum() + b.sum()
        main()
        """,
        ["copy"],
    ),
    "two arrays that are both needed": (
        """
        import numpy as np
        def main():
            a = np.ones(2_000_000)
            b = a * 2
            return a @ b
        main()
        """,
        ["copy"],
    ),
    "a table in pieces": (
        """
        import pandas as pd
        with open("t.csv", "w") as file:
            file.write("a,b\\n" + "12345.5,some text\\n" * 400000)
        kept = []
        for piece in pd.read_csv("t.csv", chunksize=200000):
            kept.append(piece)
        print(len(kept))
        """,
        ["whole-file", "grown-in-loop"],
    ),
    "a list in a loop, and a text": (
        """
        rows = []
        text = ""
        total = 0
        for number in range(2000):
            rows += [number * 1.5] * 200
            text += "0123456789" * 200
            total += number
        print(len(rows), len(text))
        """,
        ["grown-in-loop", "whole-file", "copy"],
    ),
    "joined after the loop": (
        """
        import numpy as np
        parts = []
        for number in range(10):
            parts.append(np.full(200_000, number))
        whole = np.concatenate(parts)
        print(whole.sum())
        """,
        ["grown-in-loop", "float64", "copy"],
    ),
    "float64 where nobody has asked for it, and float32 where it is": (
        """
        import numpy as np
        a = np.ones(1_000_000)
        b = np.zeros(1_000_000, dtype=np.uint8).astype(np.float32)
        print(a.sum() + b.sum())
        """,
        ["float64"],
    ),
    "float64 in a call that needs memory of its own": (
        """
        import numpy as np
        a = np.ones((1000, 1000), dtype=np.float32)
        b = np.corrcoef(a.astype(float), rowvar=False)
        print(b.sum())
        """,
        ["float64"],
    ),
    "a file read at once that is soon gone": (
        """
        import re
        with open("t.txt", "w") as file:
            file.write("word " * 1000000)
        with open("t.txt") as file:
            words = re.sub("w", "ww", file.read())
        print(len(words))
        """,
        ["whole-file"],
    ),
    "arrays that one line keeps": (
        """
        import numpy as np
        def main():
            a = np.ones(1_000_000)
            kept = [a * 2.0, a * 3.0, np.ones(1_000_000) if len(a) + 1 else None]
            one, other = -a, a * 5.0
            return float(sum(x.sum() for x in kept) + one.sum() + other.sum())
        main()
        """,
        ["temporaries"],
    ),
    "arithmetic of which one part is live": (
        """
        import numpy as np
        def main():
            a = np.ones(3_000_000)
            b = a * 2.0 + 1.0
            return [float(x) for x in range(200000)], b
        main()
        """,
        ["temporaries"],
    ),
    "a little read at once": (
        """
        with open(__file__) as file:
            text = file.read()
        big = [str(number) for number in range(100000)]
        print(len(text), len(big))
        """,
        ["whole-file"],
    ),
    "many small things": (
        "def main():\n" + "".join("    a%d = bytes(300000)\n" % n for n in range(20)) + "    return a0\nmain()\n",
        ["largest-line", "copy", "whole-file", "grown-in-loop", "float64", "nested-calls"],
    ),
    "a mapping that is only reserved": (
        """
        import mmap, time
        room = mmap.mmap(-1, 256 << 20)
        while time.process_time() < 0.4:  # the memory is sampled meanwhile
            pass
        """,
        ["largest-line"],
    ),
    "nothing but imports": (
        "import numpy\nimport pandas\n",
        ["largest-line", "copy", "whole-file", "grown-in-loop", "float64", "nested-calls"],
    ),
}


def script_of(source: str, folder: Path) -> Path:
    """Write a program, without the indentation that it has here."""
    path = folder / "job.py"
    path.write_text(textwrap.dedent(source).lstrip("\n"))
    return path


def hints(profiler: support.Profiler, path: Path, folder: Path) -> Tuple[List[Dict[str, Any]], Dict[str, Any]]:
    done = profiler.run([str(path)], cwd=folder, options=["--format", "json"])
    assert done.status == 0 and done.folder is not None, done.account()
    data = json.loads((done.folder / "peak-memory.json").read_text(encoding="ascii"))
    page = (done.folder / "index.html").read_text(encoding="utf-8")
    assert ("What to look at first" in page) == bool(data["hints"])
    return data["hints"], data


@pytest.mark.parametrize("name", SPOKEN_OF)
def test_a_hint_is_made(scientific: support.Profiler, tmp_path: Path, name: str) -> None:
    source, wanted = SPOKEN_OF[name]
    path = script_of(source, tmp_path)
    found, data = hints(scientific, path, tmp_path)
    told = [(hint["kind"], [data["sites"][site]["line"] for site in hint["sites"]]) for hint in found]
    for kind, names in wanted:
        assert (kind, [support.marker(path, mark) for mark in names]) in told, found
    for hint in found:
        assert re.match(r"Measured: ", hint["basis"]) and all(size > 0 for size in hint["sizes"])
    assert {kind for kind, _lines in told} <= {kind for kind, _names in wanted} | {"largest-line"}, found


@pytest.mark.parametrize("name", SILENT)
def test_no_hint_without_evidence(scientific: support.Profiler, tmp_path: Path, name: str) -> None:
    source, forbidden = SILENT[name]
    found, _data = hints(scientific, script_of(source, tmp_path), tmp_path)
    assert not [hint for hint in found if hint["kind"] in forbidden], found


def test_what_the_source_is_warned_of_is_said_once(profiler: support.Profiler, tmp_path: Path) -> None:
    """The compiler's warnings are the program's. The report parses the same source and adds none."""
    path = script_of("pattern = '\\d'\ndata = bytearray(50_000_000)\n", tmp_path)
    done = profiler.run([str(path)], cwd=tmp_path)
    warned = [line for line in done.program_stderr().splitlines() if "Warning" in line]
    assert done.status == 0 and len(warned) == (profiler.version >= (3, 12)), done.account()

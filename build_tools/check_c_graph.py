"""Check that the C files depend on each other one way: `make lint` runs it. Needs cc and nm.

A dependency is an include, or the use of another file's function or variable. There may be no circle between folders,
and none between the files of a folder in ACYCLIC. A file at the top of csrc/ counts as a folder of its own. Functions
that the library replaces (interposed.def) belong to nobody.
Prints each circle; exit status 1 if there is one.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, Iterable, List, Set

CSRC = Path(__file__).resolve().parent.parent / "csrc"
ACYCLIC = ("attribute", "ledger", "recording")

Graph = Dict[str, Set[str]]


def own_files(ending: str) -> List[Path]:
    """The files with this ending that are compiled here."""
    return sorted(path for path in CSRC.rglob("*" + ending) if not path.name.startswith("macos"))


def module_of(path: str) -> str:
    """A .c file and its header are one module: a path below csrc/ without its ending."""
    return path.rpartition(".")[0]


def folder_of(module: str) -> str:
    """The folder of a module; for a file at the top, itself."""
    return module.split("/")[0]


def symbols(folder: str) -> Dict[str, Dict[str, Set[str]]]:
    """Compile each file; by module, the names that it defines for others ("D") and that it needs ("U")."""
    found: Dict[str, Dict[str, Set[str]]] = {}
    for path in own_files(".c"):
        output = os.path.join(folder, "file.o")
        flags = ["-std=c11", "-D_GNU_SOURCE", "-O0", "-I" + str(CSRC)]
        subprocess.run(["cc", *flags, "-c", str(path), "-o", output], check=True)
        lines = subprocess.run(["nm", output], check=True, stdout=subprocess.PIPE).stdout.decode().splitlines()
        names = found.setdefault(module_of(str(path.relative_to(CSRC))), {"D": set(), "U": set()})
        for line in lines:
            kind, name = line[17:18], line[19:]
            if kind.isupper():
                names["U" if kind == "U" else "D"].add(name)
    return found


def dependencies() -> Graph:
    """By module, the modules that it uses."""
    replaced = set(re.findall(r"\b(\w+)\b", (CSRC / "interpose" / "interposed.def").read_text()))
    with tempfile.TemporaryDirectory() as folder:
        found = symbols(folder)
    definer = {name: module for module, names in found.items() for name in names["D"] if name not in replaced}
    graph: Graph = {}
    for module, names in found.items():
        graph.setdefault(module, set()).update(definer[name] for name in names["U"] if name in definer)
    for path in own_files(".c") + own_files(".h"):
        module = module_of(str(path.relative_to(CSRC)))
        headers = re.findall(r'#\s*include "([^"]+)\.h"', path.read_text())
        graph.setdefault(module, set()).update(headers)
    return {module: used - {module} for module, used in graph.items()}


def reachable(graph: Graph, start: str) -> Set[str]:
    """All that `start` uses, by however many steps."""
    seen: Set[str] = set()
    waiting = list(graph.get(start, ()))
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(graph.get(node, ()))
    return seen


def circles(graph: Graph) -> List[List[str]]:
    """Groups of nodes that all use each other."""
    reach = {node: reachable(graph, node) for node in graph}
    groups = {
        tuple(sorted({node} | {other for other in reach[node] if node in reach.get(other, ())})) for node in graph
    }
    return [list(group) for group in sorted(groups) if len(group) > 1]


def of_folders(graph: Graph) -> Graph:
    """The same graph between folders."""
    folders: Graph = {}
    for module, used in graph.items():
        others = {folder_of(other) for other in used} - {folder_of(module)}
        folders.setdefault(folder_of(module), set()).update(others)
    return folders


def within(graph: Graph, folder: str) -> Graph:
    """The same graph between the files of one folder."""
    inside: Iterable[str] = [module for module in graph if folder_of(module) == folder]
    return {module: {other for other in graph[module] if folder_of(other) == folder} for module in inside}


def main() -> int:
    """See the module's text."""
    graph = dependencies()
    found = [("folders", group) for group in circles(of_folders(graph))]
    found += [(folder + "/", group) for folder in ACYCLIC for group in circles(within(graph, folder))]
    for where, group in found:
        print("%s use each other in a circle: %s" % (where, ", ".join(group)))
        for module in group:
            names = sorted(other for other in group if other in graph.get(module, ()))
            print("  %s uses %s" % (module, ", ".join(names) or "others of these folders"))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""The page for people: markdown tables of what `results` has summed up."""

from typing import Any, Dict, List

from catalog import Program
from contenders import OURS_NAME, Contender
from results import Summaries

PEERS_OF_THE_AIM = ("filprofiler", "memray-py-report")


def _row(cells: List[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _table(header: List[str], rows: List[List[str]]) -> str:
    return "\n".join([_row(header), _row(["---"] + ["---:"] * (len(header) - 1))] + [_row(row) for row in rows])


def _cell(entry: Dict[str, Any], key: str, pattern: str) -> str:
    return pattern % entry[key] if key in entry else "-"


def _ratio_table(kind: str, programs: List[Program], contenders: List[Contender], entries: Summaries) -> str:
    others = [contender for contender in contenders if contender.name != "bare"]
    ours = any(contender.name == OURS_NAME for contender in others)
    aims = kind == "cpu" and ours
    header = ["program", "bare, s" if kind == "cpu" else "bare, MiB"] + [contender.title for contender in others]
    rows = []
    for program in programs:
        if program.name not in entries:
            continue
        entry = entries[program.name]
        if kind == "cpu":
            bare = _cell(entry["bare"], "cpu", "%.2f")
        else:
            bare = "%.0f" % (entry["bare"]["resident"] / 1048576.0) if "resident" in entry["bare"] else "-"
        row = [program.title, bare]
        row += [_cell(entry[contender.name], kind + "_ratio", "%.2f") for contender in others]
        if aims:
            row.append("%g" % program.aim if program.aim is not None else "")
        rows.append(row)
    return _table(header + (["aim for ours"] if aims else []), rows)


def _added_table(programs: List[Program], contenders: List[Contender], entries: Summaries) -> str:
    names = [contender.name for contender in contenders]
    peers = [contender for contender in contenders if contender.name in PEERS_OF_THE_AIM]
    if OURS_NAME not in names or not peers:
        return ""
    rows = []
    for program in programs:
        entry = entries.get(program.name, {})
        if "cpu_added" not in entry.get(OURS_NAME, {}):
            continue
        own = entry[OURS_NAME]["cpu_added"]
        row = [program.title, "%.2f" % own]
        for peer in peers:
            added = entry[peer.name].get("cpu_added")
            row.append("-" if added is None else "%.2f" % added)
            row.append("%.0f%%" % (100 * own / added) if added is not None and added > 0 else "-")
        rows.append(row)
    header = ["program", "ours adds, s"]
    for peer in peers:
        header += [peer.title + " adds, s", "ours is of that"]
    return _table(header, rows)


def markdown(document: Dict[str, Any], programs: List[Program], contenders: List[Contender]) -> str:
    """The page for people: conditions, then tables of CPU time, of what is added, and of resident memory."""
    entries = document["results"]
    versions = ["%s: %s" % (name, what) for name, what in sorted(document["installed"].items())]
    parts = [
        "# Benchmark of %s" % document["date"],
        "%s, %d CPUs, %s, CPython %s, %d round%s. %s."
        % (
            document["machine"]["cpu"],
            document["machine"]["cpus"],
            document["machine"]["system"],
            document["python"],
            document["rounds"],
            "s" if document["rounds"] > 1 else "",
            "; ".join(versions),
        ),
        "`%s`" % document["command"],
        "## CPU time as a multiple of bare",
        "User and system, of all processes, reports included where the contender writes one at exit.",
        _ratio_table("cpu", programs, contenders, entries),
    ]
    empty = entries.get("empty")
    if empty is not None and len(contenders) > 1:
        added = [
            "%s %s" % (c.title, _cell(empty[c.name], "cpu_added", "%.3f s")) for c in contenders if c.name != "bare"
        ]
        parts.append("Added to an empty script: %s." % ", ".join(added))
    table = _added_table(programs, contenders, entries)
    if table:
        parts += ["## What is added to bare, ours beside the others", table]
    parts += [
        "## Peak resident memory of the largest process as a multiple of bare",
        _ratio_table("resident", programs, contenders, entries),
    ]
    failures = [
        "* %s, %s: %s" % (program.title, contender.title, entries[program.name][contender.name]["failure"])
        for program in programs
        if program.name in entries
        for contender in contenders
        if "failure" in entries[program.name][contender.name]
    ]
    failures += ["* %s: %s" % (name, why) for name, why in sorted(document["not_installable"].items())]
    if failures:
        parts += ["## What did not run", "\n".join(failures)]
    return "\n\n".join(parts) + "\n"

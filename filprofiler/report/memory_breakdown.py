"""The section "Memory breakdown": tables that add up, without scripts."""

from filprofiler.profile.memory_breakdown import import_bytes
from filprofiler.profile.model import OUT_OF_MEMORY
from filprofiler.report import text
from filprofiler.report.template import fill, read_template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional, Sequence, Tuple

    from filprofiler.profile.memory_breakdown import LargeMapping, MappedFile, MemoryUse
    from filprofiler.profile.model import Profile
    from filprofiler.profile.own_code import OwnCode
    from filprofiler.profile.tree import Site

_SHOWN_FILES = 5
_SHOWN_LARGE = 10
_MAX_COLUMNS = 120
_NOT_KNOWN = "not known"

_LABELS = (
    ("blocks_bytes", "Tracked blocks: Python objects, malloc"),
    ("mappings_bytes", "Tracked mappings: anonymous, shared memory"),
    ("mapped_files_bytes", "Files mapped by the program, resident part"),
    ("before_bytes", "The interpreter and its libraries, before the program began"),
    ("libraries_bytes", "Libraries loaded later"),
    ("allocator_free_bytes", "Free memory that malloc keeps"),
)
_AND_FILES = ", and mapped files where those are not known"
_MORE = "Allocators' overhead, thread stacks, this profiler's tables"
_LESS = "Allocated but not resident: not touched yet, given back, swapped out"
_TOTAL = "Resident, as counted by the kernel"
_ALWAYS = ("blocks_bytes", "mappings_bytes")


def memory_breakdown_section(profile: "Profile", own_code: "OwnCode") -> str:
    """The section as HTML; "" if nothing is known."""
    memory = profile.memory
    if memory is None:
        return ""
    uses = [memory.at_moment] + ([memory.at_end] if memory.at_end is not None else [])
    columns = ["When memory ran out" if profile.moment == OUT_OF_MEMORY else "At the peak"]
    if memory.at_end is not None:
        columns.append(_end_label(memory.at_end))
    labels = dict(_LABELS)
    if any(use.resident_bytes is not None and use.mapped_files_bytes is None for use in uses):
        labels["libraries_bytes"] += _AND_FILES
    rows = [_row(labels[name], [getattr(use, name) for use in uses]) for name, _ in _LABELS if _is_told(name, uses)]
    rests = [use.rest_bytes for use in uses]
    for label, sign in ((_MORE, 1), (_LESS, -1)):
        if any(rest is not None and sign * rest > 0 for rest in rests):
            rows.append(_row(label, [None if rest is None else rest if sign * rest > 0 else 0 for rest in rests]))
    rows.append(_row(_TOTAL, [use.resident_bytes for use in uses], ' class="sum"'))
    values = {
        "columns": "".join('<th scope="col">%s</th>' % text.escape(column) for column in columns),
        "rows": "".join(rows),
        "notes": text.escape(" ".join(_notes(profile))),
        "files": _files(memory.files, own_code),
        "large": _large(memory.large, own_code),
    }
    return fill(read_template("memory_breakdown.html"), values)


def _is_told(name: str, uses: "List[MemoryUse]") -> bool:
    """Whether a part has a row: not if it is 0 or not known in every column."""
    return name in _ALWAYS or any(getattr(use, name) for use in uses)


def _end_label(use: "MemoryUse") -> str:
    if use.at_end or use.sample_seconds is None:
        return "At the end"
    return "At the last sample, at %s" % text.seconds(max(0.0, use.sample_seconds))


def _row(label: str, sizes: "List[Optional[int]]", kind: str = "") -> str:
    cells = "".join("<td>%s</td>" % _size(size) for size in sizes)
    return '<tr%s><th scope="row">%s</th>%s</tr>\n' % (kind, text.escape(label), cells)


def _size(size: "Optional[int]") -> str:
    if size is None:
        return '<span class="unknown">%s</span>' % _NOT_KNOWN
    sign = "\u2212" if size < 0 else ""
    exact = sign + text.exact_bytes(abs(size))
    return '<span title="%s">%s</span>' % (text.escape(exact), text.escape(sign + text.human_bytes(abs(size))))


def _notes(profile: "Profile") -> "List[str]":
    """Sentences on when the kernel's count was taken, on imports, and on all allocations."""
    memory = profile.memory
    assert memory is not None
    use, notes = memory.at_moment, []
    if use.resident_bytes is None:
        notes.append("Resident memory at that moment is not known: no sample was close enough.")
    elif profile.peak_seconds is not None and use.sample_seconds is not None:
        notes.append(
            "Resident memory was sampled %s, when %s were tracked." % _reading_words(use, profile.peak_seconds)
        )
    imports = import_bytes(profile.flat)
    if imports:
        share = text.percent(imports, profile.peak_bytes, 1)
        notes.append("Of the tracked memory, %s (%s) came from importing modules." % (text.human_bytes(imports), share))
    if memory.allocations:
        counted = text.counted(memory.allocations, "allocation")
        notes.append("In the whole run: %s, %s in total." % (counted, text.human_bytes(memory.allocated_bytes)))
    return notes


def _reading_words(use: "MemoryUse", moment: float) -> "Tuple[str, str]":
    later = (use.sample_seconds or 0.0) - moment
    when = "%.2f s %s" % (abs(later), "after that moment" if later > 0 else "before that moment")
    return when, text.human_bytes(use.sample_tracked_bytes or 0)


def _files(files: "Tuple[MappedFile, ...]", own_code: "OwnCode") -> str:
    """The table of mapped files; "" if there were none."""
    if not files:
        return ""
    rows = []
    for file in files[:_SHOWN_FILES]:
        path = text.cut(text.visible(file.path or "Other files"), _MAX_COLUMNS)
        by = text.cut(text.visible(_asker(file.mappings[0][2], own_code)), _MAX_COLUMNS)
        cells = "".join("<td>%s</td>" % _size(n) for n in (file.mapped_bytes, file.resident_bytes, file.written_bytes))
        rows.append('<tr><th scope="row">%s</th>%s<td>%s</td></tr>\n' % (text.escape(path), cells, text.escape(by)))
    more = files[_SHOWN_FILES:]
    if more:
        label = text.counted(len(more), "more file")
        rest = "<td>%s</td><td></td><td></td><td></td>" % _size(sum(file.mapped_bytes for file in more))
        rows.append('<tr><th scope="row">%s</th>%s</tr>\n' % (text.escape(label), rest))
    return fill(read_template("mapped_files.html"), {"rows": "".join(rows)})


def _large(mappings: "Tuple[LargeMapping, ...]", own_code: "OwnCode") -> str:
    """The table of large mappings that have a name or were hardly touched; "" if there are none."""
    if not mappings:
        return ""
    rows = []
    for mapping in mappings[:_SHOWN_LARGE]:
        words = "Reserved, not touched" if mapping.reserved else "Shared memory"
        label = text.cut(text.visible(words + (": " + mapping.name) * bool(mapping.name)), _MAX_COLUMNS)
        by = text.cut(text.visible(_asker(mapping.stack, own_code)), _MAX_COLUMNS)
        cells = "".join("<td>%s</td>" % _size(size) for size in (mapping.mapped_bytes, mapping.touched_bytes))
        rows.append('<tr><th scope="row">%s</th>%s<td>%s</td></tr>\n' % (text.escape(label), cells, text.escape(by)))
    return fill(read_template("large_mappings.html"), {"rows": "".join(rows)})


def _asker(stack: "Sequence[Site]", own_code: "OwnCode") -> str:
    """The line that mapped a file: the innermost of the user's own, else the innermost of all."""
    for site in reversed(stack):
        if own_code.owns(site):
            return text.short_label(site)
    return text.short_label(stack[-1]) if stack else ""


def files_line(profile: "Profile") -> str:
    """For the summary: resident mapped files beside the peak; "" if little or not known."""
    memory = profile.memory
    resident = memory.at_moment.mapped_files_bytes if memory is not None else None
    if memory is None or resident is None or resident <= max(1 << 20, profile.peak_bytes // 10):
        return ""
    return "Also resident: %s of mapped files (%s mapped)" % (
        text.human_bytes(resident),
        text.human_bytes(memory.files_bytes),
    )

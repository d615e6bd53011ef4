"""Writes synthetic recordings, for tests of what reads them."""

import os
import struct

from filprofiler import _abi
from filprofiler.profile.build import build_profile
from filprofiler.profile.program import Program, write_description
from filprofiler.recording.reader import Recording
from filprofiler.result_folder import DESCRIPTION_NAME

MEBIBYTE = 1024 * 1024


def text_check(content):
    return int.from_bytes(content, "little") % _abi.FIL_TEXT_PRIME + 1


def line_table(lines):
    """A co_lnotab of a function whose instruction at offset 2 * n is on the line first_line + n, for 0 <= n < lines."""
    return b"\0\0" + bytes([2, 1]) * (lines - 1)


def packed(form, rows, capacity):
    """A segment's bytes: records, and zeros in the places of those that are not there."""
    packer = struct.Struct(form)
    return b"".join(packer.pack(*row) for row in rows).ljust(capacity * packer.size, b"\0")


class RecordingBuilder:
    """Collects functions and callstacks, then gives the bytes of the recording.

    It writes for CPython 3.9, whose line tables are the simplest, unless told otherwise.
    """

    def __init__(self, python_version=0x030912F0, epoch=7):
        self.nodes = [[0, 0, 0, 0, 0, 0] for _reserved in range(_abi.FIL_NODE_FIRST)]
        self.big = {}  # rows of BIG_FIELDS by number of node; of all others, all bytes are in big blocks
        self.combined = {}  # rows of COMBINED_FIELDS by number of node
        self.codes = [(0, 0, 0, 0, 0, 0)]
        self.code_numbers = {}
        self.texts = {}
        self.text_bytes = b""
        self.epoch = epoch
        self.header = {
            "magic": _abi.FIL_FORMAT_MAGIC,
            "format_version": _abi.FIL_FORMAT_VERSION,
            "byte_order": _abi.FIL_BYTE_ORDER,
            "header_bytes": _abi.FIL_HEADER_BYTES,
            "segment_bytes": _abi.SEGMENT_SIZE,
            "node_bytes": _abi.NODE_SIZE,
            "code_bytes": _abi.CODE_SIZE,
            "nodes_per_segment": _abi.FIL_NODES_PER_SEGMENT,
            "codes_per_segment": _abi.FIL_CODES_PER_SEGMENT,
            "segment_capacity": _abi.FIL_SEGMENT_CAPACITY,
            "python_version": python_version,
            "pid": 4321,
            "state": _abi.FIL_STATE_STOPPED,
            "started_unix_ns": 4000000000000000000,  # no source file is newer
            "started_clock_ns": 5000000000,
            "peak_clock_ns": 8100000000,
            "epoch": epoch,
        }
        self.failures = []  # rows of FAILURE_FIELDS; set header["failed_requests"] too
        self.samples = []  # rows of SAMPLE_FIELDS
        self.counters = {}  # rows of COUNTER_FIELDS by FIL_COUNTER_*
        self.readings = {}  # rows of RSS_SAMPLE_FIELDS by FIL_RSS_SAMPLE_*
        self.files = []  # rows of FILE_FIELDS, from number 1 on; the path is text
        self.missed = [0] * _abi.FIL_MISSED_REASONS
        self.allocations_before_failure = 0

    def text(self, content):
        """Keep a text (str or bytes); its number among the texts, from 1."""
        if content is None:
            return 0
        if isinstance(content, str):
            content = content.encode("utf-8", "surrogatepass")
        if content not in self.texts:
            self.texts[content] = len(self.text_bytes)
            self.text_bytes += struct.pack("<2I", len(content), text_check(content)) + content
        return self.texts[content] + 1

    def code(self, filename, name, first_line=1, lines=200, table=None, kind=_abi.FIL_CODE_FUNCTION):
        """Add a function; its number. Instruction 2 * n is on line first_line + n."""
        raw = line_table(lines) if table is None else table
        texts = (self.text(filename), self.text(name), 0, self.text(raw))
        row = texts + (first_line, kind)
        if row not in self.code_numbers:
            self.code_numbers[row] = len(self.codes)
            self.codes.append(row)
        return self.code_numbers[row]

    def node(self, parent, code, line_offset, current=0, at_peak=None, epoch=None):
        """Add a callstack, at the function's first line plus `line_offset`; its number."""
        epoch = self.epoch if epoch is None else epoch
        self.nodes.append([current, current if at_peak is None else at_peak, epoch, parent, code, 2 * line_offset])
        return len(self.nodes) - 1

    def thread(self, parent):
        """Add the mark below which a thread's frames lie; its number."""
        self.nodes.append([0, 0, self.epoch, parent, 0, _abi.FIL_MARK_THREAD])
        return len(self.nodes) - 1

    def importing(self, parent, size=0):
        """Add the mark that stands in place of the frames of an import; its number."""
        self.nodes.append([size, size, self.epoch, parent, 0, _abi.FIL_MARK_IMPORT])
        return len(self.nodes) - 1

    def stack(self, frames, size, parent=_abi.FIL_NODE_ROOT):
        """Add a callstack of (filename, name, line) that held `size` bytes at the peak and holds them still."""
        for position, (filename, name, line) in enumerate(frames):
            code = self.code(filename, name, first_line=line)
            parent = self.node(parent, code, 0, size if position == len(frames) - 1 else 0)
        return parent

    def hold(self, number, current, at_peak=None, epoch=None):
        """Give an existing node bytes."""
        at_peak = current if at_peak is None else at_peak
        self.nodes[number][:3] = [current, at_peak, self.epoch if epoch is None else epoch]

    def build(self):
        """The recording's bytes."""
        directory, body = [], b""
        for row in self.files:
            self.text(row[2] or None)

        def add(kind, content):
            nonlocal body
            directory.append((_abi.FIL_HEADER_BYTES + len(body), len(content), kind, 0))
            body += content

        text_start = _abi.FIL_HEADER_BYTES
        add(_abi.FIL_SEGMENT_TEXT, self.text_bytes)
        big = [self.big.get(number, (*row[:3], 0)) for number, row in enumerate(self.nodes)]
        codes = [tuple(text and text_start + text - 1 for text in row[:4]) + tuple(row[4:]) for row in self.codes]
        for start in range(0, len(self.nodes), _abi.FIL_NODES_PER_SEGMENT):
            behind = start + _abi.FIL_NODES_PER_SEGMENT
            content = packed(_abi.NODE_FORMAT, self.nodes[start:behind], _abi.FIL_NODES_PER_SEGMENT)
            content += packed(_abi.BIG_FORMAT, big[start:behind], _abi.FIL_NODES_PER_SEGMENT)
            combined = [self.combined.get(start + place, (0, 0, 0)) for place in range(_abi.FIL_NODES_PER_SEGMENT)]
            content += packed(_abi.COMBINED_FORMAT, combined, _abi.FIL_NODES_PER_SEGMENT)
            add(_abi.FIL_SEGMENT_NODES, content)
        for start in range(0, len(codes), _abi.FIL_CODES_PER_SEGMENT):
            content = codes[start : start + _abi.FIL_CODES_PER_SEGMENT]
            add(_abi.FIL_SEGMENT_CODES, packed(_abi.CODE_FORMAT, content, _abi.FIL_CODES_PER_SEGMENT))
        header = self._header(directory, len(body)).ljust(_abi.FIL_HEADER_BYTES, b"\0")
        return self._with_account(header, _abi.FIL_HEADER_BYTES + len(body)) + body + self._files(text_start)

    def _header(self, directory, body_bytes):
        peak = sum(row[1] if row[2] == self.epoch else row[0] for row in self.nodes)
        values = {
            "current_bytes": sum(row[0] for row in self.nodes),
            "peak_bytes": peak,
            "node_count": len(self.nodes),
            "code_count": len(self.codes),
            "segment_count": len(directory),
            "sample_count": len(self.samples),
            "file_bytes": _abi.FIL_HEADER_BYTES + body_bytes,
        }
        values.update({"missed_%d" % reason: count for reason, count in enumerate(self.missed)})
        values.update(self.header)
        packed = struct.pack(_abi.HEADER_FORMAT, *[values.get(name, 0) for name in _abi.HEADER_FIELDS])
        failures = b"".join(struct.pack(_abi.FAILURE_FORMAT, *failure) for failure in self.failures)
        samples = b"".join(struct.pack(_abi.SAMPLE_FORMAT, *sample) for sample in self.samples)
        packed = (packed + failures).ljust(_abi.HEADER_OFFSETS["samples"], b"\0") + samples
        packed = packed.ljust(_abi.HEADER_OFFSETS["segments"], b"\0")
        return packed + b"".join(struct.pack(_abi.SEGMENT_FORMAT, *entry) for entry in directory)

    def _with_account(self, header, files_offset):
        """The header with counters, readings and the place of the files, which are put behind all else."""
        values = [
            ("counters", _abi.COUNTER_FORMAT, self.counters),
            ("rss_samples", _abi.RSS_SAMPLE_FORMAT, self.readings),
            ("files_offset", "<Q", {0: (files_offset if self.files else 0,)}),
            ("file_count", "<I", {0: (len(self.files) + 1,)}),
            ("failure_allocations", "<Q", {0: (self.allocations_before_failure,)}),
        ]
        changed = bytearray(header)
        for name, form, rows in values:
            for number, row in rows.items():
                struct.pack_into(form, changed, _abi.HEADER_OFFSETS[name] + number * struct.calcsize(form), *row)
        return bytes(changed)

    def _files(self, text_start):
        rows = [list(row) for row in self.files]
        for row in rows:
            row[2] = text_start + self.text(row[2]) - 1 if row[2] else 0
        content = b"".join(struct.pack(_abi.FILE_FORMAT, *row) for row in rows)
        return bytes(_abi.FILE_SIZE) + content if rows else b""

    def write(self, path):
        """Write the recording to a file; its path."""
        with open(str(path), "wb") as file:
            file.write(self.build())
        return str(path)


def patch_header(data, **values):
    """A recording's bytes with other values in its header."""
    offset = {"B": 1, "I": 4, "Q": 8}
    for name, value in values.items():
        letter = "Q" if name in ("current_bytes", "peak_bytes", "file_bytes") else "I"
        start = _abi.HEADER_OFFSETS[name]
        data = data[:start] + struct.pack("<" + letter, value) + data[start + offset[letter] :]
    return data


def profile_of(stacks, missed=None, **program):
    """The profile of callstacks ([(filename, line, name), ...], bytes), outermost frame first."""
    builder = RecordingBuilder()
    for frames, size in stacks:
        if frames:
            builder.stack([(filename, name, line) for filename, line, name in frames], size)
        else:
            builder.hold(_abi.FIL_NODE_ROOT, size)
    for reason, count in (missed or {}).items():
        builder.missed[reason] = count
    profile = build_profile(Recording(builder.build()), Program(**program))
    profile.functions = {}  # each frame's line is its function's first one here, which no source file has so
    return profile


def describe_into(program, folder):
    """Write what was run into a folder, over a description that is there."""
    descriptor = os.open(os.path.join(str(folder), DESCRIPTION_NAME), os.O_WRONLY | os.O_CREAT)
    try:
        write_description(program, descriptor)
    finally:
        os.close(descriptor)

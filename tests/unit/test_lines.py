"""Line tables, compared with what real interpreters answer for every instruction of many modules."""

import subprocess

import pytest

from filprofiler.profile.lines import NO_LINE, LineTable

# Run by each interpreter: compiles modules of its own standard library and prints, for each function, its first line,
# its table, and the lines that the interpreter gives for all offsets.
DUMP = r"""
import binascii, ctypes, glob, os, sys, types
line_of = ctypes.pythonapi.PyCode_Addr2Line
line_of.argtypes = [ctypes.py_object, ctypes.c_int]
line_of.restype = ctypes.c_int
attribute = "co_linetable" if sys.version_info >= (3, 10) else "co_lnotab"
print(hex(sys.hexversion))

STRANGE = '''
def long_jump():
    x = 1
%s
    return x
def backwards():
    return (
        1 +
        f(
            2) +
        3)
def cleanup():
    try:
        with a as b:
            pass
    except E as e:
        pass
    finally:
        lambda: [y for y in x]
class A(
    B):
    x = __class__
''' % ('\n' * 700)

def functions(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            for inner in functions(constant):
                yield inner

def show(code):
    lines = [line_of(code, offset) for offset in range(-2, len(code.co_code), 2)]
    table = binascii.hexlify(getattr(code, attribute)).decode()
    print("%d|%s|%s" % (code.co_firstlineno, table, ",".join(map(str, lines))))

paths = sorted(filter(os.path.exists, glob.glob(os.path.join(os.path.dirname(os.__file__), "*.py"))))[::11]
sources = [open(path, "rb").read() for path in paths] + [STRANGE]
for source in sources:
    for code in functions(compile(source, "x", "exec")):
        show(code)
"""


def test_every_instruction_of_many_modules(interpreter):
    output = subprocess.run(
        [interpreter.path, "-W", "ignore", "-c", DUMP], stdout=subprocess.PIPE, check=True
    ).stdout.decode()
    rows = output.splitlines()
    version = int(rows[0], 16)
    assert len(rows) > 300
    for row in rows[1:]:
        first_line, table, expected = row.split("|")
        lines = LineTable(version, int(first_line), bytes.fromhex(table))
        offsets = range(-2, 2 * expected.count(","), 2)
        assert [lines.line(offset) for offset in offsets] == [int(line) for line in expected.split(",")]


@pytest.mark.parametrize("version", [0x030912F0, 0x030A0DF0, 0x030B07F0, 0x030D00F0])
def test_negative_offset_is_the_first_line(version):
    assert LineTable(version, 42, b"\1\2\3\4").line(-1) == 42
    assert LineTable(version, 42, b"").line(-2) == 42


def test_lnotab_steps_of_one_address_add_up():
    table = LineTable(0x030912F0, 10, bytes([0, 1, 4, 127, 0, 100, 2, 256 - 5]))
    assert [table.line(offset) for offset in (0, 2, 4, 5, 6, 1000)] == [11, 11, 238, 238, 233, 233]


def test_behind_the_bytecode_there_is_no_line():
    assert LineTable(0x030A0DF0, 1, bytes([4, 1])).line(4) == NO_LINE
    assert LineTable(0x030B07F0, 1, bytes([0x80 | 10 << 3, 0, 0])).line(2) == NO_LINE


@pytest.mark.parametrize("version", [0x030912F0, 0x030A0DF0, 0x030B07F0])
def test_damaged_tables_give_some_line(version):
    for table in (b"\xff", b"\xff\xff\xff", bytes(range(256)), b"\xf8\x7f", b"\xf0\x7f\x7f"):
        assert isinstance(LineTable(version, 1, table).line(4), int)

"""Is a wheel what its name says? python build_tools/check_wheel.py WHEEL...

Checked from the file alone, so on any machine: tags, processor, libraries that are needed, versions of symbols, the
functions that are replaced, and that no path of a machine is in it. Linux's wheels are shown to auditwheel too; for
those of macOS see check_macho.py. Exit status 1 if something is wrong. Needed: auditwheel, which brings pyelftools, and
lief.
"""

import io
import os
import re
import subprocess
import sys
import zipfile
from typing import Iterator, List

from check_macho import macho_problems
from native_library import ROOT, library_ending, system_of
from replaced import replaced_functions

LIBRARY = "filprofiler/_lib/libfil"

# What any Linux with that C library has. Before 2.34, glibc has some of itself in libraries of their own.
_LIBRARIES = {
    "manylinux": {"libc.so.6", "libpthread.so.0", "libdl.so.2", "ld-linux-aarch64.so.1", "ld-linux-x86-64.so.2"},
    "musllinux": {"libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"},
}
_MACHINES = {"x86_64": "EM_X86_64", "aarch64": "EM_AARCH64"}

_PATHS = re.compile(
    rb"/(?:root|home|tmp|work|Users|private|usr/lib/python)[/\w.-]*|/[\w./-]*(?:site|dist)-packages[\w./-]*"
)


def platform_tags(wheel: str) -> List[str]:
    """The platform tags in a wheel's name."""
    return os.path.basename(wheel)[: -len(".whl")].split("-")[-1].split(".")


def library_of(tag: str) -> str:
    """The library's name inside a wheel with this platform tag."""
    return LIBRARY + library_ending(system_of(tag))


def paths_in(content: bytes) -> List[str]:
    """The paths of machines that a file holds: of folders where somebody builds, and of where this tree lies."""
    found = set(_PATHS.findall(content))
    return sorted(path.decode() for path in found) + [here for here in (ROOT,) if here.encode() in content]


def problems(wheel: str) -> List[str]:
    """What is wrong with the wheel at this path, a sentence each."""
    tags = platform_tags(wheel)
    with zipfile.ZipFile(wheel) as archive:
        (info,) = [name for name in archive.namelist() if name.endswith(".dist-info/WHEEL")]
        written = re.findall(r"^Tag: (\S+)$", archive.read(info).decode("utf-8"), re.MULTILINE)
        content = archive.read(library_of(tags[0]))
    found = []
    if sorted(written) != sorted("py3-none-" + tag for tag in tags):
        found.append("the tags inside are %s" % ", ".join(written))
    found += ["it holds the path %s" % path for path in paths_in(content)]
    if system_of(tags[0]) == "macos":
        found += macho_problems(content, tags[0])
    else:
        found += _elf_problems(content, tags[0])
        found += _auditwheel_problems(wheel, tags[0])
    return found


def _elf_problems(content: bytes, tag: str) -> Iterator[str]:
    from elftools.elf.dynamic import DynamicSection  # only needed here
    from elftools.elf.elffile import ELFFile
    from elftools.elf.gnuversions import GNUVerNeedSection

    kind, major, minor, machine = _words_of(tag)
    elf = ELFFile(io.BytesIO(content))
    if elf["e_machine"] != _MACHINES[machine]:
        yield "it is for the processor %s" % elf["e_machine"]
    exported = {
        symbol.name
        for symbol in elf.get_section_by_name(".dynsym").iter_symbols()
        if symbol["st_shndx"] != "SHN_UNDEF" and symbol["st_info"]["bind"] == "STB_GLOBAL"
    }
    for name in sorted(set(replaced_functions("linux")) - exported):
        yield "it does not replace %s" % name
    for section in elf.iter_sections():
        if isinstance(section, DynamicSection):
            for entry in section.iter_tags("DT_NEEDED"):
                if entry.needed not in _LIBRARIES[kind]:
                    yield "it needs %s" % entry.needed
        if isinstance(section, GNUVerNeedSection):
            for library, versions in section.iter_versions():
                for version in versions:
                    numbers = re.match(r"GLIBC_(\d+)\.(\d+)", version.name)
                    if numbers is None or tuple(map(int, numbers.groups())) > (major, minor):
                        yield "it needs %s of %s" % (version.name, library.name)


def _words_of(tag: str) -> "tuple[str, int, int, str]":
    words = re.match(r"(manylinux|musllinux)_(\d+)_(\d+)_(\w+)$", tag)
    if words is None:
        raise ValueError("%s is no tag that is known here" % tag)
    return words.group(1), int(words.group(2)), int(words.group(3)), words.group(4)


def _auditwheel_problems(wheel: str, tag: str) -> Iterator[str]:
    command = [sys.executable, "-m", "auditwheel", "show", wheel]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = " ".join(done.stdout.decode("utf-8", "replace").split())
    found = re.search(r'is consistent with the following platform tag: "(\w+)"', said)
    if found is None:
        yield "auditwheel says: " + said[-300:]
    elif found.group(1).startswith("linux_"):
        yield "auditwheel finds no platform that it suits"
    elif _words_of(found.group(1)) > _words_of(tag) or _words_of(found.group(1))[3] != _words_of(tag)[3]:
        yield "auditwheel calls it %s" % found.group(1)


def main(wheels: List[str]) -> int:
    """Check each wheel; see the module's text."""
    wrong = 0
    for wheel in wheels:
        found = problems(wheel)
        wrong += len(found)
        print("%s: %s" % (os.path.basename(wheel), "; ".join(found) or "ok"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Write a wheel anew so that the same files give the same bytes: order, times and rights of its entries are fixed."""

import os
import time
import zipfile

_FILE, _PROGRAM = 0o100644, 0o100755
_UNIX = 3
_ZIP_BEGINS = (1980, 1, 1, 0, 0, 0)


def entry_time() -> "tuple[int, ...]":
    """The time that all entries get: SOURCE_DATE_EPOCH in UTC, or the earliest that the format knows."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return max(_ZIP_BEGINS, tuple(time.gmtime(int(epoch))[:6])) if epoch.isdigit() else _ZIP_BEGINS


def _place(name: str) -> "tuple[bool, bool, str]":
    folder = name.split("/")[0]
    return folder.endswith(".dist-info"), name.endswith(".dist-info/RECORD"), name


def _sorted_record(content: bytes) -> bytes:
    lines = content.decode("utf-8").splitlines()
    return "".join(line + "\n" for line in sorted(lines, key=lambda line: _place(line.split(",")[0]))).encode("utf-8")


def rewrite(path: str) -> None:
    """Write the wheel at `path` anew, in place; what its files hold stays, but for the order of RECORD's lines."""
    with zipfile.ZipFile(path) as wheel:
        contents = {name: wheel.read(name) for name in wheel.namelist() if not name.endswith("/")}
    with zipfile.ZipFile(path + ".new", "w", zipfile.ZIP_DEFLATED) as wheel:
        for name in sorted(contents, key=_place):
            entry = zipfile.ZipInfo(name, entry_time())  # type: ignore[arg-type]
            entry.create_system = _UNIX
            entry.external_attr = (_PROGRAM if name.endswith((".so", ".dylib")) else _FILE) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            content = contents[name]
            wheel.writestr(entry, _sorted_record(content) if name.endswith(".dist-info/RECORD") else content)
    os.replace(path + ".new", path)

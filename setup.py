"""Build and install filprofiler: Python files, and one C library that serves every CPython.

The metadata stands here, not in pyproject.toml: the setuptools of Python 3.6 reads it from nowhere else.
"""

import glob
import os
import re
import shlex
import shutil
import subprocess
import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:
    try:
        from wheel.bdist_wheel import bdist_wheel
    except ImportError:
        bdist_wheel = None  # only needed to make a wheel

HERE = os.path.dirname(os.path.abspath(__file__))
LIBRARY = "filprofiler._lib.libfil"

COMPILE_FLAGS = shlex.split("""
    -std=c11 -O3 -fPIC -shared -fvisibility=hidden -D_GNU_SOURCE -Icsrc -g
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes
    -ftls-model=initial-exec -pthread
""")
LINK_TIME_OPTIMIZATION = "-flto"  # left out where the compiler cannot
LIBRARIES = ["-ldl"]


def read(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read()


def version():
    return re.search(r'^__version__ = "(.+)"$', read("filprofiler/__init__.py"), re.MULTILINE).group(1)


def long_description():
    return read("README.md") if os.path.exists(os.path.join(HERE, "README.md")) else ""


def c_files(ending):
    """All files of the library below csrc, in a fixed order. Its tests lie elsewhere or in csrc/tests."""
    found = glob.glob(os.path.join("csrc", "**", "*" + ending), recursive=True)
    return sorted(path for path in found if not path.startswith(os.path.join("csrc", "tests")))


def compiler():
    """The command of the C compiler: $CC, else the first of the usual ones."""
    if os.environ.get("CC"):
        return shlex.split(os.environ["CC"])
    for name in ("cc", "gcc", "clang"):
        if shutil.which(name):
            return [name]
    sys.exit("filprofiler needs a C compiler to be built; install gcc or clang, or name one in $CC.")


class BuildLibrary(build_ext):
    """Compiles the library with the C compiler itself: no header of Python is used, so one file serves every Python."""

    def get_ext_filename(self, fullname):
        return os.path.join(*fullname.split(".")) + ".so"

    def build_extension(self, ext):
        path = self.get_ext_fullpath(ext.name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        command = compiler() + COMPILE_FLAGS
        if os.environ.get("FIL_WERROR") == "1":
            command.append("-Werror")
        command += shlex.split(os.environ.get("CFLAGS", ""))
        rest = ["-o", path + ".new"] + ext.sources + LIBRARIES + shlex.split(os.environ.get("LDFLAGS", ""))
        if not (self.compile(command + [LINK_TIME_OPTIMIZATION] + rest, quiet=True) or self.compile(command + rest)):
            sys.exit("filprofiler's C library could not be compiled; the compiler's message stands above.")
        # A program that is being profiled may have the old one mapped: replaced, not overwritten.
        os.replace(path + ".new", path)

    def copy_extensions_to_source(self):
        # A fresh clone has no such folder: nothing in it is kept.
        os.makedirs(os.path.join(HERE, "filprofiler", "_lib"), exist_ok=True)
        super().copy_extensions_to_source()

    @staticmethod
    def compile(command, quiet=False):
        print(" ".join(command), flush=True)
        done = subprocess.run(command, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode == 0 or not quiet:
            sys.stdout.write(done.stdout.decode("utf-8", "replace"))
            sys.stdout.flush()
        return done.returncode == 0


class BuildPython(build_py):
    """Puts the licence into the package too, for `fil-profile --license`."""

    def run(self):
        super().run()
        license_file = os.path.join(HERE, "LICENSE")
        if os.path.exists(license_file) and not getattr(self, "editable_mode", False):
            self.copy_file(license_file, os.path.join(self.build_lib, "filprofiler", "LICENSE"))


COMMANDS = {"build_ext": BuildLibrary, "build_py": BuildPython}

if bdist_wheel is not None:

    class BuildWheel(bdist_wheel):
        """One wheel for a platform: for every Python 3, but with a compiled library in it."""

        def finalize_options(self):
            super().finalize_options()
            self.root_is_pure = False

        def get_tag(self):
            return "py3", "none", super().get_tag()[2]

    COMMANDS["bdist_wheel"] = BuildWheel


setup(
    name="filprofiler",
    version=version(),
    description="A peak-memory profiler for Python batch jobs: which lines held the memory at its highest moment",
    long_description=long_description(),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.6",
    packages=[
        "filprofiler",
        "filprofiler.cli",
        "filprofiler.inside",
        "filprofiler.jupyter",
        "filprofiler.launch",
        "filprofiler.profile",
        "filprofiler.recording",
        "filprofiler.report",
    ],
    package_data={
        "filprofiler": ["py.typed"],
        "filprofiler.jupyter": ["kernel.json"],
        "filprofiler.report": ["templates/*"],
    },
    data_files=[("share/jupyter/kernels/filprofile", ["filprofiler/jupyter/kernel.json"])],
    install_requires=["threadpoolctl"],
    ext_modules=[Extension(LIBRARY, c_files(".c"), depends=c_files(".h") + c_files(".def"))],
    entry_points={
        "console_scripts": ["fil-profile = filprofiler.cli:main"],
        "pytest11": ["filprofiler = filprofiler.pytest_plugin"],
    },
    cmdclass=COMMANDS,
    zip_safe=False,
    classifiers=[
        "Environment :: Console",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: Implementation :: CPython",
        "Topic :: Software Development :: Debuggers",
    ],
)

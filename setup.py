"""Build and install filprofiler: Python files, and one C library that serves every CPython.

The metadata stands here, not in pyproject.toml: the setuptools of Python 3.6 reads it from nowhere else.
"""

import os
import re
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
sys.path.insert(0, os.path.join(HERE, "build_tools"))

from native_library import c_files, compile_library, library_ending, target_system  # noqa: E402
from wheel_bytes import rewrite  # noqa: E402

LIBRARY = "filprofiler._lib.libfil"


def read(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read()


def version():
    return re.search(r'^__version__ = "(.+)"$', read("filprofiler/__init__.py"), re.MULTILINE).group(1)


def long_description():
    return read("README.md") if os.path.exists(os.path.join(HERE, "README.md")) else ""


class BuildLibrary(build_ext):
    """Compiles the library with the C compiler itself (build_tools/native_library.py)."""

    def get_ext_filename(self, fullname):
        return os.path.join(*fullname.split(".")) + library_ending(target_system())

    def build_extension(self, ext):
        path = os.path.abspath(self.get_ext_fullpath(ext.name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        compile_library(path)

    def copy_extensions_to_source(self):
        # A fresh clone has no such folder: nothing in it is kept.
        os.makedirs(os.path.join(HERE, "filprofiler", "_lib"), exist_ok=True)
        super().copy_extensions_to_source()


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
            # FIL_WHEEL_PLATFORM: for whom it was compiled, where that is not this machine.
            return "py3", "none", os.environ.get("FIL_WHEEL_PLATFORM") or super().get_tag()[2]

        def run(self):
            super().run()
            for _command, _python, path in self.distribution.dist_files:
                if path.endswith(".whl"):
                    rewrite(path)

    COMMANDS["bdist_wheel"] = BuildWheel


setup(
    name="filprofiler",
    version=version(),
    description="A peak-memory profiler for Python batch jobs: which lines of code held the memory at the peak",
    long_description=long_description(),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.6",
    packages=[
        "filprofiler",
        "filprofiler.cli",
        "filprofiler.in_process",
        "filprofiler.jupyter",
        "filprofiler.supervisor",
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
    ext_modules=[Extension(LIBRARY, c_files(".c", target_system()), depends=c_files(".h") + c_files(".def"))],
    entry_points={
        "console_scripts": ["fil-profile = filprofiler.command:command"],
        "pytest11": ["filprofiler = filprofiler.pytest_plugin"],
    },
    cmdclass=COMMANDS,
    zip_safe=False,
    classifiers=[
        "Environment :: Console",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Operating System :: MacOS :: MacOS X",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: Implementation :: CPython",
        "Topic :: Software Development :: Debuggers",
    ],
)

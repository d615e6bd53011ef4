"""What pip calls to build filprofiler: setuptools, and a compiler from the package index where the machine has none."""

from typing import Any, List, Optional

from native_library import COMPILER_PACKAGE, installed_compiler
from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403


def _with_compiler(requirements: List[str]) -> List[str]:
    return requirements if installed_compiler() else [*requirements, COMPILER_PACKAGE]


def get_requires_for_build_wheel(config_settings: Optional[Any] = None) -> List[str]:
    """What must be installed before `build_wheel` is called."""
    return _with_compiler(list(build_meta.get_requires_for_build_wheel(config_settings)))


def get_requires_for_build_editable(config_settings: Optional[Any] = None) -> List[str]:
    """What must be installed before `build_editable` is called, where setuptools has that."""
    usual = getattr(build_meta, "get_requires_for_build_editable", build_meta.get_requires_for_build_wheel)
    return _with_compiler(list(usual(config_settings)))

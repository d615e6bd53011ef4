"""The pytest plugin: docs/pytest.md. It is off, and imports nothing, unless one of its options is given."""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional

    from filprofiler.profile.threshold import Threshold

_PEAK, _TOP = "fil_peak_bytes", "fil_top"  # names among a test report's user_properties
_NOT_MEASURED = "fil_not_measured"
_WORST = 3
_LEAST_SHARE = 100  # lines that hold less than 1/n of the peak are not shown
_LEAST_BYTES = 1000  # nor those with less than this, which belong to the interpreter and pytest
_OPTIONS = ("fil", "fil_report", "fil_fail_on_increase", "fil_save_baseline")


def pytest_addoption(parser: "Any") -> None:
    """The options."""
    group = parser.getgroup("filprofiler", "peak memory of tests")
    group.addoption("--fil", action="store_true", help="measure the peak memory of each test")
    group.addoption("--fil-top", metavar="N", type=int, default=3, help="lines to show for each test (default: 3)")
    group.addoption("--fil-report", metavar="DIR", help="write reports of the %d worst tests into DIR" % _WORST)
    group.addoption(
        "--fil-fail-on-increase",
        metavar="AMOUNT",
        help="fail a test whose peak has grown by more than this over the baseline, such as 5%% or 10MB",
    )
    group.addoption("--fil-save-baseline", action="store_true", help="write the peaks into the baseline file")
    group.addoption("--fil-baseline", metavar="FILE", default=".fil-baseline.json", help="the baseline file")


def pytest_configure(config: "Any") -> None:
    """Register the marker; begin if an option requests it."""
    config.addinivalue_line(
        "markers", 'fil_limit(size): with --fil, fail the test if its peak memory is over this, such as "200 MB"'
    )
    if any(config.getoption(option) for option in _OPTIONS):
        from filprofiler.pytest_start import get_ready

        get_ready(config)
        config.pluginmanager.register(_Plugin(config), "filprofiler-active")


class _Plugin:
    """Measures, compares and reports. In a run with several workers, each and their controller have one."""

    def __init__(self, config: "Any") -> None:
        self._config = config
        self._is_worker = hasattr(config, "workerinput")
        self._peaks: "Dict[str, int]" = {}
        self._lines: "Dict[str, List[str]]" = {}
        self._worst: "List[str]" = []
        self._not_measured: "Dict[str, str]" = {}
        self._found: "Any" = None
        self._baseline_path = os.path.join(str(config.rootdir), config.getoption("fil_baseline"))
        self._baseline = self._read_baseline()
        increase = config.getoption("fil_fail_on_increase")
        self._increase = self._threshold(increase, "--fil-fail-on-increase") if increase else None
        self._report = config.getoption("fil_report")
        self._problem = ""
        self._complaints: "List[str]" = []

    def _read_baseline(self) -> "Dict[str, int]":
        import json

        from filprofiler.profile.saved_values import whole
        from filprofiler.regular_files import read_regular
        from filprofiler.wording import sentence

        try:
            content = json.loads(read_regular(self._baseline_path).decode("utf-8"))
            return {str(name): whole(size) for name, size in content.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError, TypeError, RecursionError) as error:
            from pytest import UsageError

            reason = getattr(error, "strerror", None) or error
            raise UsageError(sentence("The baseline %s cannot be read: %s.", self._baseline_path, reason)) from None

    @staticmethod
    def _threshold(text: str, option: str) -> "Threshold":
        from pytest import UsageError

        from filprofiler.errors import UsageError as NotUnderstood
        from filprofiler.profile.threshold import parse_threshold

        try:
            return parse_threshold(text, option)
        except NotUnderstood as error:
            raise UsageError(str(error)) from None

    def pytest_runtest_call(self, item: "Any") -> "Iterator[None]":
        """Measure the test itself, without its fixtures' setup and teardown."""
        from filprofiler import api
        from filprofiler.measurement import Measurement

        code = getattr(getattr(item, "obj", None), "__code__", None)
        files = [str(item.fspath)] + ([code.co_filename] if code is not None else [])
        self._found, self._problem = None, ""
        found, measurement = api.Peak(), Measurement(item.nodeid, first_files=files)
        try:
            try:
                measurement.begin()
            except api.TrackingError as error:  # the test runs anyway
                self._problem = str(error)
            try:
                yield
            finally:
                if measurement.end(found):
                    self._found = found
        except api.FilError as error:
            self._problem = str(error)
        finally:
            measurement.close()

    setattr(pytest_runtest_call, "pytest_impl", {"hookwrapper": True, "trylast": True})  # noqa: B010

    def pytest_runtest_makereport(self, item: "Any", call: "Any") -> "Iterator[None]":
        """Add the peak to the test's report; a passed test that held too much becomes a failure."""
        from filprofiler.wording import quoted

        outcome: "Any"
        outcome = yield
        report = outcome.get_result()
        if call.when != "call":
            return
        found, self._found = self._found, None
        if found is None:
            report.user_properties.append((_NOT_MEASURED, self._problem))
            return
        lines = [
            "%s %s: %s" % (quoted(line._replace(path=_short(line.path)).place), _size(line.bytes), quoted(line.source))
            for line in found.top(self._config.getoption("fil_top"))
            if line.bytes >= max(_LEAST_BYTES, found.peak_bytes / _LEAST_SHARE)
        ]
        report.user_properties += [(_PEAK, found.peak_bytes), (_TOP, lines)]
        problem = self._too_much(item, found.peak_bytes)
        if problem and report.passed:
            held = ["Held at the peak:"] + ["  " + line for line in lines] if lines else []
            report.outcome = "failed"
            report.longrepr = "\n".join([problem] + held)
        if self._report and self._among_worst(item.nodeid, found.peak_bytes):
            self._write_report(found, item.nodeid)

    setattr(pytest_runtest_makereport, "pytest_impl", {"hookwrapper": True})  # noqa: B010

    def _too_much(self, item: "Any", peak: int) -> str:
        """The reason why a peak is too high; "" if it is not."""
        from filprofiler.wording import sentence

        mark = item.get_closest_marker("fil_limit")
        if mark is not None:
            limit = _limit_of(mark)
            if limit is None:
                return sentence("fil_limit takes one size, such as 200 MB or 1.5 GiB, not %s.", _given_to(mark))
            if peak > limit:
                return sentence("The peak of %s is over the limit of %s.", _size(peak), str(mark.args[0]))
        before = self._baseline.get(item.nodeid)
        if self._increase is not None and before is not None and self._increase.exceeded(before, peak):
            form = "The peak has grown from %s to %s, by more than %s."
            return sentence(form, _size(before), _size(peak), self._increase.text)
        return ""

    def _write_report(self, found: "Any", name: str) -> None:
        """Write a test's report; a failure is reported once, and fails no test."""
        from filprofiler.errors import FilError

        try:
            found.report(os.path.join(self._report, _folder_of(name)))
        except FilError as error:
            self._complain(str(error))

    def _complain(self, complaint: str) -> None:
        from filprofiler.messages import say_through_python

        if complaint not in self._complaints:
            self._complaints.append(complaint)
            say_through_python(complaint)

    def _among_worst(self, name: str, peak: int) -> bool:
        """Whether a test is among the worst so far; removes the report of the test that it replaces."""
        self._peaks[name] = peak
        self._worst = sorted({name, *self._worst}, key=lambda one: (-self._peaks[one], one))
        for dropped in self._worst[_WORST:]:
            self._remove_report(dropped)
        self._worst = self._worst[:_WORST]
        return name in self._worst

    def _remove_report(self, name: str) -> None:
        from filprofiler.opened_folder import OpenedFolder
        from filprofiler.report.formats import all_file_names

        path = os.path.join(self._report, _folder_of(name))
        try:
            with OpenedFolder(path) as folder:
                for file_name in all_file_names():
                    folder.remove(file_name)
            os.rmdir(path)
        except OSError:
            pass  # there is none, or it contains foreign files

    def pytest_runtest_logreport(self, report: "Any") -> None:
        """Collect the peaks from the tests' reports, including those of workers."""
        told = dict(report.user_properties)
        if report.when == "call" and _PEAK in told:
            self._peaks[report.nodeid] = told[_PEAK]
            self._lines[report.nodeid] = list(told[_TOP])
        elif report.when == "call" and _NOT_MEASURED in told:
            self._not_measured[report.nodeid] = told[_NOT_MEASURED]

    def pytest_sessionfinish(self) -> None:
        """Write the baseline; keep only the reports of the worst tests."""
        if self._is_worker:
            return
        order = sorted(self._peaks, key=lambda name: -self._peaks[name])
        for name in order[_WORST:] if self._report else ():
            self._remove_report(name)
        if self._config.getoption("fil_save_baseline") or (self._increase is not None and not self._baseline):
            import json

            from filprofiler.opened_folder import OpenedFolder
            from filprofiler.wording import sentence

            kept = json.dumps(dict(self._baseline, **self._peaks), indent=1, sort_keys=True) + "\n"
            folder, name = os.path.split(os.path.realpath(self._baseline_path))
            try:
                with OpenedFolder(folder) as opened:
                    opened.write(name, [kept.encode("utf-8")])
            except OSError as error:
                self._complain(sentence("The baseline %s cannot be written: %s.", self._baseline_path, error.strerror))

    def pytest_terminal_summary(self, terminalreporter: "Any") -> None:
        """Print the peak of each test, largest first, and the lines that held it."""
        if not (self._peaks or self._not_measured):
            return
        from filprofiler.wording import visible

        def write(line: str) -> None:
            terminalreporter.write_line(visible(line))

        terminalreporter.write_sep("=", "peak memory of each test")
        for name in sorted(self._peaks, key=lambda name: (-self._peaks[name], name)):
            write("%12s  %s" % (_size(self._peaks[name]), name))
            for line in self._lines.get(name, ()):
                write("%14s%s" % ("", line))
        for name, reason in sorted(self._not_measured.items()):
            write("not measured  %s: %s" % (name, reason or "it did not end in this process."))
        if self._report and self._peaks:
            write("Reports: %s" % os.path.abspath(self._report))


def _limit_of(mark: "Any") -> "Optional[float]":
    """The bytes that a fil_limit allows; None if it is invalid."""
    from filprofiler.errors import UsageError
    from filprofiler.profile.threshold import parse_threshold

    if len(mark.args) != 1 or mark.kwargs:
        return None
    try:
        return parse_threshold(str(mark.args[0])).size_bytes
    except UsageError:
        return None


def _given_to(mark: "Any") -> str:
    given = [repr(one) for one in mark.args] + ["%s=%r" % item for item in mark.kwargs.items()]
    return ", ".join(given) or "nothing"


def _size(size: int) -> str:
    return "%.1f MB" % (size / 1e6) if size >= 100000 else "%.1f kB" % (size / 1e3)


def _short(path: str) -> str:
    inside = os.path.relpath(path) if path else ""
    return path if inside.startswith("..") else inside


def _folder_of(name: str) -> str:
    """A folder name for a test; a checksum distinguishes names that would otherwise be equal."""
    import zlib

    plain = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name)
    return "%s-%08x" % (plain[-80:].strip("-."), zlib.crc32(name.encode("utf-8", "backslashreplace")))

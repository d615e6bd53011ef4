"""The command line: what is understood, and what is refused in one sentence."""

from typing import List

import pytest

from filprofiler.cli import main, understand
from filprofiler.cli.arguments import COMMAND, MODULE, SCRIPT
from filprofiler.cli.help import HELP
from filprofiler.errors import UsageError


def test_everything_after_the_script_belongs_to_the_program() -> None:
    command = understand(["run", "a.py", "-o", "x", "--no-browser", "-m", "--help", "--"])
    assert command.name == "run"
    assert (command.target.mode, command.target.name) == (SCRIPT, "a.py")
    assert command.target.arguments == ["-o", "x", "--no-browser", "-m", "--help", "--"]
    assert command.options.output == "fil-result" and command.options.browser


@pytest.mark.parametrize(
    "words", [["-o", "d", "--no-browser", "run"], ["run", "-o", "d", "--no-browser"], ["-od", "run", "--no-browser"]]
)
def test_options_stand_before_or_after_run(words: List[str]) -> None:
    command = understand([*words, "--keep-recording", "--keep-thread-pools", "--disable-oom-detection", "a.py"])
    options = command.options
    assert (options.output, options.browser, options.keep_recording, options.keep_thread_pools) == (
        "d",
        False,
        True,
        True,
    )
    assert command.target.name == "a.py"


@pytest.mark.parametrize(
    ("words", "mode", "name", "arguments"),
    [
        (["-m", "p.m", "-m", "x"], MODULE, "p.m", ["-m", "x"]),
        (["-mp.m", "-o"], MODULE, "p.m", ["-o"]),
        (["-c", "print(1)", "--", "-c"], COMMAND, "print(1)", ["--", "-c"]),
        (["-c", "", "x"], COMMAND, "", ["x"]),
        (["-cpass"], COMMAND, "pass", []),
        (["--", "-odd-name.py", "-o"], SCRIPT, "-odd-name.py", ["-o"]),
        (["-", "x"], SCRIPT, "-", ["x"]),
    ],
)
def test_what_is_run(words: List[str], mode: str, name: str, arguments: List[str]) -> None:
    target = understand(["run", *words]).target
    assert (target.mode, target.name, target.arguments) == (mode, name, arguments)


@pytest.mark.parametrize(
    "words",
    [
        ["--no-such-option"],
        ["--no-brow", "run", "a.py"],
        ["--versio"],
        ["-x", "run", "a.py"],
        ["run", "--no-such-option", "a.py"],
        ["-o"],
        ["run", "-o"],
        ["-o", "", "run", "a.py"],
        ["run", "-c"],
        ["a.py"],
        ["install-kernel", "--no-such-option"],
        ["install-kernel", "somewhere"],
        ["install-kernel", "--prefix"],
        ["report"],
        ["report", "a", "b"],
        ["report", "--no-such-option", "a"],
        ["report", "--comp", "a"],
        ["report", "-o", "", "a"],
        ["report", "\x1b[31m", "b"],
        ["diff", "a"],
        ["diff", "a", "b", "--complete"],
        ["diff", "a", "b", "--fail-over", "much"],
        ["install-kernel", "--user", "--sys-prefix"],
    ],
)
def test_bad_usage_is_one_sentence(words: List[str]) -> None:
    with pytest.raises(UsageError) as caught:
        understand(words)
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)
    assert str(caught.value)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ([], "help"),
        (["--help"], "help"),
        (["-h", "run"], "help"),
        (["run", "--help"], "help"),
        (["report", "--help"], "help"),
        (["diff", "a", "--fail-over", "5%", "-h"], "help"),
        (["install-kernel", "--help"], "help"),
        (["--version"], "version"),
        (["run", "--version"], "version"),
        (["--no-browser", "--license"], "license"),
        (["--no-browser"], "help"),
        (["run"], "incomplete"),
        (["run", "-m"], "incomplete"),
        (["run", "--no-browser"], "incomplete"),
    ],
)
def test_what_is_shown(words: List[str], name: str) -> None:
    assert understand(words).name == name


def test_help_goes_to_stdout_and_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert main(["--help"]) == 0
    output = capsys.readouterr()
    assert output.out == (HELP + "\n") * 2 and output.err == ""
    assert max(len(line) for line in HELP.splitlines()) <= 88


@pytest.mark.parametrize("words", [["run"], ["run", "-m"]])
def test_nothing_to_run_is_the_help_and_status_2(words: List[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    output = capsys.readouterr()
    assert output.out == "" and output.err == HELP + "\n"


def test_version_and_license(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.count(".") == 2
    assert main(["--license"]) == 0
    assert "Apache License" in capsys.readouterr().out


def test_help_lists_every_option() -> None:
    for option in ("-o DIR", "--no-browser", "--keep-thread-pools", "--keep-recording", "--disable-oom-detection"):
        assert option in HELP


def test_everything_behind_python_is_pythons() -> None:
    command = understand(["python", "-m", "filprofiler", "--version", "-o", "x"])
    assert command.name == "python" and command.target.arguments == ["-m", "filprofiler", "--version", "-o", "x"]


def test_options_of_report_stand_anywhere() -> None:
    command = understand(
        ["-o", "d", "report", "--format", "json,svg", "a", "--format=svg,prof", "--no-browser", "--complete"]
    )
    options = command.options
    assert command.paths == ["a"] and options.formats == ["json", "svg", "prof"]
    assert (options.output, options.output_given, options.browser, options.complete) == ("d", True, False, True)
    assert not understand(["report", "a", "--keep-recording"]).options.output_given
    assert understand(["-o", "d", "report", "-oe", "--", "-a"]).options.output == "e"
    assert understand(["diff", "a", "b", "--fail-over=5%"]).options.fail_over.text == "5%"


@pytest.mark.parametrize("name", ["report", "diff", "install-kernel"])
def test_each_of_these_commands_has_its_own_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    output = capsys.readouterr()
    assert output.out.startswith("usage: fil-profile %s " % name) and output.err == ""
    assert max(len(line) for line in output.out.splitlines()) <= 88


@pytest.mark.parametrize(
    ("words", "prefix"), [([], ""), (["--user"], "--user"), (["--prefix", "a"], "a"), (["--prefix=a"], "a")]
)
def test_where_the_kernel_goes(words: List[str], prefix: str) -> None:
    command = understand(["install-kernel", *words])
    assert command.name == "install-kernel" and command.kernel_prefix == prefix

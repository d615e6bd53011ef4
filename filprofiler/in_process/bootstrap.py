"""Our first code in the profiled process: begins tracking and leaves nothing behind.

    PYTHON [FLAGS] bootstrap.py RECORDING REPORT_SIGNAL MODE TARGET [ARGS...]

MODE is `script`, `module` or `command`. If possible, our library removes these words before the interpreter sees them,
and runs this file when the interpreter is about to run the program itself (csrc/start/moment.c). Then the global names
`native`, `cached`, `recording`, `report_signal`, `mode` and `target` exist. Otherwise this file is the script, and
become.py runs the program.

Our files are not imported, because the import system's state, and its output under -v and -X importtime, belong to the
program. They are read here, from their cached bytecode if it is up to date, and import each other through a function
here.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Optional, Tuple


class _OwnModules:
    """Loads the modules of the package in a folder without the import system."""

    def __init__(self, folder: str, compile_source: "Callable[[bytes, str], Any]") -> None:
        import builtins
        import marshal
        import sys

        self._folder = folder
        self._compile = compile_source
        self._modules: "Dict[str, Any]" = {}
        self._imported = builtins.__import__
        self._files: "Any" = sys.modules["_frozen_importlib_external"]
        self._marshal = marshal
        self._writes_cache = not (sys.dont_write_bytecode or sys.flags.verbose)  # -v would report it
        self._namespace = type(sys.implementation)  # -v would report the end of a module object
        self._header = 16 if sys.version_info >= (3, 7) else 12
        self._names = dict(builtins.__dict__, __import__=self._import)

    def get(self, name: str) -> "Any":
        """The module of that full name."""
        if name not in self._modules:
            self._modules[name] = module = self._namespace()
            path = self._folder + name[len("filprofiler.") :].replace(".", "/") + ".py"
            module.__dict__.update(__name__=name, __file__=path, __builtins__=self._names)
            if name not in ("filprofiler", "filprofiler.in_process"):
                exec(self._code(name, path), module.__dict__)
        return self._modules[name]

    def keep(self, name: str, path: str) -> None:
        """Cache the bytecode of a file for the next process."""
        if self._writes_cache:
            self._code(name, path)

    def forget(self) -> None:
        """Release all modules."""
        for module in self._modules.values():
            module.__dict__.clear()
        self._modules.clear()
        self._names.clear()

    def _code(self, name: str, path: str) -> "Any":
        loader = self._files.SourceFileLoader(name, path)
        source = loader.path_stats(path)
        facts = [0] * (self._header // 4 - 3) + [int(source["mtime"]), source["size"]]
        header = self._files.MAGIC_NUMBER + b"".join((fact & 0xFFFFFFFF).to_bytes(4, "little") for fact in facts)
        cache: "Optional[str]" = None
        try:
            cache = self._files.cache_from_source(path)
            data = loader.get_data(cache)
        except (OSError, NotImplementedError):
            data = b""
        if data.startswith(header):
            try:
                code = self._marshal.loads(data[len(header) :])
                if isinstance(code, type(_compile.__code__)):
                    return code
            except (EOFError, ValueError, TypeError):
                pass  # damaged
        code = self._compile(loader.get_data(path), path)
        if cache is not None and self._writes_cache:
            loader.set_data(cache, header + self._marshal.dumps(code))
        return code

    def _import(
        self,
        name: str,
        globals: "Any" = None,
        locals: "Any" = None,
        fromlist: "Any" = (),
        level: int = 0,
    ) -> "Any":
        if name.partition(".")[0] != "filprofiler":
            return self._imported(name, globals, locals, fromlist, level)
        module = self.get(name)
        for one in fromlist:
            if not hasattr(module, one):
                setattr(module, one, self.get(name + "." + one))
        return module


def _compile(source: bytes, path: str) -> "Any":
    """Compile a file. The library's own function for that leaves no syntax tree classes behind."""
    return compile(source, path, "exec", 0, True)


def _collector() -> "Any":
    """The module gc, leaving no trace if nothing has imported it yet."""
    import _imp
    import sys

    if "gc" in sys.modules:
        return sys.modules["gc"]
    machinery: "Any" = sys.modules["_frozen_importlib"]
    collector = _imp.create_builtin(machinery.BuiltinImporter.find_spec("gc"))
    _imp.exec_builtin(collector)
    sys.modules.pop("gc", None)  # up to CPython 3.8 it is put there
    return collector


def _begin() -> "Optional[Tuple[Callable[..., None], Any]]":
    """Begin tracking; if this file is the script, return the call that runs the program."""
    import _signal as signal  # type: ignore[import-not-found]
    import sys

    handled = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if handled:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # until the program begins, Ctrl-C ends the process silently
    names = globals()
    native = names.get("native")
    folder = __file__[: -len("in_process/bootstrap.py")]
    modules = _OwnModules(folder, native["compile_source"] if native else _compile)
    try:
        if native is None:
            if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
                del sys.path[0]  # this folder: its modules must not be importable by their bare names
            return modules.get("filprofiler.in_process.become").prepare()  # type: ignore[no-any-return]
        if not names["cached"]:
            modules.keep("filprofiler.in_process.bootstrap", __file__)
        words = [names[name] for name in ("recording", "report_signal", "mode", "target")]
        modules.get("filprofiler.in_process.start").begin_natively(native, *words)
    except Exception as error:
        if names.get("report_signal") != "-1":  # _abi.FIL_NO_SIGNAL: a child, which runs unrecorded now
            _refuse(error)
    modules.forget()
    if handled:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return None


def _refuse(error: Exception) -> None:
    import posix

    try:
        reason = ascii(str(error))[1:-1]  # as safe for a terminal as wording.quoted, which may be missing
        posix.write(2, b"=fil-profile= Cannot profile: %s.\n" % reason.encode("ascii"))
    finally:
        posix._exit(3)  # exit_statuses.CANNOT_PROFILE


def _without_collections() -> "Optional[Tuple[Callable[..., None], Any]]":
    """Begin without garbage collections: their moments, and the counts until then, belong to the program."""
    collector = _collector()
    collects = collector.isenabled()
    collector.disable()
    try:
        return _begin()
    finally:
        if collects:
            collector.enable()
        globals()["collect"] = collector.collect  # called when these names are gone


_program = _without_collections()
if _program is not None:
    _program[0](*_program[1])

"""Functions whose code has the file name of functions that cloudpickle has sent: their globals alone name a file.

    dynamic_code.py

Each keeps so many MiB by its marked line; in the end the program prints `done`.
"""

import sys
import types

MIB = 1 << 20
NAMELESS = "<dynamic-code>"


def sent(function, more=(), file=__file__):
    """The function as it comes out of a pickle: with a small dict of globals of its own."""
    code = function.__code__
    if sys.version_info >= (3, 8):
        code = code.replace(co_filename=NAMELESS)
    else:
        code = types.CodeType(
            code.co_argcount,
            code.co_kwonlyargcount,
            code.co_nlocals,
            code.co_stacksize,
            code.co_flags,
            code.co_code,
            code.co_consts,
            code.co_names,
            code.co_varnames,
            NAMELESS,
            code.co_name,
            code.co_firstlineno,
            code.co_lnotab,
            code.co_freevars,
            code.co_cellvars,
        )
    names = {"__package__": None, "__name__": "__main__", "__builtins__": __builtins__}
    if file is not None:
        names["__file__"] = file
    names["kept"] = kept
    names["MIB"] = MIB
    names.update(more)
    return types.FunctionType(code, names, function.__name__, function.__defaults__, function.__closure__)


kept = []


def plain():
    kept.append(bytearray(2 * MIB))  # MARK plain


def among_many():
    kept.append(bytearray(3 * MIB))  # MARK among many


def mixed():
    kept.append(bytearray(4 * MIB))  # MARK mixed keys


def elsewhere():
    kept.append(bytearray(5 * MIB))


def no_file():
    kept.append(bytearray(6 * MIB))


def no_text():
    kept.append(bytearray(7 * MIB))


sent(plain)()
sent(among_many, {"name %d" % i: i for i in range(70000)})()
sent(mixed, {i: i for i in range(3)})()
sent(elsewhere, file="/somewhere/\u00e9lse/\u4e16.py")()
sent(no_file, file=None)()
sent(no_text, file=1.5)()
print("done")

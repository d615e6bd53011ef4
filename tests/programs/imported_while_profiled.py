"""A module that takes memory when it is imported, and again when one of its functions is called."""

from __main__ import keep, note

keep(bytearray(note("import")))  # MARK import


def later():
    keep(bytearray(note("imported function")))  # MARK imported function

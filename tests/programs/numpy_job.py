"""NumPy arrays of known size on marked lines, some of which are gone at the end."""

import sys

import numpy


def load():
    return numpy.ones((1024, 1024), dtype=numpy.float64)  # MARK ones, 8


def work(data):
    twice = data * 2  # MARK product, 8
    gone = numpy.zeros(5 << 20, dtype=numpy.uint8)  # MARK gone
    gone[:] = 1
    del gone
    stacked = numpy.concatenate([data, twice])  # MARK concatenate, 16
    ordered = numpy.sort(stacked[0].repeat(512))  # MARK sort, 4
    ordered.resize(1 << 20, refcheck=False)  # MARK resize, 8
    view = stacked[::2]
    return twice, stacked, ordered, view, stacked.astype(numpy.float32)  # MARK cast, 8


data = load()
results = work(data)
filled = numpy.full(3 << 20, 7, dtype=numpy.uint8)  # MARK full, 3
grid = numpy.arange(1 << 19)  # MARK arange, 4
print(sum(int(array.nbytes) for array in (data, filled, grid)), file=sys.stderr)

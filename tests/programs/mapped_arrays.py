"""An array in a file, by NumPy, and a table that pyarrow maps, if it is asked for; the peak lasts until input is closed.

mapped_arrays.py FOLDER [pyarrow]
"""

import os
import sys

import numpy

array = numpy.memmap(os.path.join(sys.argv[1], "array.bin"), dtype="float64", mode="w+", shape=(3 << 20,))  # MARK memmap
array[: 1 << 20] = 1.0
if sys.argv[2:]:
    import pyarrow

    with pyarrow.OSFile(os.path.join(sys.argv[1], "table.arrow"), "wb") as sink:
        table = pyarrow.table({"x": numpy.arange(1 << 20)})
        with pyarrow.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    source = pyarrow.memory_map(os.path.join(sys.argv[1], "table.arrow"))  # MARK pyarrow
    mapped = pyarrow.ipc.open_file(source).read_all()
    total = mapped["x"].to_numpy().sum()
    print(source.size())
peak = bytearray(100 << 20)  # MARK block
print(array.nbytes)
sys.stdout.flush()
sys.stdin.read()

"""A small pandas job: read a CSV file, merge, group. A second argument names another judge of its peak, which it prints.

pandas_job.py FILE [tracemalloc | counting]
"""

import sys

import pandas  # MARK imports

JUDGE = "".join(sys.argv[2:])
if JUDGE == "tracemalloc":
    import tracemalloc

    tracemalloc.start()
elif JUDGE == "counting":
    import ctypes

    counting = ctypes.CDLL(None)
    counting.counting_restart.restype = counting.counting_highest.restype = ctypes.c_long
    before = counting.counting_restart()


def read(path):
    return pandas.read_csv(path)  # MARK read


def job(path):
    orders = read(path)
    customers = orders[["customer"]].drop_duplicates().assign(name=lambda frame: "n" + frame.customer.astype(str))
    merged = orders.merge(customers, on="customer")
    again = pandas.concat([merged] * 6)  # MARK concatenated
    return again.groupby("name").amount.sum(), again, merged, orders


result = job(sys.argv[1])
if JUDGE == "tracemalloc":
    print(tracemalloc.get_traced_memory()[1])
elif JUDGE == "counting":
    print(counting.counting_highest() - before)
else:
    print(int(result[0].sum()))

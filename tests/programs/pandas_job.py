"""A small pandas job: read a CSV file, merge, group. With a second argument tracemalloc tells its peak."""

import sys

import pandas

if sys.argv[2:]:
    import tracemalloc

    tracemalloc.start()


def read(path):
    return pandas.read_csv(path)  # MARK read


def job(path):
    orders = read(path)
    customers = orders[["customer"]].drop_duplicates().assign(name=lambda frame: "n" + frame.customer.astype(str))
    merged = orders.merge(customers, on="customer")
    return merged.groupby("name").amount.sum(), merged, orders


result = job(sys.argv[1])
if sys.argv[2:]:
    print(tracemalloc.get_traced_memory()[1])
else:
    print(int(result[0].sum()))

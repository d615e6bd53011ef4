"""Revenue of each shop, computed by four processes.

    python parallel_sales.py [FILE]

It is right, and each process reads all sales to keep those of one shop. What do all of them need together?

    fil-profile run parallel_sales.py
"""

import csv
import sys
from concurrent.futures import ProcessPoolExecutor

from make_sales_data import SHOPS, ensure_sales


def read_sales(path):
    """Every sale as a dictionary."""
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def sales_of(job):
    """The sales of one shop, each with its revenue. `job`: the file and the shop."""
    path, shop = job
    sales = [sale for sale in read_sales(path) if sale["shop"] == shop]
    return [dict(sale, revenue=int(sale["quantity"]) * float(sale["price"])) for sale in sales]


def main():
    """Print the revenue of each shop."""
    path = sys.argv[1] if len(sys.argv) > 1 else ensure_sales()
    with ProcessPoolExecutor(4) as pool:
        shops = list(pool.map(sales_of, [(path, shop) for shop in SHOPS]))
    for name, sales in zip(SHOPS, shops):
        print("%-8s %9d sales %14.2f" % (name, len(sales), sum(sale["revenue"] for sale in sales)))


if __name__ == "__main__":
    main()

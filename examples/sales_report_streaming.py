"""The same report as sales_report.py, from one sale at a time: only the sums are kept.

python sales_report_streaming.py [FILE]
"""

import csv
import json
import sys
from collections import Counter

from make_sales_data import ensure_sales


def read_sales(path):
    """One sale after the other, as dictionaries."""
    with open(path, newline="") as file:
        yield from csv.DictReader(file)


def largest_first(revenue):
    """Names and revenue, the largest first."""
    totals = {name: round(total, 2) for name, total in revenue.items()}
    return sorted(totals.items(), key=lambda item: item[1], reverse=True)


def make_report(path):
    """The report as a dictionary."""
    count = 0
    by_product, by_month, by_customer = Counter(), Counter(), Counter()
    for sale in read_sales(path):
        revenue = int(sale["quantity"]) * float(sale["price"])
        by_product[sale["product"]] += revenue
        by_month[sale["day"][:7]] += revenue
        by_customer[sale["customer"]] += revenue
        count += 1
    return {
        "sales": count,
        "products": largest_first(by_product),
        "best month": largest_first(by_month)[0],
        "best customers": largest_first(by_customer)[:5],
    }


def main():
    """Print the report as JSON."""
    path = sys.argv[1] if len(sys.argv) > 1 else ensure_sales()
    print(json.dumps(make_report(path), indent=2))


if __name__ == "__main__":
    main()

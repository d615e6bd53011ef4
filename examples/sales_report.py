"""A monthly batch job: read a year of sales, report revenue by product and the best customers.

    python sales_report.py [FILE]

It is right, and it takes thirty times the memory that it needs. Which lines hold it?

    fil-profile run sales_report.py
"""

import csv
import json
import sys
from collections import defaultdict

from make_sales_data import ensure_sales


def read_sales(path):
    """Every sale as a dictionary."""
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def add_revenue(sales):
    """The sales, each with its revenue and its month."""
    priced = []
    for sale in sales:
        revenue = int(sale["quantity"]) * float(sale["price"])
        priced.append(dict(sale, revenue=revenue, month=sale["day"][:7]))
    return priced


def group_by(sales, column):
    """Lists of sales by the value of a column."""
    groups = defaultdict(list)
    for sale in sales:
        groups[sale[column]].append(sale)
    return groups


def revenue_of(groups):
    """Revenue of each group, the largest first."""
    totals = {name: round(sum(sale["revenue"] for sale in group), 2) for name, group in groups.items()}
    return sorted(totals.items(), key=lambda item: item[1], reverse=True)


def make_report(path):
    """The report as a dictionary."""
    sales = add_revenue(read_sales(path))
    by_product = group_by(sales, "product")
    by_month = group_by(sales, "month")
    by_customer = group_by(sales, "customer")
    return {
        "sales": len(sales),
        "products": revenue_of(by_product),
        "best month": revenue_of(by_month)[0],
        "best customers": revenue_of(by_customer)[:5],
    }


def main():
    """Print the report as JSON."""
    path = sys.argv[1] if len(sys.argv) > 1 else ensure_sales()
    print(json.dumps(make_report(path), indent=2))


if __name__ == "__main__":
    main()

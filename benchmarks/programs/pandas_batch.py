"""A pandas job: read_csv, merge, groupby, sort.

Argument: thousands of rows (default 600). The CSV text is a block of 1,000 lines repeated, so that making it costs
little.
"""

import io
import sys

import pandas as pd


def orders_csv(thousands):
    """CSV bytes of orders, `thousands` times 1,000 rows."""
    lines = []
    for i in range(1000):
        lines.append(
            "%d,customer-%03d,product-%02d,%d,%.2f,2024-%02d-%02d\n"
            % (i, i * 7 % 500, i * 13 % 80, 1 + i % 9, 1.5 + i * 31 % 997 / 10.0, 1 + i % 12, 1 + i % 28)
        )
    header = "order,customer,product,quantity,price,day\n"
    return (header + "".join(lines) * thousands).encode("ascii")


def products():
    """The product table that orders are merged with."""
    return pd.DataFrame(
        {
            "product": ["product-%02d" % i for i in range(80)],
            "category": ["category-%d" % (i % 7) for i in range(80)],
            "cost": [1.0 + i / 8.0 for i in range(80)],
        }
    )


def main(thousands):
    """Read the orders, merge, group, and print the best month of the best category."""
    orders = pd.read_csv(io.BytesIO(orders_csv(thousands)))
    merged = orders.merge(products(), on="product")
    merged["revenue"] = merged["quantity"] * merged["price"]
    merged["margin"] = merged["revenue"] - merged["quantity"] * merged["cost"]
    merged["month"] = merged["day"].str.slice(0, 7)
    by_month = merged.groupby(["category", "month"])[["revenue", "margin"]].sum()
    by_customer = merged.groupby("customer")["revenue"].agg(["sum", "mean", "max"]).sort_values("sum")
    print(by_month.sort_values("margin").tail(1).round(2).to_string(header=False))
    print(by_customer.tail(1).round(2).to_string(header=False))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 600)

"""The sales report with pandas and NumPy: revenue by product and month, and which shops sell alike.

    python pandas_sales.py [FILE]

Needs pandas. Three habits cost it memory: every column is read, although half of them are not used; text that repeats
is kept as text; each step makes a new copy of the whole table and the older ones stay alive.
"""

import sys

import numpy as np
import pandas as pd
from make_sales_data import ensure_sales

YEARS = 5  # the file holds one year; it stands for all of them


def read_sales(path):
    """The sales of all years in one table."""
    one_year = pd.read_csv(path)
    return pd.concat([one_year.assign(year=2020 + number) for number in range(YEARS)], ignore_index=True)


def price_sales(sales):
    """A copy of the table with revenue, and a column of months."""
    priced = sales.copy()
    priced["revenue"] = priced["quantity"] * priced["price"]
    priced["month"] = priced["day"].str.slice(0, 7)
    return priced


def join_ranks(priced):
    """A copy again, each sale with the rank of its product."""
    totals = priced.groupby("product")["revenue"].sum().rank(ascending=False).rename("rank").reset_index()
    return priced.merge(totals, on="product")


def alike(ranked):
    """For each pair of shops, how much their customers' revenue goes together."""
    matrix = ranked.pivot_table(index="customer", columns="shop", values="revenue", aggfunc="sum", fill_value=0.0)
    return pd.DataFrame(np.corrcoef(matrix.to_numpy(dtype=float), rowvar=False), matrix.columns, matrix.columns)


def main():
    """Print two tables and the best month."""
    path = sys.argv[1] if len(sys.argv) > 1 else ensure_sales()
    sales = read_sales(path)
    priced = price_sales(sales)
    ranked = join_ranks(priced)
    print(ranked.groupby(["rank", "product"])["revenue"].sum().round(2).to_string())
    print(alike(ranked).round(3).to_string())
    print("Best month:", ranked.groupby("month")["revenue"].sum().idxmax())


if __name__ == "__main__":
    main()

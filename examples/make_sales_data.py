"""Write the sales that the examples analyse: a CSV file of a chain of shops, one line a sale.

python make_sales_data.py [FILE] [SALES]
"""

import csv
import datetime
import os
import random
import sys

DEFAULT_PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "sales.csv")
DEFAULT_SALES = 100000
FIRST_DAY = datetime.date(2024, 1, 1)

COLUMNS = ["sale", "day", "shop", "customer", "product", "quantity", "price", "payment"]
SHOPS = ["Aarhus", "Bremen", "Calais", "Dublin", "Ghent", "Porto", "Turin", "Zagreb"]
PRODUCTS = [
    ("bicycle bell", 12.5),
    ("brake pads", 17.9),
    ("chain", 24.0),
    ("city bike", 649.0),
    ("helmet", 59.9),
    ("inner tube", 6.5),
    ("lamp", 34.5),
    ("lock", 45.0),
    ("mudguard", 21.0),
    ("pedals", 39.0),
    ("pump", 29.9),
    ("rain cape", 54.0),
    ("saddle", 62.0),
    ("touring bike", 1190.0),
    ("tyre", 32.0),
    ("water bottle", 8.9),
]
PAYMENTS = ["card", "card", "card", "cash", "invoice"]


def make_sale(number, sales, choose):
    """The values of one line; `choose` is a random.Random."""
    product, price = choose.choice(PRODUCTS)
    return [
        "S%07d" % number,
        (FIRST_DAY + datetime.timedelta(days=number * 366 // sales)).isoformat(),
        choose.choice(SHOPS),
        "customer-%05d" % int(choose.random() ** 2 * 20000),
        product,
        1 + int(choose.random() ** 3 * 5),
        "%.2f" % (price * (0.8 + choose.random() * 0.2)),
        choose.choice(PAYMENTS),
    ]


def write_sales(path=DEFAULT_PATH, sales=DEFAULT_SALES):
    """Write `sales` lines to `path`, the same ones every time; nothing is kept in memory."""
    folder = os.path.dirname(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    choose = random.Random(2024)
    unfinished = path + ".part"
    with open(unfinished, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(sales):
            writer.writerow(make_sale(number, sales, choose))
    os.replace(unfinished, path)


def ensure_sales(path=DEFAULT_PATH):
    """The path, after the file was written if it was not there."""
    if not os.path.exists(path):
        write_sales(path)
    return path


if __name__ == "__main__":
    write_sales(
        sys.argv[1] if len(sys.argv) > 1 else DEFAULT_PATH, int(sys.argv[2]) if len(sys.argv) > 2 else DEFAULT_SALES
    )

"""Small objects that come and go: instances, tuples, lists and dicts of an order queue.

Argument: thousands of orders (default 600). Some 20,000 orders are live at a time.
"""

import sys
from collections import deque

LIVE = 20000


class Order:
    """One order in the queue."""

    def __init__(self, number, customer, lines):
        self.number = number
        self.customer = customer
        self.lines = lines

    def total(self):
        """Sum of price times quantity."""
        return sum(price * quantity for _, quantity, price in self.lines)


def make_order(number):
    """An order with two lines."""
    lines = [(number % 97, 1 + number % 5, 1000 + number % 900), (number % 89, 1 + number % 3, 500 + number % 700)]
    return Order(number, "c%d" % (number % 5000), lines)


def main(thousands):
    """Put orders in at one end and invoice them at the other."""
    waiting = deque()
    invoiced = {}
    for number in range(thousands * 1000):
        waiting.append(make_order(number))
        if len(waiting) > LIVE:
            order = waiting.popleft()
            invoiced[order.customer] = {"last": order.number, "amount": order.total()}
    print(len(invoiced), sum(entry["amount"] for entry in invoiced.values()))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 600)

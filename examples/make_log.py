"""Write the log that the parser reads: a day of a web server, one line a request.

python make_log.py [FILE] [REQUESTS]
"""

import os
import random
import sys

DEFAULT_PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "access.log")
DEFAULT_REQUESTS = 80000
PAGES = ["/", "/search", "/basket", "/pay", "/help", "/login"] + ["/bikes/%d" % number for number in range(60)]
STATUSES = [200] * 90 + [304] * 5 + [404] * 4 + [500]


def make_line(number, requests, choose):
    """One line; `choose` is a random.Random."""
    second = number * 86400 // requests
    return '10.0.%d.%d [%02d:%02d:%02d] "GET %s" %d %d %.3f\n' % (
        int(choose.random() ** 2 * 16),
        choose.randrange(256),
        second // 3600,
        second // 60 % 60,
        second % 60,
        PAGES[int(choose.random() ** 2 * len(PAGES))],
        choose.choice(STATUSES),
        choose.randrange(200, 90000),
        choose.random() ** 4 * 3,
    )


def write_log(path=DEFAULT_PATH, requests=DEFAULT_REQUESTS):
    """Write `requests` lines to `path`, the same ones every time; nothing is kept in memory."""
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    choose = random.Random(7)
    with open(path + ".part", "w") as file:
        for number in range(requests):
            file.write(make_line(number, requests, choose))
    os.replace(path + ".part", path)


def ensure_log(path=DEFAULT_PATH):
    """The path, after the file was written if it was not there."""
    if not os.path.exists(path):
        write_log(path)
    return path


if __name__ == "__main__":
    write_log(
        sys.argv[1] if len(sys.argv) > 1 else DEFAULT_PATH, int(sys.argv[2]) if len(sys.argv) > 2 else DEFAULT_REQUESTS
    )

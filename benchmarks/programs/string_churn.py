"""String churn: a log is split, cleaned, formatted and joined; nearly nothing is kept.

Argument: thousands of log lines (default 400).
"""

import sys

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def log_line(number):
    """One line of a log."""
    return "2024-03-%02d %02d:%02d:%02d %s worker-%d: request /item/%d took %d ms" % (
        number % 28 + 1,
        number // 3600 % 24,
        number // 60 % 60,
        number % 60,
        LEVELS[number % 4],
        number % 16,
        number * 7919 % 100003,
        number * 31 % 977,
    )


def clean(line):
    """The fields that matter, joined again."""
    stamp, _, rest = line.partition(" worker-")
    day, clock, level = stamp.split(" ")
    worker, _, message = rest.partition(": ")
    words = message.replace("/item/", "/").strip().lower().split()
    return "|".join([day[-2:] + "T" + clock[:5], level[:1], worker.zfill(3), words[1].lstrip("/"), words[3]])


def main(thousands):
    """Clean the lines, 1,000 at a time, and keep a checksum."""
    total = 0
    longest = ""
    for block in range(thousands):
        lines = [clean(log_line(block * 1000 + i)) for i in range(1000)]
        text = "\n".join(lines)
        total += len(text.encode("utf-8"))
        longest = max(longest, max(lines, key=len), key=len)
    print(total, longest)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)

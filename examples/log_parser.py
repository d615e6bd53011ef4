"""What happened on a web server: errors by hour, the slowest pages, the busiest hosts.

    python log_parser.py [FILE]

Every request is kept as a dictionary, in an index by host, though the report needs only sums.
"""

import re
import sys
from collections import Counter, defaultdict

from make_log import ensure_log

LINE = re.compile(
    r'(?P<host>\S+) \[(?P<time>[^]]+)\] "(?P<method>\S+) (?P<page>[^"]*)" '
    r"(?P<status>\d+) (?P<size>\d+) (?P<seconds>\S+)"
)


def parse(line):
    """A line of the log as a dictionary, None if it is none."""
    found = LINE.match(line)
    return found.groupdict() if found else None


def read_log(path):
    """The requests of each host."""
    index = defaultdict(list)
    with open(path) as file:
        for line in file:
            request = parse(line)
            if request:
                index[request["host"]].append(request)
    return index


def errors_by_hour(index):
    """How many requests failed in each hour of the day."""
    return Counter(
        request["time"][:2] for requests in index.values() for request in requests if request["status"] >= "500"
    )


def slowest_pages(index, count):
    """The pages that take longest, with the mean of their seconds."""
    seconds = defaultdict(list)
    for requests in index.values():
        for request in requests:
            seconds[request["page"]].append(float(request["seconds"]))
    means = {page: sum(values) / len(values) for page, values in seconds.items()}
    return sorted(means.items(), key=lambda item: item[1], reverse=True)[:count]


def main():
    """Print the three lists."""
    index = read_log(sys.argv[1] if len(sys.argv) > 1 else ensure_log())
    print("requests: %d from %d hosts" % (sum(map(len, index.values())), len(index)))
    for host, requests in sorted(index.items(), key=lambda item: -len(item[1]))[:3]:
        print("%-12s %5d requests, %.1f MB" % (host, len(requests), sum(int(r["size"]) for r in requests) / 1e6))
    for page, mean in slowest_pages(index, 3):
        print("%-12s %.3f s" % (page, mean))
    print("hours with most errors:", ", ".join("%s h (%d)" % hour for hour in errors_by_hour(index).most_common(3)))


if __name__ == "__main__":
    main()

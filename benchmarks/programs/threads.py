"""Four threads: parsing and grouping under the GIL, hashing and compressing of buffers without it.

Argument: number of parcels a thread handles (default 60).
"""

import hashlib
import sys
import threading
import zlib

THREADS = 4


def make_rows(seed):
    """3,000 rows of text, split into fields."""
    return [("%d,%d,row %d" % (seed + i, i % 37, i)).split(",") for i in range(3000)]


def group(rows):
    """Rows by their second field."""
    groups = {}
    for row in rows:
        groups.setdefault(row[1], []).append((int(row[0]), row[2]))
    return groups


def handle(seed, parcels, results):
    """Make, group, pack and hash parcels; the packed ones are kept until the thread ends."""
    packed = []
    digest = hashlib.sha256()
    for parcel in range(parcels):
        groups = group(make_rows(seed + parcel))
        text = repr(groups["7"]).encode("ascii") * 40
        digest.update(bytearray(text))
        packed.append(zlib.compress(text, 1))
    results[seed] = (sum(len(part) for part in packed), digest.hexdigest())


def main(parcels):
    """Run the threads and print what they found."""
    results = {}
    workers = [threading.Thread(target=handle, args=(1000 * n, parcels, results)) for n in range(THREADS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for seed in sorted(results):
        print(seed, results[seed][0], results[seed][1][:16])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)

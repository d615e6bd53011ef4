"""json.loads of a document of some 3 MB, again and again; the last two results are kept.

Argument: number of documents (default 16).
"""

import json
import sys


def document():
    """JSON text of 8,000 records."""
    records = []
    for i in range(8000):
        records.append(
            {
                "id": 100000 + i,
                "name": "sensor number %d" % i,
                "position": {"lat": 40.0 + i / 977.0, "lon": 7.0 + i / 1013.0, "height": i % 300 + 300},
                "readings": [i * k % 2048 / 8.0 for k in range(12)],
                "tags": ["zone-%d" % (i % 40), "type-%d" % (i % 7)],
                "active": i % 3 == 0,
                "note": None,
            }
        )
    return json.dumps(records)


def main(documents):
    """Parse and sum up."""
    text = document()
    previous = None
    total = 0
    for _ in range(documents):
        records = json.loads(text)
        total += sum(record["position"]["height"] for record in records)
        if previous is not None:
            total -= len(previous)
        previous = records
    print(total)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 16)

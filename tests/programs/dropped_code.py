"""Creates, runs and drops code objects all the time, so that their addresses are used again by others.

    dropped_code.py ACCOUNT SEED ROUNDS

Each round's code takes one block at a line and under a name of its own; most of the code objects die at once, some after
a while. ACCOUNT becomes JSON of [[prefix, frames, bytes], ...] as random_stacks.py writes it.
"""

import json
import random
import sys

GRANULE = 32768
HEADER = sys.getsizeof(b"")
ACCOUNT = []


def frames_from(frame):
    result = []
    while frame is not None:
        result.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back
    return result[::-1]


def noted(size):
    ACCOUNT.append(([], frames_from(sys._getframe(1)), size))
    return size - HEADER


SHAPES = [
    "def {name}(size):\n{lines}    return bytes(noted(size))\nblock = {name}(size)",
    "{lines}class {name}:\n    block = bytes(noted(size))\nblock = {name}.block",
    "def {name}(size):\n{lines}    yield bytes(noted(size))\nblock = next({name}(size))",
    "{lines}{name} = lambda: bytes(noted(size))\nblock = {name}()",
    "def {name}(size):\n  def inner():\n{lines}    return bytes(noted(size))\n  return inner\nblock = {name}(size)()",
]


def run_one(chance, number, kept, place):
    """One code object's whole life, but for those that stay alive for a while."""
    lines = "\n" * chance.randrange(5)
    name = f"f{chance.randrange(40)}"
    text = chance.choice(SHAPES).format(name=name, lines=lines)
    scope = {"noted": noted, "size": chance.randrange(1, 100) * GRANULE}
    code = compile(text, f"<code {chance.randrange(60)}>", "exec")
    exec(code, scope)
    kept[number] = scope.pop("block")
    place[chance.randrange(len(place))] = code if chance.random() < 0.3 else None


def main():
    chance = random.Random(int(sys.argv[2]))
    rounds = int(sys.argv[3])
    kept, place = [None] * rounds, [None] * 7
    for number in range(rounds):
        run_one(chance, number, kept, place)
    with open(sys.argv[1], "w") as account:
        json.dump(ACCOUNT, account)


main()

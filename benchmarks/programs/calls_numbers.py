"""Calls that work with ints and floats: each result is a small object that lives for a moment.

Argument: thousands of bodies moved (default 4000).
"""

import sys


class Body:
    """A point with a speed."""

    __slots__ = ("x", "y", "vx", "vy")

    def __init__(self, x, y, vx, vy):
        self.x = x
        self.y = y
        self.vx = vx
        self.vy = vy

    def move(self, seconds):
        """Move in a straight line and bounce at the walls."""
        self.x, self.vx = bounce(self.x + self.vx * seconds, self.vx)
        self.y, self.vy = bounce(self.y + self.vy * seconds, self.vy)


def bounce(place, speed):
    """Place and speed after a wall at 0 or 1000 was met."""
    if place < 0.0:
        return -place, -speed
    if place > 1000.0:
        return 2000.0 - place, -speed
    return place, speed


def squared(body):
    """Squared distance from the origin."""
    return body.x * body.x + body.y * body.y


def triangle(n):
    """Sum of 0 to n, by recursion: ints of some thousands."""
    return n + triangle(n - 1) if n else 1000


def main(thousands):
    """Move 1,000 bodies, `thousands` times."""
    bodies = [Body(float(i), i * 2.0 % 1000.0, i % 17 - 8.25, i % 13 - 6.25) for i in range(1000)]
    farthest = 0.0
    count = 0
    for _ in range(thousands):
        for body in bodies:
            body.move(0.25)
            distance = squared(body)
            if distance > farthest:
                farthest = distance
        for _ in range(40):
            count += triangle(10)
    print(round(farthest, 3), count)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000)

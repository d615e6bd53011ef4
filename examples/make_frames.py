"""Write the frames that the image pipeline looks at: a still camera over a street, one picture every second.

python make_frames.py [FOLDER] [FRAMES]

Each frame is a PPM file, the simplest form of a picture: a line of text with its size, then three bytes a pixel.
"""

import os
import sys

DEFAULT_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "frames")
DEFAULT_FRAMES = 24
WIDTH, HEIGHT = 640, 480
CAR_WIDTH, CAR_HEIGHT = 90, 40
GREY, RED = bytes([96, 98, 104]), bytes([190, 40, 36])


def make_frame(number, frames):
    """The bytes of one frame: the street grows lighter towards the front, and a car crosses it in the second half."""
    rows = [bytes([value // 4 + 60 for value in (row, row, row + 12)]) * WIDTH for row in range(HEIGHT)]
    position = (number - frames // 2) * 55
    if 0 <= position <= WIDTH - CAR_WIDTH:
        for row in range(300, 300 + CAR_HEIGHT):
            rows[row] = rows[row][: 3 * position] + RED * CAR_WIDTH + rows[row][3 * (position + CAR_WIDTH) :]
    for row in range(0, 480, 40):  # the lane marks
        rows[row] = GREY * WIDTH
    return b"P6 %d %d 255\n" % (WIDTH, HEIGHT) + b"".join(rows)


def write_frames(folder=DEFAULT_FOLDER, frames=DEFAULT_FRAMES):
    """Write `frames` files, the same ones every time."""
    os.makedirs(folder, exist_ok=True)
    for number in range(frames):
        with open(os.path.join(folder, "frame-%03d.ppm" % number), "wb") as file:
            file.write(make_frame(number, frames))


def ensure_frames(folder=DEFAULT_FOLDER, frames=DEFAULT_FRAMES):
    """The folder, after the frames were written if the last one was not there."""
    if not os.path.exists(os.path.join(folder, "frame-%03d.ppm" % (frames - 1))):
        write_frames(folder, frames)
    return folder


if __name__ == "__main__":
    write_frames(
        sys.argv[1] if len(sys.argv) > 1 else DEFAULT_FOLDER, int(sys.argv[2]) if len(sys.argv) > 2 else DEFAULT_FRAMES
    )

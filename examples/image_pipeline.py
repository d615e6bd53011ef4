"""Find what moves before a camera: read all frames, even out the light, and compare each frame with the one before.

    python image_pipeline.py [FOLDER]

Needs NumPy. It is quick to write, and right; but every step works on all frames at once, in float64.
"""

import os
import sys

import numpy as np
from make_frames import ensure_frames


def read_frame(path):
    """One PPM file as an array of height x width x 3 bytes."""
    with open(path, "rb") as file:
        _kind, width, height, _most = file.readline().split()
        return np.frombuffer(file.read(), dtype=np.uint8).reshape(int(height), int(width), 3)


def read_frames(folder):
    """All frames in one array."""
    names = sorted(name for name in os.listdir(folder) if name.endswith(".ppm"))
    return np.stack([read_frame(os.path.join(folder, name)) for name in names])


def even_light(frames):
    """The frames as numbers from 0 to 1, each with the same mean."""
    light = frames.astype(float)
    light /= 255
    light -= light.mean(axis=(1, 2, 3), keepdims=True)
    return light


def movement(light):
    """For each frame but the first: how much has changed, and where the middle of it is (row, column)."""
    found = []
    for before, after in zip(light[:-1], light[1:]):
        change = np.abs(after - before).sum(axis=2)
        change[change < 0.2] = 0
        total = change.sum()
        if total:
            rows, columns = np.indices(change.shape)
            found.append((total, (rows * change).sum() / total, (columns * change).sum() / total))
        else:
            found.append((0.0, 0.0, 0.0))
    return found


def main():
    """Print when and where something moved."""
    folder = sys.argv[1] if len(sys.argv) > 1 else ensure_frames()
    frames = read_frames(folder)
    light = even_light(frames)
    print("%d frames of %d x %d" % (len(frames), frames.shape[2], frames.shape[1]))
    for number, (total, row, column) in enumerate(movement(light), 1):
        if total:
            print("frame %2d: movement %7.0f round row %3.0f, column %3.0f" % (number, total, row, column))


if __name__ == "__main__":
    main()

"""Batch work on large NumPy arrays: few allocations, each of them megabytes.

Argument: number of batches (default 14). Live at the peak: some 190 MiB.
"""

import sys

import numpy as np

VALUES = 2000000


def load(seed):
    """A batch of readings, two columns of `VALUES` float64."""
    random = np.random.RandomState(seed)
    return random.random_sample((2, VALUES))


def smooth(series, width):
    """Moving average over `width` values."""
    sums = np.cumsum(series)
    return (sums[width:] - sums[:-width]) / width


def summarize(batch):
    """Quartiles of the outliers and a histogram of the smoothed signal."""
    signal, weight = batch
    weighted = signal * weight
    smoothed = smooth(weighted, 50)
    spread = np.sqrt(np.square(signal[50:] - smoothed))
    outliers = np.sort(spread[spread > 0.5])
    counts, _ = np.histogram(smoothed, bins=64)
    return outliers[len(outliers) // 4], counts


def main(batches):
    """Summarize every batch, keeping the one before for comparison."""
    previous = load(0)
    total = 0.0
    for seed in range(1, batches + 1):
        batch = load(seed)
        quartile, counts = summarize(np.abs(batch - previous))
        total += float(quartile) + float(counts.mean())
        previous = batch
    print(round(total, 6))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 14)

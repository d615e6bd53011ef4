"""NumPy, SciPy, scikit-learn and numba: arrays on the lines that made them."""

from typing import Any

import numba
import numpy as np
import scipy.fft
import scipy.sparse
import sklearn.preprocessing
from accounts import expect, peak_is_now

SIZE = 1_000_000


def kept(name: str, *arrays: Any) -> Any:
    """Say how large arrays are."""
    expect(name, sum(array.nbytes for array in arrays))
    return arrays


@numba.njit  # type: ignore[untyped-decorator]
def doubled(array: Any) -> Any:
    result = np.empty(array.size)
    for i in range(array.size):
        result[i] = array[i] * 2
    return result


@numba.njit  # type: ignore[untyped-decorator]
def as_list(count: int) -> Any:
    return [np.full(1000, float(i)) for i in range(count)]


# Compiled code, and tables that are made once.
doubled(np.ones(3))
as_list(3)
scipy.fft.fft(np.ones(SIZE))
scipy.sparse.random(10, 10, 0.5, format="csr", random_state=1).tocsc()
sklearn.preprocessing.StandardScaler().fit_transform(np.ones((10, 2)))

plain = np.arange(SIZE, dtype=np.float64)  # MARK arange
things = [kept("arange", plain)]
twice = doubled(plain)  # MARK numba
things += [kept("numba", twice)]
many = as_list(500)  # MARK numba list
things += [kept("numba list", *many)]
small = [np.empty(n % 100, dtype=np.uint8) for n in range(20_000)]  # MARK small
things += [kept("small", *small)]
spectrum = scipy.fft.fft(plain)  # MARK fft
things += [kept("fft", spectrum)]
matrix = scipy.sparse.csr_matrix((plain, (np.arange(SIZE) % 1000, np.arange(SIZE) // 1000)), shape=(1000, 1000))
turned = matrix.tocsc()  # MARK sparse
things += [kept("sparse", turned.data, turned.indices, turned.indptr)]
scaled = sklearn.preprocessing.StandardScaler().fit_transform(plain.reshape(-1, 2))  # MARK scaled
things += [kept("scaled", scaled)]
filler = peak_is_now()

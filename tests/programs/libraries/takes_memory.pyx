# cython: language_level=3
from cpython.mem cimport PyMem_Malloc
from cython.view cimport array
from libc.stdlib cimport malloc
from libc.string cimport memset


def by_malloc(size_t size):
    cdef void *block = malloc(size)
    memset(block, 1, size)
    return <size_t>block


def by_array(size_t count):
    return array(shape=(count,), itemsize=sizeof(double), format="d")


def by_python_malloc(size_t size):
    return <size_t>PyMem_Malloc(size)

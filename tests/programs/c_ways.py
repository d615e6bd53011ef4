"""Calls a C library that takes memory in every way, each from a line of its own.

    c_ways.py FOLDER FILE [PREFERS_ITS_OWN]

FOLDER holds the libraries that the tests compiled, FILE is any file of 2 MiB or more. PREFERS_ITS_OWN: `now` or `lazy`:
the libraries are loaded with RTLD_DEEPBIND, so they find the C library's functions before any that were preloaded.
"""

import ctypes
import os
import sys

FOLDER, FILE = sys.argv[1], sys.argv[2]
EIGHTH = 1 << 17
KEPT = []

# What is not `void *function(size_t bytes)`.
ARGUMENTS = {
    "way_file_mapping": [ctypes.c_char_p, ctypes.c_size_t],
    "way_new_that_throws": [],
    "piece_map_over": [ctypes.c_void_p, ctypes.c_size_t],
    "piece_file_over": [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p],
    "piece_unmap": [ctypes.c_void_p, ctypes.c_size_t],
    "piece_move_over": [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p],
    "piece_free": [ctypes.c_void_p],
    "piece_free_in_a_thread": [ctypes.c_void_p],
    "left_by_failed_malloc": [],
}
ANSWERS = {
    "way_realloc_to_nothing": ctypes.c_int,
    "piece_free": None,
}


DLOPEN = ctypes.CDLL(None).dlopen
DLOPEN.restype, DLOPEN.argtypes = ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_int]


class Library:
    """The functions of a C library, each with its argument and answer types set."""

    def __init__(self, name):
        path = os.path.join(FOLDER, name)
        if not sys.argv[3:]:
            self.library = ctypes.CDLL(path)
        else:
            flags = os.RTLD_DEEPBIND | (os.RTLD_LAZY if sys.argv[3] == "lazy" else os.RTLD_NOW)
            self.library = ctypes.CDLL(path, handle=sure(DLOPEN(path.encode(), flags)))

    def __getattr__(self, name):
        function = getattr(self.library, name)
        function.argtypes = ARGUMENTS.get(name, [ctypes.c_size_t])
        number = name in ARGUMENTS or name in ANSWERS
        function.restype = ANSWERS.get(name, ctypes.c_int if number else ctypes.c_void_p)
        setattr(self, name, function)
        return function


def sure(answer):
    assert answer, "the C function failed"
    return answer


C = Library("libways.so")
MANNERS = Library("libmanners.so")


def whole_ways():
    sure(C.way_malloc(9 * EIGHTH))  # MARK malloc
    sure(C.way_calloc(10 * EIGHTH))  # MARK calloc
    sure(C.way_realloc_of_null(11 * EIGHTH))  # MARK realloc of null
    sure(C.way_realloc_growing(12 * EIGHTH))  # MARK realloc growing
    sure(C.way_realloc_shrinking(13 * EIGHTH))  # MARK realloc shrinking
    sure(C.way_small_reallocs(14 * EIGHTH))  # MARK small reallocs
    sure(C.way_reallocarray(15 * EIGHTH))  # MARK reallocarray
    sure(C.way_posix_memalign(16 * EIGHTH))  # MARK posix_memalign
    sure(C.way_aligned_alloc(17 * EIGHTH))  # MARK aligned_alloc
    sure(C.way_memalign(18 * EIGHTH))  # MARK memalign
    sure(C.way_valloc(19 * EIGHTH))  # MARK valloc
    sure(C.way_pvalloc(20 * EIGHTH))  # MARK pvalloc
    sure(C.way_strdup(21 * EIGHTH))  # MARK strdup
    sure(C.way_asprintf(22 * EIGHTH))  # MARK asprintf
    sure(C.way_mmap(23 * EIGHTH))  # MARK mmap
    sure(C.way_mmap64(24 * EIGHTH))  # MARK mmap64
    sure(C.way_mmap_shared(25 * EIGHTH))  # MARK mmap shared
    sure(C.way_munmap_of_head(26 * EIGHTH))  # MARK munmap of head
    sure(C.way_munmap_of_tail(27 * EIGHTH))  # MARK munmap of tail
    sure(C.way_munmap_of_hole(28 * EIGHTH))  # MARK munmap of hole
    sure(C.way_munmap_of_odd_lengths(29 * EIGHTH))  # MARK munmap of odd lengths
    sure(C.way_mremap_growing(32 * EIGHTH))  # MARK mremap growing
    sure(C.way_mremap_moving(34 * EIGHTH))  # MARK mremap moving
    sure(C.way_mremap_shrinking(9 * EIGHTH))  # MARK mremap shrinking
    sure(C.way_pthread(10 * EIGHTH))  # MARK pthread
    sure(C.way_pthread_of_a_pthread(11 * EIGHTH))  # MARK pthread of a pthread
    sure(C.way_free_of_a_part(12 * EIGHTH))  # MARK free of a part
    sure(C.way_realloc_to_nothing(9 * EIGHTH))  # MARK realloc to nothing
    sure(C.way_file_mapping(FILE.encode(), 16 * EIGHTH))  # MARK file mapping


def plus_plus_ways():
    if not os.path.exists(os.path.join(FOLDER, "libnewed.so")):
        return
    C = Library("libnewed.so")
    sure(C.way_new(13 * EIGHTH))  # MARK new
    sure(C.way_new_array(14 * EIGHTH))  # MARK new array
    sure(C.way_new_nothrow(15 * EIGHTH))  # MARK new nothrow
    sure(C.way_new_aligned(16 * EIGHTH))  # MARK new aligned
    sure(C.way_vector(17 * EIGHTH))  # MARK vector
    sure(C.way_new_that_throws())  # MARK new that throws


def mapping_over_mappings():
    below = sure(C.piece_map(32 * EIGHTH))  # MARK mapped over
    sure(C.piece_map_over(below + 8 * EIGHTH, 12 * EIGHTH))  # MARK mapped over it


def file_over_mapping():
    below = sure(C.piece_map(32 * EIGHTH))  # MARK file over
    sure(C.piece_file_over(below + 8 * EIGHTH, 12 * EIGHTH, FILE.encode()))  # MARK file over it


def unmap_across():
    whole = sure(C.piece_map(72 * EIGHTH))  # MARK across all
    sure(C.piece_map_over(whole, 24 * EIGHTH))  # MARK across first
    sure(C.piece_map_over(whole + 24 * EIGHTH, 24 * EIGHTH))  # MARK across second
    sure(C.piece_map_over(whole + 48 * EIGHTH, 24 * EIGHTH))  # MARK across third
    sure(C.piece_unmap(whole + 14 * EIGHTH, 50 * EIGHTH))


def holes_by_holes():
    whole = sure(C.piece_map(64 * EIGHTH))  # MARK holes
    for place in range(0, 64, 2):
        sure(C.piece_unmap(whole + place * EIGHTH, EIGHTH // 2))
    sure(C.piece_unmap(whole + 32 * EIGHTH, 32 * EIGHTH))


def moved_over_another():
    below = sure(C.piece_map(32 * EIGHTH))  # MARK moved over
    other = sure(C.piece_map(10 * EIGHTH))  # MARK moved
    sure(C.piece_move_over(other, 10 * EIGHTH, below + 4 * EIGHTH))  # MARK moving


def freed_elsewhere():
    block = sure(C.piece_malloc(20 * EIGHTH))  # MARK freed in a thread
    sure(C.piece_free_in_a_thread(block))
    blocks = [sure(C.piece_malloc(10 * EIGHTH)) for _ in range(4)]  # MARK freed from another line
    for block in blocks[:3]:
        C.piece_free(block)


def used_again():
    for _ in range(200):
        C.piece_free(sure(C.piece_malloc(9 * EIGHTH)))  # MARK used again and freed
        block = sure(C.piece_malloc(9 * EIGHTH))  # MARK used again
        C.piece_free(block)
    sure(C.piece_malloc(9 * EIGHTH))  # MARK used again at last


def failures():
    sure(MANNERS.left_by_failed_realloc(18 * EIGHTH))  # MARK failed realloc
    sure(MANNERS.left_by_failed_mappings(19 * EIGHTH))  # MARK failed mappings
    sure(MANNERS.left_by_failed_malloc())  # MARK failed malloc


def manners():
    for name in (
        "manners_errno_is_kept",
        "manners_failures_say_why",
        "manners_nothing",
        "manners_usable_size",
    ):
        line = getattr(MANNERS.library, name)()
        print(name, "right" if line == 0 else f"failed in line {line} of manners.c")


whole_ways()
plus_plus_ways()
mapping_over_mappings()
file_over_mapping()
unmap_across()
holes_by_holes()
moved_over_another()
freed_elsewhere()
used_again()
failures()
manners()
KEPT.append(bytes(1024 * EIGHTH))  # MARK last

// Ways to ask for more memory than there can be; each gives what the failing call gave, or dies of it.
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <new>
#include <sys/mman.h>

extern "C" {

void *starve_malloc(std::size_t n) { return std::malloc(n); }
void *starve_calloc(std::size_t n) { return std::calloc(n / 8, 8); }
void *starve_memalign(std::size_t n) { return memalign(4096, n); }
void *starve_aligned_alloc(std::size_t n) { return aligned_alloc(64, n); }
void *starve_valloc(std::size_t n) { return valloc(n); }

void *starve_realloc(std::size_t n)
{
    void *block = std::malloc(100);
    void *moved = std::realloc(block, n);
    if (moved == nullptr) {
        std::free(block);
    }
    return moved;
}

void *starve_reallocarray(std::size_t n) { return reallocarray(nullptr, n / 8, 8); }

void *starve_posix_memalign(std::size_t n)
{
    void *block = nullptr;
    return posix_memalign(&block, 4096, n) == 0 ? block : nullptr;
}

void *starve_mmap(std::size_t n)
{
    void *mapped = mmap(nullptr, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mapped == MAP_FAILED ? nullptr : mapped;
}

void *starve_mremap(std::size_t n)
{
    void *mapped = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void *larger = mremap(mapped, 4096, n, MREMAP_MAYMOVE);
    if (larger == MAP_FAILED) {
        munmap(mapped, 4096);
        return nullptr;
    }
    return larger;
}

void *starve_new_nothrow(std::size_t n) { return ::operator new(n, std::nothrow); }

// What follows dies.
void starve_new(std::size_t n) { std::memset(::operator new(n), 1, 10); } // an exception that C code cannot catch
void starve_abort(std::size_t n)
{
    if (std::malloc(n) == nullptr) {
        std::abort();
    }
}
void starve_crash(std::size_t n)
{
    char *volatile block = static_cast<char *>(std::malloc(n));
    block[0] = 1;
}

// No memory is wanted here: an alignment that is none.
int starve_wrong(void)
{
    void *block = nullptr;
    return posix_memalign(&block, 3, 1 << 20) == EINVAL;
}
}

// C++'s own ways to take memory.
#include <cstddef>
#include <new>
#include <vector>

struct alignas(128) Wide {
    char bytes[128];
};

extern "C" {

void *way_new(std::size_t n)
{
    delete[] new char[3 << 20];
    return ::operator new(n);
}

void *way_new_array(std::size_t n)
{
    return new char[n];
}

void *way_new_nothrow(std::size_t n)
{
    return new (std::nothrow) char[n];
}

void *way_new_aligned(std::size_t n)
{
    delete[] new Wide[100];
    return new Wide[n / sizeof(Wide)];
}

void *way_vector(std::size_t n)
{
    auto *vector = new std::vector<char>();
    vector->reserve(n / 2);
    vector->reserve(n);
    return vector;
}

int way_new_that_throws()
{
    try {
        return ::operator new(static_cast<std::size_t>(1) << 60) == nullptr;
    } catch (const std::bad_alloc &) {
        return 1;
    }
}
}

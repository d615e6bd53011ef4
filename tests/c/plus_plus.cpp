// What C++ programs take: by operators of every kind, in their own code and in the C++ library's.
#include <cstddef>
#include <cstdlib>
#include <map>
#include <new>
#include <string>
#include <vector>

struct alignas(64) Wide {
    char bytes[64];
};

static std::vector<char *> kept;

extern "C" {

// n blocks of 8 bytes; all others are given back
void tiny_new(std::size_t n)
{
    kept.reserve(2 * n);
    for (std::size_t i = 0; i < 2 * n; i++)
        kept.push_back(reinterpret_cast<char *>(new double));
    for (std::size_t i = 0; i < 2 * n; i += 2)
        delete reinterpret_cast<double *>(kept[i]);
    std::vector<char *>().swap(kept);
}

// the same by malloc
void tiny_malloc(std::size_t n)
{
    kept.reserve(2 * n);
    for (std::size_t i = 0; i < 2 * n; i++)
        kept.push_back(static_cast<char *>(std::malloc(8)));
    for (std::size_t i = 0; i < 2 * n; i += 2)
        std::free(kept[i]);
    std::vector<char *>().swap(kept);
}

// n blocks of 64 bytes; all others are given back
void aligned_new(std::size_t n)
{
    for (std::size_t i = 0; i < n; i++) {
        delete new Wide;
        Wide *one = new (std::nothrow) Wide;
        one->bytes[0] = 1;
    }
}

// a text of n bytes, which the library makes, and copies that go away
void text(std::size_t n)
{
    static std::string one;
    one.reserve(n - 1);
    std::string other(n, 'x');
    other.append(n, 'y');
}

// nothing stays
void throws(void)
{
    try {
        kept.push_back(static_cast<char *>(::operator new(static_cast<std::size_t>(1) << 60)));
    } catch (const std::bad_alloc &) {
        std::map<int, std::string>()[1] = std::string(1000, 'x');
    }
}
}

// SPDX-License-Identifier: MIT
#include "shape.hpp"
#include <vector>

using namespace std;
using Point = pair<int, int>;

namespace geometry::plane {

constexpr double PI = 3.14;

/// A shape.
/// \tparam T number
template <typename T, int N = 2>
class Shape : public Base<T>, private virtual Other {
public:
    using value_type = T;

    Shape() = default;
    explicit Shape(T x) noexcept : x_{x}, Base<T>(x) { init(); }
    Shape(const Shape&) = delete;
    virtual ~Shape() { clear(); }

    //! Its area.
    virtual double area() const = 0;

    /// Moves it.
    [[nodiscard]] Shape& move(T by) & { x_ += by; return *this; }

    T operator()(int i) const { return x_; }
    bool operator==(const Shape& other) const { return x_ == other.x_; }
    explicit operator bool() const { return true; }

    template <class U>
    auto convert(U&& u) -> decltype(u) { return std::forward<U>(u); }

    static int* count() { return &count_; }

    struct Inner {
        int a;
        void help() {}
    };

    enum class Kind : unsigned char { round, square };

private:
    T x_;
    static int count_;
    friend void peek(const Shape& s) { (void)s; }
};

// Out of class.
template <typename T, int N>
int Shape<T, N>::count_ = 0;

/* Clears. */
template <typename T, int N>
inline void Shape<T, N>::clear() {
    auto each = [this](auto& item) { item = 0; };
    each(x_);
}

Circle::Circle(double r) : r_(r) {}

Circle::~Circle() {}

double Circle::area() const { return PI * r_ * r_; }

Circle& Circle::operator=(const Circle& other) & { return *this; }

std::ostream& operator<<(std::ostream& out, const Circle& c) { return out << "größe 🙂"; }

Circle::operator int() const { return 1; }

Circle::Part::Part() {}

namespace {

int hidden(int x) { return x; }

}  // namespace

}  // namespace geometry::plane

template <>
int spec<int>(int a) { return a; }

template <typename T>
concept Drawable = requires(T t) { t.draw(); };

extern "C" {
int exported(void) { return 1; }
}

auto compare = [](int a, int b) -> bool {
    return a < b;
};

union Bits { int i; float f; };

typedef struct Config {
    int depth;
} Config;

int* const* pointers() { return nullptr; }

const std::string& name() { static std::string n; return n; }

#define SQUARE(x) ((x) * (x))

TEST(Shape, HasArea) {
    EXPECT_EQ(1, 1);
}

int main() try { return 0; } catch (...) { return 1; }

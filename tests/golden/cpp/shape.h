#pragma once

namespace geometry {

class Shape;

/// Makes one.
Shape* make(int kind);

struct Box {
    Box(int a) : a(a) {}
    int a;
    int volume() const;
};

inline int Box::volume() const { return a * a * a; }

}

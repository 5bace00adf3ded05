"""
    Geometry

Shapes and what can be done with them.
"""
module Geometry

using LinearAlgebra: norm
export Point, area

const ORIGIN = (0.0, 0.0)

"Something with an area."
abstract type Shape end

"""
A point in the plane.
"""
struct Point{T<:Real} <: Shape
    x::T
    y::T

    # Makes a point on the diagonal.
    Point{T}(x::T) where {T<:Real} = new{T}(x, x)

    function Point(x::T, y::T) where T
        new{T}(x, y)
    end
end

Base.@kwdef mutable struct Circle <: Shape
    center::Point = Point(0, 0)
    radius::Float64 = 1.0
end

@enum Colour red green blue

"""
    area(c::Circle)

The area of a circle.
"""
function area(c::Circle)::Float64
    square(x) = x^2
    function helper(r)
        return π * square(r)
    end
    helper(c.radius)
end

area(p::Point) = 0.0

# Adds two points,
# part by part.
Base.:+(a::Point, b::Point) = Point(a.x + b.x, a.y + b.y)

function Base.show(io::IO, p::Point{T}) where {T<:Real}
    print(io, "($(p.x), $(p.y)) größe 🙂")
end

(c::Circle)(x) = x < c.radius

@inline function fast(x::T, ys...; scale=2) where {T}
    return x * scale
end

"Checks a condition at run time."
macro check(condition)
    return :( $(esc(condition)) || error("failed") )
end

@doc "Doubles a number." double(x) = 2x

half = x -> x / 2

third = function (x)
    return x / 3
end

∇(f, x; δ=1e-6) = (f(x + δ) - f(x)) / δ

größe(s::String)::Int where {} = length(s)

function later end

@generated function unrolled(x)
    :(x + x)
end

let counter = 0
    global function next!()
        counter += 1
    end
end

map([1, 2]) do x
    x + 1
end

module Inner
    twice(x) = 2x
    if VERSION > v"1.6"
        function modern()
            "function fake() end"
        end
    end
end

primitive type Int24 <: Integer 24 end

end # module

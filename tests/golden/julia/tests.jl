using Test

"Adds one, at once."
@inline @propagate_inbounds function increment(x)
    x + 1
end

@testset "increment" begin
    @test increment(1) == 2
    @testset "of $T works. Always" for T in (Int, Float64)
        @test increment(T(1)) == 2
    end
end

struct Wrapper
    value
end
(w::Wrapper)() = w.value
Base.:(==)(a::Wrapper, b::Wrapper) = a.value == b.value

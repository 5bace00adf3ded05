one() = 1

function two(x)
    return 2
end

function bad(x
    return x +
end

function three()
    return 3
end

function open_end()
    if true

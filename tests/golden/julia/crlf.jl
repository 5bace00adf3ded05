"""
Says hello.
"""
function hello(name)
    return "hello $name"
end

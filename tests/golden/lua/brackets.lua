--[[ The first block comment. ]]
local index = {1, 2}

local last = index[index[1]]
local function after_brackets()
  return last
end

--[==[
Long brackets of a level.
]==]
local function level() return "]]" end

local operator = {}

--- Applies a function.
function operator.call(fn, ...)
  return fn(...)
end

return { wrap = function(x) return { x } end }

#!/usr/bin/env lua
--- A small vector.
-- @module vector
local M = {}

local Vector = {}
Vector.__index = Vector

--- Makes a vector.
-- @param x first part
-- @return the vector
function M.new(x, y)
  return setmetatable({ x = x, y = y }, Vector)
end

---@param other Vector
---@return number
function Vector:dot(other)
  return self.x * other.x + self.y * other.y
end

function M.deep.nested.call(n)
  return n
end

local function clamp(n, low, high)
  return math.max(low, math.min(high, n))
end

--[[
Scales a vector
in place.
]]
M.scale = function(vector, by)
  local function part(name)
    vector[name] = clamp(vector[name] * by, -1, 1)
  end
  part("x")
  part("y")
end

local double <const> = function(n)
  return n * 2
end

local half, third = function(n) return n / 2 end, function(n) return n / 3 end

M["größe"] = function(self)
  return #"Größe: end" + self.x
end

local handlers = {
  -- Runs when it opens.
  on_open = function(event)
    print(event, "🙂")
  end,
  ["on-close"] = function()
    print([[function fake() end]])
  end,
  nested = {
    on_key = function(key)
      return key
    end,
  },
  function() return "nameless" end,
}

function Vector.__add(a, b) return M.new(a.x + b.x, a.y + b.y) end

function global_one(...)
  local args = { ... }
  return #args
end

describe("vector", function()
  it("adds", function()
    assert(M.new(1, 2) + M.new(1, 2))
  end)
end)

for _, name in ipairs({ "x", "y" }) do
  handlers[name] = function() return name end
end

return M

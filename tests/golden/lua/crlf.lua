-- Says hello
-- to somebody.
local function hello(name)
  return "hello " .. name
end

return hello

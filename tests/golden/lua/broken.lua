local M = {}

function M.one()
  return 1
end

function M.bad(x
  return x +
end

function M.three()
  return 3
end

function M.open()
  if true then

--- How often the server was lost: now and then it is started again, again and again it is left alone.
local M = {}

local MOST, SECONDS = 5, 180

---@type number[] when, in seconds
local times = {}

--- Count one.
---@param how string the end of a sentence
---@param was_ready boolean whether the server had said anything before
---@return string? given_up the sentence with which to leave it alone; nil when it is to be started again
function M.count(how, was_ready)
  if not was_ready then
    return ("the server ended %s before it said anything; ':Vizsla log' and :checkhealth vizsla may say why"):format(
      how
    )
  end
  local now = vim.uv.hrtime() / 1e9
  times = vim.tbl_filter(function(at)
    return now - at < SECONDS
  end, times)
  table.insert(times, now)
  if #times >= MOST then
    local said = "the server ended %s, %d times in %d minutes, and is left alone until the next question;"
    said = said:format(how, #times, SECONDS / 60) .. " ':Vizsla log' may say why"
    times = {}
    return said
  end
end

return M

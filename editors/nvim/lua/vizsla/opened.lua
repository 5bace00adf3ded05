--- Tells the server which hits the user went to. It notes them only where its setting feedback.enabled is on.
local connection = require("vizsla.connection")

local M = {}

local METHOD = "vizsla/opened"

--- The user went to a hit of a question in words.
---@param query? string the question; nothing is told without one
---@param hit vizsla.Hit
function M.tell(query, hit)
  local server = query and query ~= "" and connection.get()
  local ours = server and vim.tbl_get(server.server_capabilities or {}, "experimental", "vizsla") or {}
  if server and vim.tbl_contains(ours.notifications or {}, METHOD) then -- not by a server of before
    connection.call(server, "notify", METHOD, { query = query, location = hit.location })
  end
end

return M

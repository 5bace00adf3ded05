--- Commands of the server, on one folder or on all.
local client = require("vizsla.client")
local tell = require("vizsla.tell")

local M = {}

--- Run a command of the server.
---@param name string such as "vizsla.pause"
---@param argument fun(uri?: string): any its argument, given the folder of the current buffer; nil for none
---@param on_done fun()
function M.execute(name, argument, on_done)
  local bufnr = vim.api.nvim_get_current_buf()
  client.ready(bufnr, function(server, problem, folder)
    if not server then
      return tell.user(assert(problem))
    end
    local arguments = { argument(folder and vim.uri_from_fname(folder)) }
    client.request(server, "workspace/executeCommand", { command = name, arguments = arguments }, function(err)
      if err then
        return tell.user(err.message)
      end
      on_done()
    end, bufnr)
  end)
end

--- Run a command of the server on the folder of the current buffer, and say that it is done.
---@param name string
---@param everywhere boolean on all folders instead
---@param said string
function M.on_folder(name, everywhere, said)
  M.execute(name, function(uri)
    return not everywhere and uri or nil
  end, function()
    tell.user(said, vim.log.levels.INFO)
  end)
end

return M

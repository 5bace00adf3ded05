--- The server's process: where its program is, how it is started, whether its end was meant.
local options = require("vizsla.options")

local M = {}

--- Where the program may lie when it is not on $PATH: the README's virtual environment, then pipx and uv.
local places = { "~/.vizsla/bin/vizsla", "~/.local/bin/vizsla" }

--- The program, without arguments.
---@return string? path
---@return string? problem one sentence: what is wrong and what to do
function M.program()
  local cmd = options.get().cmd
  if cmd then
    local path = vim.fn.exepath(tostring(cmd[1] or ""))
    if path ~= "" then
      return path
    end
    return nil,
      ("the server '%s', which the option 'cmd' names, cannot be run; correct it, or leave it out to have the server found"):format(
        tostring(cmd[1])
      )
  end
  for _, place in ipairs({ "vizsla", unpack(places) }) do
    local path = vim.fn.exepath(vim.fn.expand(place))
    if path ~= "" then
      return path
    end
  end
  return nil,
    "the server 'vizsla' was not found on $PATH nor as "
      .. table.concat(places, " or ")
      .. "; install it (python3 -m venv ~/.vizsla && ~/.vizsla/bin/pip install . in a copy of Vizsla), or name it by"
      .. " require('vizsla').setup({ cmd = { '/path/to/vizsla', 'serve' } })"
end

--- The whole command that serves an editor.
---@return string[]? cmd
---@return string? problem
function M.command()
  local program, problem = M.program()
  if not program then
    return nil, problem
  end
  local given = options.get()
  if given.cmd then
    return { program, unpack(given.cmd, 2) }
  end
  return { program, "serve", "--log-level", given.log_level }
end

--- Called when a process ends that nobody told to: with the exit code, the signal, and whether it had answered.
---@type fun(code: integer, signal: integer)
M.on_lost = function() end

--- Starts the server; what a client's `cmd` is. The end that a user asks for is told apart from a crash here, because
--- no version of Neovim says it.
---@param dispatchers vim.lsp.rpc.Dispatchers
---@return vim.lsp.rpc.PublicClient?
function M.start(dispatchers)
  local cmd, problem = M.command()
  if not cmd then
    error(problem, 0)
  end
  local is_meant = false
  local on_exit = dispatchers.on_exit
  dispatchers = vim.tbl_extend("force", dispatchers, {
    on_exit = function(code, signal)
      on_exit(code, signal)
      if not is_meant then
        vim.schedule(function()
          if vim.v.exiting == vim.NIL then
            M.on_lost(code, signal)
          end
        end)
      end
    end,
  })
  local rpc = vim.lsp.rpc.start(cmd, dispatchers)
  if rpc then
    local terminate, notify = rpc.terminate, rpc.notify
    rpc.terminate = function(...)
      is_meant = true
      return terminate(...)
    end
    rpc.notify = function(method, ...)
      is_meant = is_meant or method == "exit"
      return notify(method, ...)
    end
  end
  return rpc
end

return M

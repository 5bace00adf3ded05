--- Neovims that are driven from outside: a runner (nvim -l) and the children that it types into, each with a main loop
--- of its own, the real plug-in and the real server.
local M = {}

local passed, failed = 0, 0
---@type table<string, { child: vizsla.test.Child, root: string }> by what stands in their init.lua
local shops = {}
local WAIT_MS = 120000 -- machines under test may be slow; whatever is waited for comes in a moment

---@param name string a sentence of behaviour
---@param body fun()
function M.test(name, body)
  local only = vim.env.VIZSLA_TEST_ONLY
  if only and only ~= "" and not name:find(only, 1, true) then
    return
  end
  local begun = vim.uv.hrtime()
  local is_good, problem = xpcall(body, debug.traceback)
  M.quit_others(is_good)
  local seconds = (vim.uv.hrtime() - begun) / 1e9
  if is_good then
    passed = passed + 1
    io.write(("ok - %s (%.1f s)\n"):format(name, seconds))
  else
    failed = failed + 1
    io.write("not ok - " .. name .. "\n" .. tostring(problem) .. "\n")
  end
  io.flush()
end

function M.finish()
  M.quit_others(false)
  io.write(("%d passed, %d failed\n"):format(passed, failed))
  io.flush()
  os.exit(failed == 0 and 0 or 1)
end

---@param actual any
---@param expected any
---@param what? string
function M.equal(actual, expected, what)
  if not vim.deep_equal(actual, expected) then
    error(("%s: expected %s, got %s"):format(what or "value", vim.inspect(expected), vim.inspect(actual)), 2)
  end
end

---@param text string
---@param part string
function M.contains(text, part)
  if not text:find(part, 1, true) then
    error(("expected %q in %s"):format(part, text), 2)
  end
end

local files = 0

--- A small workspace of its own, in a folder that git would know.
---@param contents? table<string, string>
---@return string path
function M.workspace(contents)
  files = files + 1
  local root = ("%s/%d/shop"):format(vim.env.VIZSLA_TEST_FOLDER, files)
  for path, text in pairs(contents or vim.json.decode(vim.env.VIZSLA_TEST_SHOP)) do
    vim.fn.mkdir(vim.fs.dirname(root .. "/" .. path), "p")
    local file = assert(io.open(root .. "/" .. path, "w"))
    file:write(text)
    file:close()
  end
  vim.fn.mkdir(root .. "/.git", "p")
  return root
end

--- The lines of the notes that the server made of opened hits of a question.
---@param query string
---@return string[]
function M.noted(query)
  local path = vim.env.VIZSLA_CACHE_DIR .. "/feedback.jsonl"
  return vim.tbl_filter(function(line)
    return line:find(query, 1, true) ~= nil
  end, vim.fn.filereadable(path) == 1 and vim.fn.readfile(path) or {})
end

--- The real server, run by Python after something about it was changed; what a user's init.lua says to have it.
---@param change string Python
---@return string
function M.another_server(change)
  local code = change .. "\nimport sys; sys.argv = ['vizsla', 'serve']\nfrom vizsla.cli.__main__ import main\nmain()"
  local python = vim.fs.dirname(vim.fn.exepath("vizsla")) .. "/python"
  return ("require('vizsla').setup({ cmd = { %q, '-c', %q } })"):format(python, code)
end

---@class vizsla.test.Child
---@field channel integer
local Child = {}
Child.__index = Child

---@type vizsla.test.Child[]
local children = {}

--- Start a Neovim in a folder, as a user does who has put the plug-in on the runtime path.
---@param folder string
---@param before? string Lua that stands in the user's init.lua
---@return vizsla.test.Child
function M.open(folder, before)
  local command =
    { vim.v.progpath, "--clean", "--embed", "--headless", "--cmd", "set runtimepath^=" .. vim.env.VIZSLA_PLUGIN }
  local init = vim.env.VIZSLA_TEST_FOLDER .. "/init.lua"
  local file = assert(io.open(init, "w"))
  file:write("vim.o.columns, vim.o.lines, vim.o.swapfile = 120, 40, false\n")
  -- Opening a Python file would look for a Python to run plug-ins in, for a second.
  file:write("vim.g.loaded_python3_provider = 0\n")
  -- What a user is told is kept, in order.
  file:write("TOLD = {}; vim.notify = function(said) table.insert(TOLD, said) end\n")
  file:write("OURS = { select = vim.ui.select, input = vim.ui.input, echo = vim.api.nvim_echo }\n")
  file:write((before or "") .. "\nrequire('vizsla.client')\n")
  file:close()
  vim.list_extend(command, { "-S", init })
  local self = setmetatable({}, Child)
  self.channel = vim.fn.jobstart(command, { rpc = true, cwd = folder })
  assert(self.channel > 0, "no Neovim could be started")
  table.insert(children, self)
  return self
end

--- Run Lua in the child, and return what it returns.
function Child:lua(code, ...)
  return vim.rpcrequest(self.channel, "nvim_exec_lua", code, { ... })
end

function Child:command(line)
  return vim.rpcrequest(self.channel, "nvim_command", line)
end

--- Type keys.
function Child:type(keys)
  vim.rpcrequest(self.channel, "nvim_input", keys)
end

--- Wait until Lua in the child returns something true, and return that.
function Child:wait(code, ...)
  local arguments = { ... }
  local found
  local is_good = vim.wait(WAIT_MS, function()
    found = self:lua(code, unpack(arguments))
    return found ~= nil and found ~= vim.NIL and found ~= false
  end, 20)
  if not is_good then
    local told = table.concat(self:lua("return TOLD"), " | ")
    local seen = vim.rpcrequest(self.channel, "nvim_exec2", "messages", { output = true }).output
    error(("never true: %s\ntold: %s\nmessages: %s"):format(code, told, seen), 2)
  end
  return found
end

--- Wait until the user was told something that contains this.
function Child:told(part)
  return self:wait("for _, said in ipairs(TOLD) do if said:find(..., 1, true) then return said end end", part)
end

--- Wait until the server has noted this many opened hits of a question.
---@param query string
---@param count integer
function Child:noted(query, count)
  local is_noted = vim.wait(WAIT_MS, function()
    return #M.noted(query) == count
  end, 20)
  assert(is_noted, ("%d of %d opened hits of %q are noted"):format(#M.noted(query), count, query))
end

--- Ask, and wait for the last answer: the names of the hits, best first, and the whole.
---@param query string
---@param asked? table
function Child:ask(query, asked)
  self:lua(
    [[
      local query, asked = ...
      ANSWER, PROBLEM, STEPS = nil, nil, 0
      require("vizsla").ask(vim.tbl_extend("force", { query = query }, asked), function(result, is_last)
        STEPS = STEPS + 1
        ANSWER = is_last and result or nil
      end, function(sentence) PROBLEM = sentence end)
    ]],
    query,
    asked or vim.empty_dict()
  )
  self:wait("return ANSWER ~= nil or PROBLEM ~= nil")
  local answer, problem = self:lua("return ANSWER"), self:lua("return PROBLEM")
  if problem ~= vim.NIL then
    error(problem, 2)
  end
  return vim.tbl_map(function(hit)
    return hit.name
  end, answer.hits), answer
end

--- Ask until this is the first hit: what just changed takes a moment to be understood. Returns the answer.
---@param query string
---@param name string
function Child:finds(query, name)
  local answer
  local is_found = vim.wait(WAIT_MS, function()
    local names
    names, answer = self:ask(query)
    return names[1] == name
  end, 50)
  assert(is_found, ("%s was never the first hit of %q"):format(name, query))
  return answer
end

--- Wait until the current buffer's unsaved text is the server's.
function Child:attached()
  self:wait("return #vim.lsp.get_clients({ name = 'vizsla', bufnr = 0 }) == 1")
end

--- Wait until everything is indexed.
function Child:ready()
  local is_ready, problem = pcall(self.wait, self, "return require('vizsla.status').activity() == 'ready'")
  if not is_ready then -- what the server says of itself tells a slow machine from a notification that never came
    self:lua("require('vizsla.status').ask(false, function(status) STATUS = status end)")
    vim.wait(5000)
    error(
      problem
        .. "\nknown: "
        .. vim.inspect(self:lua("return require('vizsla.status').folders()"))
        .. "\nserver: "
        .. vim.inspect(self:lua("return STATUS")),
      2
    )
  end
end

--- Start the server, if it does not run, and wait until everything is indexed.
function Child:start()
  self:lua("require('vizsla.client').ready(0, function() end)")
  self:ready()
end

function Child:quit()
  pcall(vim.rpcnotify, self.channel, "nvim_command", "qall!")
  if vim.fn.jobwait({ self.channel }, 20000)[1] == -1 then
    vim.fn.jobstop(self.channel)
  end
end

-- What one test leaves behind, taken away before the next: text, windows, lists, what was replaced and what was told.
local AFRESH = [[
  vim.ui.select, vim.ui.input, vim.api.nvim_echo = OURS.select, OURS.input, OURS.echo
  vim.cmd("silent! tabonly! | silent! only!")
  vim.cmd("silent! %bwipeout!")
  vim.fn.setqflist({}, "f")
  vim.cmd.edit("shop/cart.py")
  require("vizsla.pickers").last = nil
  TOLD = {}
]]

--- A Neovim on the small workspace with everything indexed, its cart open. Tests that change nothing on the disk share
--- it, for most of a test's time would be spent on starting a server.
---@param before? string
---@return vizsla.test.Child, string root
function M.shop(before)
  local known = shops[before or ""]
  if known then
    known.child:type("<C-\\><C-n>")
    known.child:wait("return vim.api.nvim_get_mode().mode:sub(1, 1) == 'n'") -- "nt" in a terminal
    known.child:lua(AFRESH)
  else
    local root = M.workspace()
    known = { child = M.open(root, before), root = root }
    known.child:command("edit shop/cart.py")
    known.child:start()
    shops[before or ""] = known
  end
  known.child:attached()
  known.child:ready()
  return known.child, known.root
end

--- Quit those that are not shared, and after a failure all.
---@param is_good boolean
function M.quit_others(is_good)
  local kept = {}
  for _, child in ipairs(children) do
    local is_shared = false
    for _, known in pairs(is_good and shops or {}) do
      is_shared = is_shared or known.child == child
    end
    if is_shared then
      table.insert(kept, child)
    else
      child:quit()
    end
  end
  children = kept
  shops = is_good and shops or {}
end

return M

--- :checkhealth vizsla answers "why does it not work", from the outside in.
local M = {}

local health = vim.health

local given = require("vizsla.connection").given

---@param words string[]
---@return vim.SystemCompleted?
local function run(words)
  local is_run, done = pcall(function()
    return vim.system(words, { text = true }):wait(60000)
  end)
  return is_run and done or nil
end

--- Wait for something that calls back.
---@param start fun(done: fun(...))
---@return boolean is_answered
---@return ... what it called back with
local function await(start, milliseconds)
  local answer
  start(function(...)
    answer = { ... }
  end)
  local is_answered = vim.wait(milliseconds, function()
    return answer ~= nil
  end, 10)
  return is_answered, unpack(answer or {}, 1, 3)
end

local function check_neovim()
  health.start("Neovim")
  if vim.fn.has("nvim-0.10") == 0 then
    health.error("Vizsla needs Neovim 0.10 or newer, this is " .. tostring(vim.version()), "update Neovim")
    return false
  end
  health.ok("Neovim " .. tostring(vim.version()))
  if vim.g.loaded_vizsla ~= 1 then
    health.warn("plugin/vizsla.lua was not loaded, so there is no :Vizsla", "add the plug-in's folder to 'runtimepath'")
  end
  return true
end

---@return boolean is_found
local function check_program()
  health.start("The server's program")
  local server = require("vizsla.server")
  local program, problem = server.program()
  if not program then
    health.error(assert(problem))
    return false
  end
  health.ok(table.concat(assert(server.command()), " "))
  if require("vizsla.options").get().cmd then
    health.info("this command is the option 'cmd'; what follows asks its program, if it is 'vizsla' itself")
  end
  local said = run({ program, "--version" })
  local version = said and said.code == 0 and said.stdout:match("^vizsla (%S+)")
  if not version then
    local answer = said and vim.trim(said.stdout .. said.stderr):sub(1, 200) or "nothing"
    health.warn(("'%s --version' does not say 'vizsla', but: %s"):format(program, answer), {
      "if it is not meant to be a wrapper, set 'cmd' right or remove that file",
    })
    return true
  end
  health.ok("vizsla " .. version)
  local doctor = run({ program, "doctor", "--json" })
  local is_read, findings = pcall(vim.json.decode, doctor and doctor.stdout or "")
  if not is_read then
    health.warn("'vizsla doctor' cannot be read", "run it in a terminal: " .. program .. " doctor")
    return true
  end
  for _, finding in ipairs(findings) do
    if finding.is_good then
      health.ok(finding.name .. ": " .. finding.detail)
    else
      health.warn(finding.name .. ": " .. finding.detail, finding.remedy ~= "" and finding.remedy or nil)
    end
  end
  return true
end

---@param server vim.lsp.Client
local function check_schema(server)
  local client = require("vizsla.client")
  local ours = vim.tbl_get(server.server_capabilities or {}, "experimental", "vizsla")
  if not ours then
    health.error(
      "what answers is no Vizsla server, or one that is older than this plug-in",
      "update it, or set 'cmd' right"
    )
  elseif ours.schema ~= client.SCHEMA then
    local older = ours.schema > client.SCHEMA and "this plug-in" or "the server"
    health.warn(
      ("the server speaks schema %d, this plug-in schema %d"):format(ours.schema, client.SCHEMA),
      "update " .. older
    )
  else
    health.ok(("both speak schema %d of the messages"):format(ours.schema))
  end
end

---@param bufnr integer
---@return vim.lsp.Client?
local function check_server(bufnr)
  health.start("The running server")
  local client = require("vizsla.client")
  if not client.get() then
    health.info("it was not running; it is started now")
  end
  local is_answered, server, problem = await(function(done)
    client.ready(bufnr, done)
  end, 20000)
  if not is_answered or not server then
    health.error(problem or "the server was not ready within 20 s", "see ':Vizsla log'")
    return nil
  end
  health.ok(("process of client %d, columns in %s"):format(server.id, server.offset_encoding))
  check_schema(server)
  local others = vim.tbl_filter(function(other)
    return other.id ~= server.id
  end, vim.lsp.get_clients({ name = client.NAME }))
  if #others > 0 then
    health.warn(#others .. " more clients named 'vizsla' run", "start it in one way only: setup(), or vim.lsp.enable()")
  end
  return server
end

local function check_status()
  local is_answered, status, problem = await(function(done)
    require("vizsla.status").ask(true, done)
  end, 20000)
  if not is_answered or not status then
    health.error("the server does not say how it is: " .. (problem or "no answer within 20 s"))
    return nil
  end
  for _, sentence in ipairs(status.refusedSettings or {}) do
    health.warn("a setting is refused: " .. sentence)
  end
  for _, root in ipairs(status.roots or {}) do
    health.start("Workspace " .. vim.uri_to_fname(root.uri))
    local index = given(root.index)
    if root.problem ~= "" then
      health.error(root.problem)
    elseif root.activity == "paused" or root.activity == "cancelled" then
      health.warn("indexing is " .. root.activity, "go on with ':Vizsla resume'")
    elseif index then
      local all = ("%d functions in %d files"):format(index.functions, index.files)
      if root.activity ~= "ready" then
        health.info(("%s, %d of %d; %s so far"):format(root.activity, root.done, root.total, all))
      elseif index.functions == 0 then
        health.warn(
          "no functions were found in " .. index.files .. " files",
          "see ':Vizsla! status' for what is left out"
        )
      else
        health.ok(all)
      end
    else
      health.info("it is being opened")
    end
    if index then
      for _, sentence in ipairs(index.degraded or {}) do
        health.warn(sentence)
      end
      local model = given(index.model)
      health.info("model: " .. (model and ("%s on %s"):format(model, index.device) or "none, words alone"))
      if index.failed > 0 then
        health.warn(index.failed .. " files could not be read", "':Vizsla! status' names them")
      end
      if root.watcher == "none" then
        health.warn("changes on the disk are not noticed: " .. root.watcherProblem)
      else
        health.ok("changes on the disk are noticed by: " .. root.watcher)
      end
    end
  end
  return status
end

---@param bufnr integer
---@param server vim.lsp.Client
---@param status table
local function check_buffer(bufnr, server, status)
  local name = vim.api.nvim_buf_get_name(bufnr)
  if name == "" or vim.bo[bufnr].buftype ~= "" then
    return
  end
  health.start("The buffer " .. vim.fn.fnamemodify(name, ":~:."))
  local folder = require("vizsla.workspace").of_file(bufnr)
  if not folder then
    local _, problem = require("vizsla.workspace").of(bufnr)
    return health.warn(
      problem or "it lies in no workspace; questions are about the current directory",
      "add it by ':Vizsla folder {dir}'"
    )
  end
  for _, root in ipairs(status.roots or {}) do
    local index = given(root.index) or {}
    local path = vim.startswith(name, vim.uri_to_fname(root.uri) .. "/") and name:sub(#vim.uri_to_fname(root.uri) + 2)
      or ""
    local reason = (index.skippedFiles or {})[path] or (index.failedFiles or {})[path]
    if reason then
      health.warn("it is left out: " .. reason)
    end
  end
  if vim.lsp.buf_is_attached(bufnr, server.id) then
    health.ok("its unsaved text is searched")
  elseif vim.tbl_contains(require("vizsla.options").get().filetypes, vim.bo[bufnr].filetype) then
    health.warn("it is not attached, so only what is saved is searched", ":edit it again")
  else
    health.info(
      ("filetype '%s' is not served; what is saved is searched if the server knows the language"):format(
        vim.bo[bufnr].filetype
      )
    )
  end
end

---@param bufnr integer
local function check_question(bufnr)
  health.start("A question")
  local begun = vim.uv.hrtime()
  local is_answered, result, problem = await(function(done)
    require("vizsla.question").ask({ query = "read a file", limit = 1, bufnr = bufnr }, function(result, is_last)
      if is_last then
        done(result)
      end
    end, function(sentence)
      done(nil, sentence)
    end)
  end, 20000)
  if not is_answered or not result then
    return health.error("it is not answered: " .. (problem or "nothing came within 20 s"), "see ':Vizsla log'")
  end
  local total = (vim.uv.hrtime() - begun) / 1e6
  health.ok(
    ("%d hits after %.0f ms, %.0f of them in the server"):format(#result.hits, total, result.milliseconds.total)
  )
  for _, note in ipairs(result.notes or {}) do
    health.info(note)
  end
end

local function check_editor()
  health.start("The editor's side")
  local pickers = require("vizsla.pickers")
  local chosen = require("vizsla.options").get().picker
  if type(chosen) == "function" then
    health.ok("hits are shown by a function of yours")
  elseif chosen == "auto" then
    health.ok("hits are shown by: " .. pickers.installed())
  else
    health.ok("hits are shown by: " .. chosen .. ", as the option 'picker' says")
  end
  health.info("log: " .. vim.lsp.log.get_filename())
end

function M.check()
  -- The report opens a buffer of its own; what is asked about is the one before it.
  local bufnr = vim.fn.bufnr("#") > 0 and vim.fn.bufnr("#") or vim.api.nvim_get_current_buf()
  if vim.bo.buftype == "" and vim.api.nvim_buf_get_name(0) ~= "" and vim.bo.filetype ~= "checkhealth" then
    bufnr = vim.api.nvim_get_current_buf()
  end
  if not check_neovim() then
    return
  end
  check_editor()
  if not check_program() then
    return
  end
  local server = check_server(bufnr)
  if not server then
    return
  end
  local status = check_status()
  if status then
    check_buffer(bufnr, server, status)
  end
  check_question(bufnr)
end

return M

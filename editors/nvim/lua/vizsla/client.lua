--- The one client of this Neovim: started when it is needed, shared by all workspace folders, restarted when it is lost.
local connection = require("vizsla.connection")
local options = require("vizsla.options")
local server = require("vizsla.server")
local tell = require("vizsla.tell")
local workspace = require("vizsla.workspace")

local M = {}

M.NAME = connection.NAME
M.get, M.request, M.cancel = connection.get, connection.request, connection.cancel
--- The schema of the messages that this plug-in was written for.
M.SCHEMA = 1
--- How long a server may take to say who it is.
M.initialize_ms = 15000

local HAS_METHODS, call = connection.HAS_METHODS, connection.call

---@alias vizsla.Ready fun(client: vim.lsp.Client?, problem: string?, folder: string?)

---@type { callback: vizsla.Ready, folder: string? }[]
local waiting = {}
---@type string[] absolute paths of the folders that the server serves, or served when it was lost
local folders = {}
local is_initialized = false
local is_enabled = false
local is_told_of_absence = false

--- Called when the server was lost: open questions are to be asked again, or are lost as well, by the sentence given.
---@type fun(given_up?: string)
M.on_lost = function() end

---@param path string
local function folder_of(path)
  return { uri = vim.uri_from_fname(path), name = path }
end

---@param client vim.lsp.Client
---@param folder lsp.WorkspaceFolder
local function announce(client, folder)
  call(client, "notify", "workspace/didChangeWorkspaceFolders", { event = { added = { folder }, removed = {} } })
end

--- Have the client serve this folder too.
---@param client vim.lsp.Client
---@param path string
local function take_folder(client, path)
  client.workspace_folders = client.workspace_folders or {}
  if not vim.tbl_contains(folders, path) then
    table.insert(folders, path)
  end
  for _, folder in ipairs(client.workspace_folders) do
    if vim.uri_to_fname(folder.uri) == path then
      return
    end
  end
  local folder = folder_of(path)
  table.insert(client.workspace_folders, folder)
  if client.initialized then
    announce(client, folder)
  end
end

---@param client? vim.lsp.Client
---@param problem? string
local function answer_waiting(client, problem)
  local answered = waiting
  waiting = {}
  for _, each in ipairs(answered) do
    each.callback(client, problem, each.folder)
  end
end

---@param client vim.lsp.Client
local function on_init(client)
  is_initialized = true
  folders = vim.tbl_map(function(folder)
    return vim.uri_to_fname(folder.uri)
  end, client.workspace_folders or {})
  local ours = vim.tbl_get(client.server_capabilities or {}, "experimental", "vizsla")
  if not ours then
    tell.user(
      "the server is no Vizsla, or one that is older than this plug-in; update it, or see what runs by :checkhealth vizsla",
      vim.log.levels.ERROR
    )
  end
  -- Folders that came while it was starting; the first was named in "initialize".
  for _, folder in ipairs(vim.list_slice(client.workspace_folders or {}, 2)) do
    announce(client, folder)
  end
  answer_waiting(client)
end

--- Whether this client is to serve the folder of `config` as well: there is one server for all folders.
---@param client vim.lsp.Client
---@param config vim.lsp.ClientConfig
local function reuse(client, config)
  if client.name ~= M.NAME or call(client, "is_stopped") then
    return false
  end
  if config.root_dir then
    take_folder(client, config.root_dir)
  end
  return true
end

--- Tell, once, that there is no server.
---@return boolean
local function is_server_found()
  local program, problem = server.program()
  if not program and not is_told_of_absence then
    is_told_of_absence = true
    tell.user(assert(problem))
  end
  return program ~= nil
end

--- What vim.lsp.config() and vim.lsp.start() take.
---@return vim.lsp.Config
function M.config()
  local given = options.get()
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  -- Neovim has it switched off on Linux.
  capabilities.workspace.didChangeWatchedFiles.dynamicRegistration = given.watch_files
  return {
    name = M.NAME,
    cmd = server.start,
    filetypes = given.filetypes,
    root_dir = function(bufnr, on_dir)
      local folder = workspace.of_file(bufnr)
      if folder and is_server_found() then
        on_dir(folder)
      end
    end,
    reuse_client = reuse,
    capabilities = capabilities,
    -- An empty table would be sent as a list.
    settings = next(given.settings) and { vizsla = given.settings } or nil,
    init_options = { schema = M.SCHEMA, statusNotifications = true },
    handlers = {
      ["$/progress"] = function(...)
        return require("vizsla.question").on_progress(...)
      end,
      ["window/showMessage"] = tell.on_message,
      ["vizsla/statusChanged"] = function(...)
        return require("vizsla.status").on_changed(...)
      end,
    },
    on_init = on_init,
  }
end

--- Ours, with what the user said by vim.lsp.config("vizsla", ...).
---@return vim.lsp.Config
local function full_config()
  return HAS_METHODS and vim.deepcopy(vim.lsp.config[M.NAME]) or M.config()
end

---@param folder string
---@return vim.lsp.Config
local function config_for(folder)
  local config = full_config()
  config.name = M.NAME
  config.root_dir = folder
  config.workspace_folders = { folder_of(folder) }
  return config
end

--- Have the client without a buffer, so that one can ask from anywhere.
---@param folder string
local function start(folder)
  is_initialized = false
  connection.start(config_for(folder), reuse)
end

---@param bufnr integer
local function attach(bufnr)
  M.config().root_dir(bufnr, function(folder)
    vim.lsp.start(config_for(folder), { bufnr = bufnr, reuse_client = reuse })
  end)
end

local function attach_open_buffers()
  local filetypes = full_config().filetypes
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.tbl_contains(filetypes, vim.bo[bufnr].filetype) then
      attach(bufnr)
    end
  end
end

--- Serve every buffer of a known filetype in a workspace, those that are open and those to come.
function M.enable()
  if is_enabled then
    return
  end
  is_enabled = true
  if HAS_METHODS then
    vim.lsp.enable(M.NAME)
  else
    vim.api.nvim_create_autocmd("FileType", {
      group = vim.api.nvim_create_augroup("vizsla", {}),
      pattern = options.get().filetypes,
      callback = function(event)
        attach(event.buf)
      end,
    })
  end
  attach_open_buffers()
end

---@param folder string
local function start_all(folder)
  start(folder)
  M.enable()
  local client = M.get()
  vim.defer_fn(function()
    if client and not client.initialized and M.get() == client then
      local cmd = table.concat(server.command() or {}, " ")
      call(client, "stop", true)
      local said = ("'%s' did not answer within %g s as a language server does; see :checkhealth vizsla"):format(
        cmd,
        M.initialize_ms / 1000
      )
      answer_waiting(nil, said)
    end
  end, M.initialize_ms)
end

--- Call back with the initialized client, which is started if need be, or with what is in the way.
---@param bufnr integer the buffer that the question comes from
---@param callback vizsla.Ready
function M.ready(bufnr, callback)
  local folder, problem = workspace.of(bufnr)
  local client = M.get()
  if client and folder then
    take_folder(client, folder)
  elseif not folder then
    return callback(nil, problem)
  end
  if client and client.initialized then
    return callback(client, nil, folder)
  end
  if not client then
    local program, absence = server.program()
    if not program then
      return callback(nil, absence)
    end
  end
  table.insert(waiting, { callback = callback, folder = folder })
  if not client then
    start_all(folder)
  end
end

--- Take the folder at `path` for a workspace, whatever it holds.
---@param path string
function M.add_folder(path)
  workspace.add(path)
  M.ready(vim.api.nvim_get_current_buf(), function(client, problem)
    if client then
      take_folder(client, vim.fs.normalize(path))
    else
      tell.user(assert(problem))
    end
  end)
end

--- Stop the server; it is started again when it is needed.
function M.stop()
  local client = M.get()
  if client then
    call(client, "stop")
  end
end

--- The server ended and nobody told it to: start it again, with all its folders and buffers, but not for ever.
server.on_lost = function(code, signal)
  local how = signal ~= 0 and ("by signal %d"):format(signal) or ("with exit code %d"):format(code)
  require("vizsla.status").on_lost(how)
  local given_up = require("vizsla.crashes").count(how, is_initialized)
  if given_up then
    answer_waiting(nil, given_up)
    M.on_lost(given_up)
    return tell.user(given_up, vim.log.levels.ERROR)
  end
  tell.user(("the server ended %s and is started again"):format(how))
  local lost = folders
  start(lost[1])
  local client = M.get()
  for _, folder in ipairs(client and lost or {}) do
    take_folder(client, folder)
  end
  if is_enabled then
    attach_open_buffers()
  end
  M.on_lost()
end

return M

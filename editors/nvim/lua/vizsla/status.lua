--- What the server says of itself: kept for the statusline, and given to whoever shows more of it.
local client = require("vizsla.client")
local given = require("vizsla.connection").given
local tell = require("vizsla.tell")

local M = {}

---@type vizsla.Folder[]
local folders = {}
---@type string[] what is not as it should be, of all folders
local degraded = {}
---@type vizsla.Preparing?
local preparing
---@type vizsla.Training?
local training
---@type { fingerprint: string, model: string }? the models that answered when it was last asked
local answering
local lost = ""

--- Called with every whole status that comes.
---@type fun(status: table)
M.on_status = function() end

--- What an activity is called before people.
M.WORDS = {
  starting = "starting",
  scanning = "looking at files",
  parsing = "reading",
  embedding = "indexing",
  ready = "ready",
  paused = "paused",
  cancelled = "given up",
  reading = "reading the index of another process",
  failed = "failed",
}

local function tell_changed()
  vim.api.nvim_exec_autocmds("User", { pattern = "VizslaStatus", modeline = false })
  vim.cmd.redrawstatus({ bang = true })
end

--- What is known of each folder.
---@return vizsla.Folder[]
function M.folders()
  return folders
end

--- Say that other models answer from now on; what the server does about models takes a while.
---@param root? table
local function compare_models(root)
  local index = root and given(root.index) or {}
  local fingerprint, model = given(index.fingerprint), given(index.model)
  if not fingerprint or not model then
    return
  end
  if answering and answering.fingerprint ~= fingerprint then
    tell.user(("questions are answered by the model '%s' now"):format(model), vim.log.levels.INFO)
  end
  answering = { fingerprint = fingerprint, model = model }
end

---@param status table the answer to "vizsla/status"
local function take(status)
  degraded = vim.list_extend({}, status.refusedSettings or {})
  for _, root in ipairs(status.roots or {}) do
    local index = given(root.index) or {}
    vim.list_extend(degraded, index.degraded or {})
  end
  preparing, training = given(status.preparing), given(status.training)
  compare_models((status.roots or {})[1])
  M.on_status(status)
  tell_changed()
end

---@param server vim.lsp.Client
---@param with_files boolean
---@param callback fun(status?: table, problem?: string)
local function request(server, with_files, callback)
  client.request(server, "vizsla/status", { files = with_files }, function(err, status)
    if status then
      take(status)
    end
    callback(status, err and err.message)
  end, vim.api.nvim_get_current_buf())
end

--- Ask the server, which is started if need be, for its whole status.
---@param with_files boolean whether every file that is left out is to be named
---@param callback fun(status?: table, problem?: string)
function M.ask(with_files, callback)
  client.ready(vim.api.nvim_get_current_buf(), function(server, problem)
    if not server then
      return callback(nil, problem)
    end
    request(server, with_files, callback)
  end)
end

--- How long a whole status is good for, while the server says that something changes.
local LOOK_MS = 500
local is_looking = false

--- What a change does not say is asked for, a few times a second at most.
local function look()
  if is_looking then
    return
  end
  is_looking = true
  vim.defer_fn(function()
    is_looking = false
    local server = client.get()
    if server and server.initialized then
      request(server, false, function() end)
    end
  end, LOOK_MS)
end

---@type lsp.Handler
function M.on_changed(_, changed)
  if type(changed) ~= "table" or type(changed.roots) ~= "table" then
    return
  end
  lost = ""
  folders = changed.roots
  tell_changed()
  look()
end

--- The server is gone, for now or for good.
---@param how string
function M.on_lost(how)
  folders, degraded, lost = {}, {}, "ended " .. how
  preparing, training, answering = nil, nil, nil
  tell_changed()
end

--- What is being done: of all folders the busiest, and a failure before everything.
---@return vizsla.Activity|""|"lost" activity, "" when no server runs
---@return integer done
---@return integer total
---@return string problem
function M.activity()
  if not client.get() then
    return lost ~= "" and "lost" or "", 0, 0, lost
  end
  local order = { "failed", "embedding", "parsing", "scanning", "starting", "paused", "cancelled", "reading", "ready" }
  for _, activity in ipairs(order) do
    local done, total, problem, is_any = 0, 0, "", false
    for _, folder in ipairs(folders) do
      if folder.activity == activity then
        is_any, done, total = true, done + folder.done, total + folder.total
        problem = problem ~= "" and problem or folder.problem
      end
    end
    if is_any then
      return activity, done, total, problem
    end
  end
  return "starting", 0, 0, ""
end

--- What is not as it should be, one sentence each.
---@return string[]
function M.degraded()
  return degraded
end

--- A number with its thousands apart.
---@param number integer
---@return string
function M.grouped(number)
  return (tostring(number):reverse():gsub("(%d%d%d)(%d)", "%1,%2"):gsub("(%d%d%d)(%d)", "%1,%2"):reverse())
end

---@param done integer
---@param total integer
local function share(done, total)
  return total > 0 and (" %s/%s"):format(M.grouped(done), M.grouped(total)) or ""
end

--- Models that are about to take over, in a few words.
---@param state? vizsla.Preparing
---@return string? words
function M.prepared(state)
  return state
    and ("preparing model %s%s%s"):format(
      state.model,
      share(state.done, state.total),
      state.waits and ", by another process" or ""
    )
end

--- A training, in a few words.
---@param state? vizsla.Training
---@return string? words
function M.trained(state)
  if not state then
    return nil
  elseif state.activity == "stopping" then
    return "stopping the training"
  end
  local stage = state.stage ~= "" and (" %s%s"):format(state.stage, share(state.done, state.total)) or ""
  return "training" .. stage .. (state.activity == "paused" and ", halted while you ask" or "")
end

--- A few words for the statusline; nothing when no server runs.
---@return string
function M.line()
  local activity, done, total, problem = M.activity()
  if activity == "" then
    return ""
  elseif activity == "lost" then
    return "vizsla: " .. problem
  elseif activity == "ready" then
    local more = M.prepared(preparing) or M.trained(training)
    return more and "vizsla: " .. more or #degraded > 0 and "vizsla (!)" or "vizsla"
  elseif total > 0 then
    return ("vizsla: %s%s"):format(M.WORDS[activity], share(done, total))
  end
  return "vizsla: " .. (problem ~= "" and problem or M.WORDS[activity])
end

return M

--- What the server says of itself: kept for the statusline, and shown in full on demand.
local client = require("vizsla.client")

local M = {}

---@type vizsla.Folder[]
local folders = {}
---@type string[] what is not as it should be, of all folders
local degraded = {}
local lost = ""

local WORDS = {
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

--- Ask the server for its whole status.
---@param with_files boolean whether every file that is left out is to be named
---@param callback fun(status?: table, problem?: string)
function M.ask(with_files, callback)
  local bufnr = vim.api.nvim_get_current_buf()
  client.ready(bufnr, function(server, problem)
    if not server then
      return callback(nil, problem)
    end
    client.request(server, "vizsla/status", { files = with_files }, function(err, result)
      callback(result, err and err.message)
    end, bufnr)
  end)
end

---@type lsp.Handler
function M.on_changed(_, changed)
  if type(changed) ~= "table" or type(changed.roots) ~= "table" then
    return
  end
  local was_busy = M.activity() ~= "ready"
  lost = ""
  folders = changed.roots
  tell_changed()
  if was_busy and M.activity() == "ready" then
    M.ask(false, function(status)
      if status then
        degraded = vim.list_extend({}, status.refusedSettings or {})
        for _, root in ipairs(status.roots or {}) do
          vim.list_extend(degraded, (root.index or {}).degraded or {})
        end
        tell_changed()
      end
    end)
  end
end

--- The server is gone, for now or for good.
---@param how string
function M.on_lost(how)
  folders, degraded, lost = {}, {}, "ended " .. how
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

---@param number integer
local function grouped(number)
  return (tostring(number):reverse():gsub("(%d%d%d)(%d)", "%1,%2"):gsub("(%d%d%d)(%d)", "%1,%2"):reverse())
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
    return #degraded > 0 and "vizsla (!)" or "vizsla"
  elseif total > 0 then
    return ("vizsla: %s %s/%s"):format(WORDS[activity], grouped(done), grouped(total))
  end
  return "vizsla: " .. (problem ~= "" and problem or WORDS[activity])
end

---@param counts table<string, integer>
local function counted(counts)
  local parts = {}
  for _, name in ipairs(vim.fn.sort(vim.tbl_keys(counts or {}))) do
    table.insert(parts, ("%s %s"):format(name, grouped(counts[name])))
  end
  return table.concat(parts, ", ")
end

--- The whole status for people.
---@param status table the answer to "vizsla/status"
---@return string[] lines
function M.lines(status)
  local lines = { ("Vizsla %s, process %d"):format(status.version, status.processId) }
  for _, sentence in ipairs(status.refusedSettings or {}) do
    table.insert(lines, "  refused: " .. sentence)
  end
  for _, root in ipairs(status.roots or {}) do
    local place = vim.fn.fnamemodify(vim.uri_to_fname(root.uri), ":~")
    local now = root.total > 0 and (" %s/%s"):format(grouped(root.done), grouped(root.total)) or ""
    vim.list_extend(lines, { "", place, ("  %s%s"):format(WORDS[root.activity] or root.activity, now) })
    local function say(text)
      if text and text ~= "" then
        table.insert(lines, "  " .. text)
      end
    end
    say(root.problem)
    local index = root.index
    if index then
      say(
        ("%s functions in %s files: %s"):format(
          grouped(index.functions),
          grouped(index.files),
          counted(index.byLanguage)
        )
      )
      if index.unread + index.pending > 0 then
        say(("to do: %s files to read, %s functions to encode"):format(grouped(index.unread), grouped(index.pending)))
      end
      say(next(index.skipped or {}) and "left out: " .. counted(index.skipped) or "")
      say(
        ("model: %s, %s%s"):format(
          index.model or "none, words alone",
          index.device,
          index.hasReranker and ", with a reranker" or ""
        )
      )
      say(("index: %s (%.1f MB)"):format(index.directory or "in memory only", index.bytes / 1e6))
      for _, sentence in ipairs(index.degraded or {}) do
        say("! " .. sentence)
      end
    end
    say(
      "changes are noticed by: "
        .. root.watcher
        .. (root.watcherProblem ~= "" and ", because " .. root.watcherProblem or "")
    )
    for _, name in ipairs({ "skippedFiles", "failedFiles" }) do
      local files = (index or {})[name] or {}
      for _, path in ipairs(vim.fn.sort(vim.tbl_keys(files))) do
        say(("- %s: %s"):format(path, files[path]))
      end
    end
  end
  return lines
end

--- Show the status below.
---@param with_files boolean
function M.show(with_files)
  M.ask(with_files, function(status, problem)
    if not status then
      return require("vizsla.tell").user(assert(problem))
    end
    local bufnr = vim.fn.bufadd("vizsla://status")
    vim.fn.bufload(bufnr)
    vim.bo[bufnr].buftype, vim.bo[bufnr].bufhidden, vim.bo[bufnr].swapfile = "nofile", "wipe", false
    vim.bo[bufnr].modifiable = true
    vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, M.lines(status))
    vim.bo[bufnr].modifiable = false
    if vim.fn.bufwinid(bufnr) == -1 then
      vim.cmd("botright sbuffer " .. bufnr)
      vim.api.nvim_win_set_height(0, math.min(vim.api.nvim_buf_line_count(bufnr), math.floor(vim.o.lines / 2)))
      vim.keymap.set("n", "q", "<Cmd>close<CR>", { buffer = bufnr, desc = "Close" })
    end
  end)
end

return M

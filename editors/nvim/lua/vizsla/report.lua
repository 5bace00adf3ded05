--- The whole status for people, in a window below that goes on while the server does.
local given = require("vizsla.connection").given
local status = require("vizsla.status")

local M = {}

local NAME = "vizsla://status"
local grouped = status.grouped

---@param counts table<string, integer>
local function counted(counts)
  local parts = {}
  for _, name in ipairs(vim.fn.sort(vim.tbl_keys(counts or {}))) do
    table.insert(parts, ("%s %s"):format(name, grouped(counts[name])))
  end
  return table.concat(parts, ", ")
end

--- The whole status for people.
---@param said table the answer to "vizsla/status"
---@return string[] lines
function M.lines(said)
  local lines = { ("Vizsla %s, process %d"):format(said.version, said.processId) }
  for _, sentence in ipairs(said.refusedSettings or {}) do
    table.insert(lines, "  refused: " .. sentence)
  end
  for _, words in ipairs({ status.prepared(given(said.preparing)) or "", status.trained(given(said.training)) or "" }) do
    if words ~= "" then
      table.insert(lines, "  " .. words)
    end
  end
  for _, root in ipairs(said.roots or {}) do
    local place = vim.fn.fnamemodify(vim.uri_to_fname(root.uri), ":~")
    local now = root.total > 0 and (" %s/%s"):format(grouped(root.done), grouped(root.total)) or ""
    vim.list_extend(lines, { "", place, ("  %s%s"):format(status.WORDS[root.activity] or root.activity, now) })
    local function say(text)
      if text and text ~= "" then
        table.insert(lines, "  " .. text)
      end
    end
    say(root.problem)
    local index = given(root.index)
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
      local model = given(index.model)
      local reranker = index.hasReranker and ", with a reranker" or ""
      say("model: " .. (model and ("%s, %s%s"):format(model, index.device, reranker) or "none, words alone"))
      say(("index: %s (%.1f MB)"):format(given(index.directory) or "in memory only", index.bytes / 1e6))
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

---@param bufnr integer
---@param said table
local function write(bufnr, said)
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, M.lines(said))
  vim.bo[bufnr].modifiable = false
end

--- Show the status below, and keep it up to date while it is shown.
---@param with_files boolean
function M.show(with_files)
  status.ask(with_files, function(said, problem)
    if not said then
      return require("vizsla.tell").user(assert(problem))
    end
    local bufnr = vim.fn.bufadd(NAME)
    vim.fn.bufload(bufnr)
    vim.bo[bufnr].buftype, vim.bo[bufnr].bufhidden, vim.bo[bufnr].swapfile = "nofile", "wipe", false
    write(bufnr, said)
    if vim.fn.bufwinid(bufnr) == -1 then
      vim.cmd("botright sbuffer " .. bufnr)
      vim.api.nvim_win_set_height(0, math.min(vim.api.nvim_buf_line_count(bufnr), math.floor(vim.o.lines / 2)))
      vim.keymap.set("n", "q", "<Cmd>close<CR>", { buffer = bufnr, desc = "Close" })
    end
    status.on_status = function(newer)
      if not vim.api.nvim_buf_is_valid(bufnr) then
        status.on_status = function() end
      elseif not with_files then -- a list of files is to be read in peace
        write(bufnr, newer)
      end
    end
  end)
end

return M

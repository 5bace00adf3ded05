--- What a hit looks like in its file, without opening it.
local hits = require("vizsla.hits")

local M = {}

local NAMESPACE = vim.api.nvim_create_namespace("vizsla-preview")
local MOST_BYTES = 1000000

---@param hit vizsla.Hit
---@return string[]? lines as they are in the editor, or else on the disk; nil when they are nowhere
local function lines_of(hit)
  local path = hits.file(hit)
  local bufnr = vim.fn.bufnr(path)
  if bufnr > 0 and vim.api.nvim_buf_is_loaded(bufnr) then
    return vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)
  end
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local text = file:read(MOST_BYTES) or ""
  file:close()
  return vim.split(text:gsub("\r\n", "\n"):gsub("%z", " "), "\n", { plain = true })
end

---@param bufnr integer
---@param path string
---@param lines string[]
local function highlight(bufnr, path, lines)
  -- The filetype itself is not set: that would have every plug-in attach to a buffer that is no file.
  local filetype = vim.filetype.match({ filename = path, contents = vim.list_slice(lines, 1, 10) }) or ""
  local language = vim.treesitter.language.get_lang(filetype)
  if not (language and pcall(vim.treesitter.start, bufnr, language)) then
    vim.bo[bufnr].syntax = filetype
  end
end

--- Show a hit in a window, or nothing.
---@param window integer
---@param hit? vizsla.Hit
function M.show(window, hit)
  local bufnr = vim.api.nvim_win_get_buf(window)
  local path = hit and hits.file(hit) or ""
  if vim.b[bufnr].vizsla_path ~= path then
    local fresh = vim.api.nvim_create_buf(false, true)
    vim.bo[fresh].bufhidden = "wipe"
    local lines = hit and (lines_of(hit) or { "This file is gone." }) or {}
    vim.api.nvim_buf_set_lines(fresh, 0, -1, false, lines)
    vim.b[fresh].vizsla_path = path
    vim.api.nvim_win_set_buf(window, fresh)
    bufnr = fresh
    if hit then
      highlight(bufnr, path, lines)
    end
  end
  vim.api.nvim_buf_clear_namespace(bufnr, NAMESPACE, 0, -1)
  if hit then
    local range = hit.location.range
    local last = vim.api.nvim_buf_line_count(bufnr) - 1
    for line = math.min(range.start.line, last), math.min(range["end"].line, last) do
      vim.api.nvim_buf_set_extmark(bufnr, NAMESPACE, line, 0, { line_hl_group = "CursorLine" })
    end
    vim.api.nvim_win_set_cursor(window, { math.min(range.start.line, last) + 1, 0 })
    vim.api.nvim_win_call(window, function()
      vim.cmd("normal! zt")
    end)
  end
end

---@param window integer
---@param key string a normal-mode command that scrolls
function M.scroll(window, key)
  vim.api.nvim_win_call(window, function()
    vim.cmd("normal! " .. key)
  end)
end

return M

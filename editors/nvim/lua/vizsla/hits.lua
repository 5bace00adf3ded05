--- Hits for people: as rows, as places to jump to, as a quickfix list.
local opened = require("vizsla.opened")
local tell = require("vizsla.tell")

local M = {}

vim.api.nvim_set_hl(0, "VizslaScore", { link = "Number", default = true })
vim.api.nvim_set_hl(0, "VizslaName", { link = "Function", default = true })
vim.api.nvim_set_hl(0, "VizslaContainer", { link = "Type", default = true })
vim.api.nvim_set_hl(0, "VizslaPath", { link = "Directory", default = true })
vim.api.nvim_set_hl(0, "VizslaDoc", { link = "Comment", default = true })

local BARS = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }

--- The parts of a row, each with its highlight group: score, name, container, place, first line of documentation.
---@param hit vizsla.Hit
---@return { [1]: string, [2]: string }[]
function M.parts(hit)
  local bar = BARS[1 + math.floor(math.max(0, math.min(1, hit.score)) * (#BARS - 1) + 0.5)]
  local place = ("%s:%d%s"):format(hit.path, hit.location.range.start.line + 1, hit.isStale and " (changed)" or "")
  local parts = { { bar, "VizslaScore" }, { hit.name, "VizslaName" }, { place, "VizslaPath" } }
  if hit.container ~= "" then
    table.insert(parts, 3, { hit.container, "VizslaContainer" })
  end
  if hit.doc ~= "" then
    table.insert(parts, { hit.doc, "VizslaDoc" })
  end
  return parts
end

--- A row as plain text.
---@param hit vizsla.Hit
---@return string
function M.row(hit)
  return table.concat(
    vim.tbl_map(function(part)
      return part[1]
    end, M.parts(hit)),
    "  "
  )
end

--- What stays the same for a hit from one answer to the next.
---@param hit vizsla.Hit
---@return string
function M.key(hit)
  return hit.location.uri .. "#" .. hit.location.range.start.line .. "#" .. hit.qualifiedName
end

---@param hit vizsla.Hit
---@return string
function M.file(hit)
  return vim.uri_to_fname(hit.location.uri)
end

---@param bufnr integer
---@param position lsp.Position
---@return integer line from 1, within the buffer
---@return integer column in bytes, from 0
local function cursor_at(bufnr, position)
  local line = math.min(position.line, vim.api.nvim_buf_line_count(bufnr) - 1)
  local text = vim.api.nvim_buf_get_lines(bufnr, line, line + 1, false)[1] or ""
  -- A function begins after its indentation, where every encoding counts alike.
  return line + 1, math.min(position.character, #text)
end

--- Go to a hit; the place before is in the jump list and the tag stack.
---@param hit vizsla.Hit
---@param how? "edit"|"split"|"vsplit"|"tabedit" where to show it, "edit" when left out
---@param query? string the question that it answers
---@return boolean is_there
function M.jump(hit, how, query)
  local path = M.file(hit)
  local bufnr = vim.fn.bufnr(path)
  if not vim.uv.fs_stat(path) and not (bufnr > 0 and vim.api.nvim_buf_is_loaded(bufnr)) then
    tell.user(("'%s' is gone since the question was answered; ask again"):format(hit.path))
    return false
  end
  local from = { vim.api.nvim_get_current_buf(), vim.fn.line("."), vim.fn.col("."), 0 }
  vim.cmd("normal! m'")
  vim.fn.settagstack(vim.api.nvim_get_current_win(), { items = { { tagname = hit.name, from = from } } }, "t")
  local is_here = (how or "edit") == "edit" and bufnr == vim.api.nvim_get_current_buf()
  if not is_here then
    -- Without "magic" the path is taken as it stands.
    local command = { cmd = how or "edit", args = { path }, magic = { file = false, bar = false } }
    local is_shown, problem = pcall(vim.cmd, command)
    if not is_shown then
      tell.user(("'%s' cannot be shown here: %s"):format(hit.path, tostring(problem):gsub("^.-:(E%d+)", "%1")))
      return false
    end
  end
  local line, column = cursor_at(0, hit.location.range.start)
  vim.api.nvim_win_set_cursor(0, { line, column })
  vim.cmd("normal! zvzz")
  opened.tell(query, hit)
  return true
end

--- Put hits into the quickfix list, best first, and open it.
---@param title string
---@param hits vizsla.Hit[]
function M.to_quickfix(title, hits)
  local items = vim.tbl_map(function(hit)
    local start = hit.location.range.start
    return {
      filename = M.file(hit),
      lnum = start.line + 1,
      col = start.character + 1,
      text = ("%.2f %s%s"):format(hit.score, hit.qualifiedName, hit.doc ~= "" and "  " .. hit.doc or ""),
      user_data = hit,
    }
  end, hits)
  vim.fn.setqflist({}, " ", { title = "Vizsla: " .. title, items = items })
  vim.cmd("botright copen")
end

--- One sentence on an answer, empty when there is nothing to say.
---@param result vizsla.Result
---@return string
function M.note(result)
  local notes = vim.list_slice(result.notes or {})
  if #result.hits == 0 and #notes == 0 then
    return "nothing was found"
  end
  return table.concat(notes, "; ")
end

return M

--- Hits in fzf-lua: asked while typing, in the server's order. fzf can only add lines, so each answer is shown when it
--- is the last one.
local hits = require("vizsla.hits")
local pickers = require("vizsla.pickers")

local M = {}

---@param hit vizsla.Hit
local function line_of(hit)
  local start = hit.location.range.start
  local path = vim.fn.fnamemodify(hits.file(hit), ":.")
  local text = hit.qualifiedName .. (hit.doc ~= "" and "  " .. hit.doc or "")
  return ("%s:%d:%d:%s"):format(path, start.line + 1, start.character + 1, text)
end

---@type vizsla.Picker
function M.show(showing)
  local fzf = require("fzf-lua")
  local settings = vim.tbl_extend("force", {
    prompt = "Functions that> ",
    previewer = "builtin",
    actions = {
      ["enter"] = fzf.actions.file_edit_or_qf,
      ["ctrl-s"] = fzf.actions.file_split,
      ["ctrl-v"] = fzf.actions.file_vsplit,
      ["ctrl-t"] = fzf.actions.file_tabedit,
    },
    fzf_opts = { ["--multi"] = true, ["--delimiter"] = ":", ["--no-sort"] = true },
  }, showing.options)
  if showing.result then
    return fzf.fzf_exec(vim.tbl_map(line_of, showing.result.hits), settings)
  end
  local finish = function() end -- of the question before
  local write
  local live = pickers.live(showing, function(_, result, is_last)
    if is_last then
      for _, hit in ipairs(result and result.hits or {}) do
        write(line_of(hit))
      end
      finish()
    end
  end)
  settings.exec_empty_query, settings.query, settings.query_delay = true, showing.query, 20
  fzf.fzf_live(function(args)
    local query = type(args) == "table" and args[1] or args
    return function(add)
      finish()
      local is_open = true
      write = function(line)
        if is_open then
          add(line)
        end
      end
      finish = function()
        if is_open then
          is_open = false
          add(nil)
        end
      end
      vim.schedule(function()
        live.ask(query or "")
      end)
    end
  end, settings)
end

return M

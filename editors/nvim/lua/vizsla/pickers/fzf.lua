--- Hits in fzf-lua: asked while typing, in the server's order. fzf can only add lines, so each answer is shown when it
--- is the last one.
local hits = require("vizsla.hits")
local pickers = require("vizsla.pickers")

local M = {}

--- What fzf shows of a hit. Its number goes before it, unseen: a path may hold any character, so that none can be told
--- from the text around it.
---@param hit vizsla.Hit
---@param number integer
local function line_of(hit, number)
  local start = hit.location.range.start
  local path = vim.fn.fnamemodify(hits.file(hit), ":.")
  local text = hit.qualifiedName .. (hit.doc ~= "" and "  " .. hit.doc or "")
  return ("%d\t%s"):format(number, (("%s:%d  %s"):format(path, start.line + 1, text):gsub("%c", " ")))
end

--- fzf-lua's own preview of files, which is told the file instead of parsing the line.
---@param hit_of fun(line: string): vizsla.Hit?
local function previewer(hit_of)
  return {
    _ctor = function()
      local preview = require("fzf-lua.previewer.builtin").buffer_or_file:extend()
      function preview:new(given, settings)
        preview.super.new(self, given, settings)
        return self
      end
      function preview:parse_entry(line)
        local hit = hit_of(line)
        if not hit then
          return {}
        end
        local path, start = hits.file(hit), hit.location.range.start
        local bufnr = vim.fn.bufnr(path)
        local is_open = bufnr > 0 and vim.api.nvim_buf_is_loaded(bufnr)
        return { path = path, line = start.line + 1, col = start.character + 1, bufnr = is_open and bufnr or nil }
      end
      return preview
    end,
  }
end

---@type vizsla.Picker
function M.show(showing)
  local fzf = require("fzf-lua")
  ---@type { hit: vizsla.Hit, question?: string }[] all that were given to fzf, by their numbers
  local given = {}

  ---@param hit vizsla.Hit
  ---@param question? string
  local function give(hit, question)
    table.insert(given, { hit = hit, question = question })
    return line_of(hit, #given)
  end

  ---@param line string
  local function found(line)
    return given[tonumber(line:match("^%d+"))]
  end

  ---@param how "edit"|"split"|"vsplit"|"tabedit"
  local function opens(how)
    return function(lines)
      local chosen = vim.tbl_map(found, lines)
      if #chosen == 1 then
        hits.jump(chosen[1].hit, how, chosen[1].question)
      elseif #chosen > 1 then
        local marked = vim.tbl_map(function(each)
          return each.hit
        end, chosen)
        hits.to_quickfix(chosen[1].question or showing.title, marked)
      end
    end
  end

  local settings = vim.tbl_extend("force", {
    prompt = "Functions that> ",
    previewer = previewer(function(line)
      return (found(line) or {}).hit
    end),
    actions = {
      ["enter"] = opens("edit"),
      ["ctrl-s"] = opens("split"),
      ["ctrl-v"] = opens("vsplit"),
      ["ctrl-t"] = opens("tabedit"),
    },
    fzf_opts = { ["--multi"] = true, ["--delimiter"] = "[\t]", ["--with-nth"] = "2..", ["--no-sort"] = true },
  }, showing.options)
  if showing.result then
    local lines = vim.tbl_map(function(hit)
      return give(hit, showing.question)
    end, showing.result.hits)
    return fzf.fzf_exec(lines, settings)
  end
  local finish = function() end -- of the question before
  local write
  local live = pickers.live(showing, function(query, result, is_last)
    if is_last then
      for _, hit in ipairs(result and result.hits or {}) do
        write(give(hit, query))
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

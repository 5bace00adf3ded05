--- Which picker shows the hits, and what all of them share.
local hits = require("vizsla.hits")
local options = require("vizsla.options")
local question = require("vizsla.question")
local tell = require("vizsla.tell")

local M = {}

--- The last hits, for require("vizsla").again().
---@type { title: string, result: vizsla.Result, question: string? }?
M.last = nil

local MODULES = {
  builtin = "vizsla.pickers.builtin",
  telescope = "vizsla.pickers.telescope",
  ["fzf-lua"] = "vizsla.pickers.fzf",
  snacks = "vizsla.pickers.snacks",
  select = "vizsla.pickers.select",
  quickfix = "vizsla.pickers.quickfix",
}

--- Which picker "auto" is: the first of these that the user has installed.
---@return vizsla.PickerName
function M.installed()
  if _G.Snacks and vim.tbl_get(_G.Snacks, "config", "picker", "enabled") then
    return "snacks"
  end
  for _, name in ipairs({ "telescope", "fzf-lua" }) do
    if #vim.api.nvim_get_runtime_file("lua/" .. name .. "/init.lua", false) > 0 or package.loaded[name] then
      return name
    end
  end
  return "builtin"
end

--- Show hits, or a prompt that asks while one types.
---@param name? vizsla.PickerName|vizsla.Picker
---@param showing vizsla.Showing
function M.show(name, showing)
  name = name or options.get().picker or "auto"
  if type(name) == "function" then
    return name(showing)
  end
  name = name == "auto" and M.installed() or name
  local module = MODULES[name]
  if not module then
    local known = table.concat(vim.fn.sort(vim.tbl_keys(MODULES)), ", ")
    return tell.user(("there is no picker '%s'; there are auto, %s"):format(tostring(name), known))
  end
  require(module).show(showing)
end

---@class (exact) vizsla.Live
---@field ask fun(query: string) superseding what was asked before; too short a query is not asked
---@field close fun()

local LEAST_CHARACTERS = 2

--- Ask while someone types.
---@param showing vizsla.Showing
---@param on_result fun(query: string, result: vizsla.Result?, is_last: boolean) nil when there is nothing to show
---@return vizsla.Live
function M.live(showing, on_result)
  local asked = vim.tbl_extend("force", showing.asked, { bufnr = showing.bufnr })
  local session = question.session(asked)
  return {
    ask = function(query)
      query = vim.trim(query)
      if vim.fn.strchars(query) < LEAST_CHARACTERS then
        session.close()
        tell.meanwhile("")
        return on_result(query, nil, true)
      end
      session.ask(query, function(result, is_last)
        tell.meanwhile(hits.note(result))
        M.last = { title = query, result = result, question = query }
        on_result(query, result, is_last)
      end, function(sentence)
        tell.meanwhile(sentence)
        on_result(query, nil, true)
      end)
    end,
    close = function()
      session.close()
      tell.meanwhile("")
    end,
  }
end

--- Ask once, for pickers that show a list as it is.
---@param showing vizsla.Showing
---@param on_result fun(result: vizsla.Result) with at least one hit
function M.once(showing, on_result)
  local function take(result)
    local note = hits.note(result)
    if note ~= "" then
      tell.user(note, vim.log.levels.INFO)
    end
    M.last = { title = showing.title, result = result, question = showing.question or showing.query }
    if #result.hits > 0 then
      on_result(result)
    end
  end
  if showing.result then
    return take(showing.result)
  end
  local asked = vim.tbl_extend("force", showing.asked, { query = showing.query, bufnr = showing.bufnr })
  question.ask(asked, function(result, is_last)
    if is_last then
      take(result)
    end
  end, tell.user)
end

--- The question for pickers that have no prompt of their own.
---@param showing vizsla.Showing
---@param on_query fun()
function M.prompt(showing, on_query)
  if showing.result or showing.query ~= "" then
    return on_query()
  end
  vim.ui.input({ prompt = "Find functions that: " }, function(query)
    if query and vim.trim(query) ~= "" then
      showing.query = vim.trim(query)
      showing.title = showing.query
      on_query()
    end
  end)
end

return M

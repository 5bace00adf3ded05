--- Hits in snacks.picker: asked while typing, in the server's order.
local hits = require("vizsla.hits")
local opened = require("vizsla.opened")
local pickers = require("vizsla.pickers")

local M = {}

---@param hit vizsla.Hit
local function item_of(hit)
  local start = hit.location.range.start
  return { text = hits.row(hit), file = hits.file(hit), pos = { start.line + 1, start.character }, hit = hit }
end

---@param item { hit: vizsla.Hit }
local function format(item)
  local parts = {}
  for index, part in ipairs(hits.parts(item.hit)) do
    if index > 1 then
      table.insert(parts, { "  " })
    end
    table.insert(parts, part)
  end
  return parts
end

---@type vizsla.Picker
function M.show(showing)
  local live
  local picker
  local shown = { result = showing.result }

  -- The finder never waits: it gives what is there, and is called once more when there is an answer.
  local function find(_, context)
    local query = vim.trim(context.filter.search)
    picker = context.picker
    if not showing.result and shown.query ~= query then
      shown = { query = query, result = shown.result }
      vim.schedule(function()
        live.ask(query)
      end)
    end
    return vim.tbl_map(item_of, shown.result and shown.result.hits or {})
  end

  live = pickers.live(showing, function(query, result)
    if query ~= shown.query or not picker or picker.closed then
      return
    end
    local current = shown.is_answered and picker:current()
    shown = { query = query, result = result, is_answered = true }
    local at = 1
    for index, hit in ipairs(result and result.hits or {}) do
      if current and hits.key(hit) == hits.key(current.hit) then
        at = index -- a better order leaves the cursor on its hit
      end
    end
    picker.list:set_target(at, nil, { force = true })
    picker:find({ refresh = true })
  end)

  _G.Snacks.picker.pick(vim.tbl_extend("force", {
    source = "vizsla",
    title = showing.result and showing.title or "Find functions by what they do",
    search = showing.result and "" or showing.query,
    live = not showing.result,
    supports_live = not showing.result,
    finder = find,
    format = format,
    preview = "file",
    matcher = { sort_empty = false },
    sort = { fields = { "idx" } },
    actions = {
      -- Every way to open a hit goes by this action.
      jump = function(of, item, action)
        local chosen = of:selected({ fallback = true })
        _G.Snacks.picker.actions.jump(of, item, action)
        for _, each in ipairs(chosen) do
          opened.tell(shown.query or showing.question, each.hit)
        end
      end,
    },
    on_close = function()
      live.close()
    end,
  }, showing.options))
end

return M

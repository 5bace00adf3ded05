--- Hits by vim.ui.select, whatever the user has put in its place.
local hits = require("vizsla.hits")
local pickers = require("vizsla.pickers")

local M = {}

---@type vizsla.Picker
function M.show(showing)
  pickers.prompt(showing, function()
    pickers.once(showing, function(result)
      local select = { prompt = showing.title, kind = "vizsla", format_item = hits.row }
      vim.ui.select(result.hits, select, function(hit)
        if hit then
          hits.jump(hit, "edit", showing.question or showing.query)
        end
      end)
    end)
  end)
end

return M

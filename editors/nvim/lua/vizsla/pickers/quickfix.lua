--- Hits as a quickfix list.
local pickers = require("vizsla.pickers")

local M = {}

---@type vizsla.Picker
function M.show(showing)
  pickers.prompt(showing, function()
    pickers.once(showing, function(result)
      require("vizsla.hits").to_quickfix(showing.title, result.hits)
    end)
  end)
end

return M

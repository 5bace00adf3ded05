--- Sentences for the user.
local M = {}

--- What the user should not miss.
---@param sentence string
---@param level? integer of vim.log.levels, WARN when left out
function M.user(sentence, level)
  vim.schedule(function()
    vim.notify("Vizsla: " .. sentence, level or vim.log.levels.WARN, { title = "Vizsla" })
  end)
end

--- Takes "window/showMessage": what the server has to say is told as what the plug-in has.
---@type lsp.Handler
function M.on_message(_, params)
  local levels = { vim.log.levels.ERROR, vim.log.levels.WARN, vim.log.levels.INFO }
  M.user((params.message:gsub("^Vizsla: ", "")), levels[params.type] or vim.log.levels.DEBUG)
end

local shown = ""

--- What matters only while typing: shown below, kept nowhere, and taken away by an empty sentence.
---@param sentence string
function M.meanwhile(sentence)
  if sentence == shown then
    return
  end
  shown = sentence
  vim.schedule(function()
    -- A sentence wider than the line would ask for Enter.
    vim.api.nvim_echo({ { vim.fn.strcharpart(sentence, 0, math.max(0, vim.o.columns - 15)), "WarningMsg" } }, false, {})
  end)
end

return M

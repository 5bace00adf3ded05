--- Which model answers, and training one: by the server, which goes on answering, or by the program in a terminal.
local client = require("vizsla.client")
local executing = require("vizsla.executing")
local tell = require("vizsla.tell")

local M = {}

local function nothing() end

--- Run the program itself, below, where it can be watched and interrupted.
---@param words string[]
local function in_terminal(words)
  local program, problem = require("vizsla.server").program()
  if not program then
    return tell.user(assert(problem))
  end
  vim.cmd("botright new")
  local command = { program, unpack(words) }
  if vim.fn.has("nvim-0.11") == 1 then
    vim.fn.jobstart(command, { term = true })
  else
    vim.fn.termopen(command)
  end
  vim.cmd("normal! G")
end

--- Run the program and call back with what it printed, or tell what it complained of.
---@param words string[]
---@param callback fun(printed: string)
local function run_program(words, callback)
  local program, problem = require("vizsla.server").program()
  if not program then
    return tell.user(assert(problem))
  end
  vim.system({ program, unpack(words) }, { text = true }, function(done)
    vim.schedule(function()
      if done.code == 0 then
        callback(done.stdout)
      else
        tell.user(vim.trim(done.stderr))
      end
    end)
  end)
end

--- Have a model answer.
---@param name string
function M.use(name)
  run_program({ "models", "use", name }, function(printed)
    tell.user(vim.trim(printed), vim.log.levels.INFO)
    if client.get() then -- which would notice by itself in a moment; the statusline says how far it has come
      executing.execute("vizsla.useModels", nothing, nothing)
    end
  end)
end

--- Have the server train, while questions are answered, and show how far it has come; the server says how it ended.
---@param recipe? string
---@param everywhere boolean on all folders, not on that of the current buffer alone
function M.train(recipe, everywhere)
  executing.execute("vizsla.train", function(uri)
    local wanted = { recipe = recipe, folder = not everywhere and uri or nil }
    return next(wanted) and wanted or nil
  end, function()
    require("vizsla.report").show(false)
  end)
end

--- Have the user choose one.
function M.choose()
  run_program({ "models", "list", "--json" }, function(printed)
    vim.ui.select(vim.json.decode(printed), {
      prompt = "Answer with",
      kind = "vizsla-model",
      format_item = function(model)
        return ("%s  %s made from %s%s"):format(model.name, model.kind, model.base, model.is_used and "  (in use)" or "")
      end,
    }, function(model)
      if model then
        M.use(model.name)
      end
    end)
  end)
end

--- Stop the training where it can go on another time.
function M.stop_training()
  executing.execute("vizsla.stopTraining", nothing, nothing)
end

--- Train by the program itself, with options that the server does not take.
---@param words string[]
function M.train_in_terminal(words)
  local folder, problem = require("vizsla.workspace").of(vim.api.nvim_get_current_buf())
  if not folder then
    return tell.user(assert(problem))
  end
  in_terminal({ "train", folder, unpack(words) })
end

return M

--- :Vizsla {question}, its subcommands, and their completion.
local client = require("vizsla.client")
local executing = require("vizsla.executing")
local tell = require("vizsla.tell")

local M = {}

---@class (exact) vizsla.Subcommand
---@field takes fun(words: string[]): boolean whether these can be its arguments; else the whole line is a question
---@field run fun(words: string[], bang: boolean)
---@field complete? fun(lead: string): string[]

local function none(words)
  return #words == 0
end

local function one(words)
  return #words == 1
end

---@param name string
---@param said string
---@return vizsla.Subcommand
local function server_command(name, said)
  return {
    takes = none,
    run = function(_, bang)
      executing.on_folder(name, bang, said)
    end,
  }
end

---@type table<string, vizsla.Subcommand>
local subcommands = {
  search = {
    takes = function()
      return true
    end,
    run = function(words, bang)
      require("vizsla").search(table.concat(words, " "), { picker = bang and "quickfix" or nil })
    end,
  },
  similar = {
    takes = none,
    run = function(_, bang)
      require("vizsla").similar({ picker = bang and "quickfix" or nil })
    end,
  },
  again = {
    takes = none,
    run = function(_, bang)
      require("vizsla").again({ picker = bang and "quickfix" or nil })
    end,
  },
  status = {
    takes = none,
    run = function(_, bang)
      require("vizsla.report").show(bang)
    end,
  },
  train = {
    takes = function(words)
      return #words == 0 or vim.startswith(words[1], "-") or #words == 1 and words[1] == "stop"
    end,
    run = function(words, bang)
      local models = require("vizsla.models")
      if words[1] == "stop" then
        models.stop_training()
      elseif #words == 0 or #words == 2 and words[1] == "--recipe" then
        models.train(words[2], bang)
      else
        models.train_in_terminal(words)
      end
    end,
    complete = function()
      return { "--recipe", "stop" }
    end,
  },
  model = {
    takes = function(words)
      return #words <= 1
    end,
    run = function(words)
      local models = require("vizsla.models")
      if words[1] then
        models.use(words[1])
      else
        models.choose()
      end
    end,
  },
  log = {
    takes = none,
    run = function()
      vim.cmd.tabedit(vim.fn.fnameescape(vim.lsp.log.get_filename()))
      vim.cmd("normal! G")
    end,
  },
  folder = {
    takes = one,
    run = function(words)
      local path = vim.fn.fnamemodify(words[1], ":p")
      if vim.fn.isdirectory(path) == 0 then
        return tell.user(("'%s' is no folder"):format(words[1]))
      end
      client.add_folder(path)
    end,
    complete = function(lead)
      return vim.fn.getcompletion(lead, "dir")
    end,
  },
  pause = server_command("vizsla.pause", "the index is left as it is until ':Vizsla resume'"),
  resume = server_command("vizsla.resume", "the index is kept up to date again"),
  rebuild = server_command("vizsla.rebuild", "every file is read again; questions are answered meanwhile"),
  clear = {
    takes = none,
    run = function(_, bang)
      local of = bang and "all folders" or "this folder"
      if vim.fn.confirm("Delete the index of " .. of .. "?", "&Yes\n&No", 2) == 1 then
        executing.on_folder("vizsla.clear", bang, "the index is deleted; ':Vizsla resume' makes a new one")
      end
    end,
  },
  stop = {
    takes = none,
    run = function()
      client.stop()
    end,
  },
}

--- What the command line does. A first word is a subcommand when what follows can be its arguments, and else the
--- beginning of a question, so that ":Vizsla log every request" asks; ":Vizsla search log" asks in any case.
---@param command { fargs: string[], bang: boolean }
function M.run(command)
  local words = command.fargs
  local subcommand = subcommands[words[1]]
  local rest = vim.list_slice(words, 2)
  if subcommand and subcommand.takes(rest) then
    return subcommand.run(rest, command.bang)
  end
  subcommands.search.run(words, command.bang)
end

local KINDS = "function method constructor class struct interface trait enum module window"

---@type table<string, fun(lead: string): string[]>
local filters = {
  ["lang:"] = function()
    return require("vizsla.options").get().filetypes
  end,
  ["kind:"] = function()
    return vim.split(KINDS, " ")
  end,
  ["is:"] = function()
    return { "open", "changed" }
  end,
  ["in:"] = function(lead)
    return vim.fn.getcompletion(lead, "dir")
  end,
  ["path:"] = function(lead)
    return vim.fn.getcompletion(lead, "file")
  end,
}
filters["-path:"] = filters["path:"]

---@param lead string the word that is being written
---@param line string
---@param position integer
---@return string[]
function M.complete(lead, line, position)
  local words = vim.split(vim.trim(line:sub(1, position)), "%s+")
  local is_first = #words == 1 or (#words == 2 and lead ~= "")
  local found = {}
  for prefix, values in pairs(filters) do
    if vim.startswith(lead, prefix) then
      for _, value in ipairs(values(lead:sub(#prefix + 1))) do
        table.insert(found, prefix .. value)
      end
    elseif not is_first or lead ~= "" then
      table.insert(found, prefix)
    end
  end
  if is_first then
    vim.list_extend(found, vim.tbl_keys(subcommands))
  elseif subcommands[words[2]] and subcommands[words[2]].complete then
    vim.list_extend(found, subcommands[words[2]].complete(lead))
  end
  found = vim.tbl_filter(function(word)
    return vim.startswith(word, lead)
  end, found)
  return vim.fn.sort(found)
end

return M

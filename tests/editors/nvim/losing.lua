-- When the server is lost, missing, somebody else, or of another age.
local harness = require("harness")
local test, equal, contains = harness.test, harness.equal, harness.contains

---@return vizsla.test.Child
local function shop()
  local child = harness.open(harness.workspace())
  child:command("edit shop/cart.py")
  child:start()
  child:attached()
  return child
end

---@param child vizsla.test.Child
---@return integer
local function process(child)
  child:lua("STATUS = nil; require('vizsla.status').ask(false, function(status) STATUS = status end)")
  return child:wait("return STATUS and STATUS.processId")
end

test("a server that is killed is started again, with its buffers and unsaved text", function()
  local child = shop()
  child:lua(
    "vim.api.nvim_buf_set_lines(0, 0, 0, false, { 'def water_the_plants(garden):', '    return garden.rain()', '' })"
  )
  local first = process(child)
  vim.uv.kill(first, "sigkill")
  child:told("the server ended by signal 9 and is started again")
  child:ready()
  child:attached()
  assert(process(child) ~= first)
  child:finds("give flowers something to drink", "water_the_plants")
end)

test("a question that was open when the server was killed is answered by the next one", function()
  local child = shop()
  local number = process(child)
  vim.uv.kill(number, "sigstop")
  child:lua([[
    require("vizsla").ask({ query = "where is a file sent again" }, function(result, is_last)
      ANSWER = is_last and result.hits[1].name or nil
    end, function(sentence) PROBLEM = sentence end)
  ]])
  vim.uv.kill(number, "sigkill")
  equal(child:wait("return ANSWER or PROBLEM"), "retry_upload")
end)

test("a server that ends again and again is left alone, and the next question tries once more", function()
  local child = shop()
  for count = 1, 5 do
    local number = process(child)
    vim.uv.kill(number, "sigkill")
    child:wait("return #vim.tbl_filter(function(said) return said:find('ended by signal 9') end, TOLD) == ...", count)
    if count < 5 then
      child:ready()
    end
  end
  contains(child:told("5 times in 3 minutes"), "is left alone")
  equal(child:lua("return require('vizsla').statusline()"), "vizsla: ended by signal 9")
  equal(child:ask("where is a file sent again")[1], "retry_upload")
end)

test("a server that the user stops is no crash, and comes back with the next question", function()
  local child = shop()
  child:command("Vizsla stop")
  child:wait("return #vim.lsp.get_clients() == 0")
  equal(child:ask("where is a file sent again")[1], "retry_upload")
  equal(child:lua("return TOLD"), vim.empty_dict())
end)

test("a missing server is told once when files are opened, and at every question", function()
  local child = harness.open(harness.workspace(), "vim.env.PATH = '/usr/bin:/bin'; require('vizsla').setup()")
  child:command("edit shop/cart.py")
  child:command("edit web/session.js")
  contains(child:told("was not found on $PATH"), "pip install .")
  equal(child:lua("return #TOLD"), 1)
  child:command("Vizsla! anything")
  child:wait("return #TOLD == 2")
end)

test("a program that is no language server is named", function()
  local child = harness.open(harness.workspace(), "require('vizsla').setup({ cmd = { 'false' } })")
  child:command("Vizsla! anything")
  contains(child:told("the server ended with exit code 1 before it said anything"), ":checkhealth vizsla")
end)

test("a program that never answers is named", function()
  local child = harness.open(
    harness.workspace(),
    "require('vizsla.client').initialize_ms = 300; require('vizsla').setup({ cmd = { 'sleep', '1000' } })"
  )
  child:command("Vizsla! anything")
  contains(child:told("did not answer within"), "sleep 1000")
end)

---@param change string Python
local function another(change)
  return harness.another_server("import vizsla.lsp.messages as messages\n" .. change)
end

test("a server of a newer schema says which of the two to update, and answers", function()
  local child = harness.open(harness.workspace(), another("messages.SCHEMA = 2"))
  child:command("edit shop/cart.py")
  child:start()
  local said = "return vim.api.nvim_exec2('messages', { output = true }).output .. table.concat(TOLD)"
  child:wait(
    "return (vim.api.nvim_exec2('messages', { output = true }).output .. table.concat(TOLD)):find('update the plug%-in', 1)"
  )
  contains(child:lua(said), "speaks schema 1")
  equal(child:ask("where is a file sent again")[1], "retry_upload")
  child:command("checkhealth vizsla")
  contains(
    child:lua("return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n')"),
    "the server speaks schema 2, this plug-in schema 1"
  )
end)

test("a server that is older than our messages is told, and no question hangs", function()
  local child = harness.open(harness.workspace(), another("messages.experimental = dict"))
  child:command("Vizsla! anything")
  child:told("older than this plug-in; update it")
  child:told("this server does not know 'vizsla/search'; update it")
end)

-- :Vizsla: what is a question and what a subcommand, completion, status, models, health, options, help.
local harness = require("harness")
local test, equal, contains = harness.test, harness.equal, harness.contains

--- What `:Vizsla status` shows.
---@param child vizsla.test.Child
---@return string
local function shown_status(child)
  child:command("Vizsla status")
  return child:wait([[
    local bufnr = vim.fn.bufnr("vizsla://status")
    return bufnr > 0 and table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), "\n")
  ]])
end

--- What :checkhealth says.
---@param child vizsla.test.Child
---@return string
local function health(child)
  child:command("checkhealth vizsla")
  return child:lua("return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n')")
end

test("the plug-in loads nothing before it is used", function()
  local child = harness.open(
    harness.workspace(),
    "for name in pairs(package.loaded) do if name:find('^vizsla') then LOADED = name end end"
  )
  equal(child:lua("return LOADED"), vim.NIL)
end)

test("subcommands, filters and their values are completed", function()
  local child = harness.open(harness.workspace())
  local function completed(line)
    return child:lua("return vim.fn.getcompletion(..., 'cmdline')", line)
  end
  equal(completed("Vizsla st"), { "status", "stop" })
  equal(completed("Vizsla where kind:me"), { "kind:method" })
  equal(completed("Vizsla lang:pyt"), { "lang:python" })
  equal(completed("Vizsla where is:"), { "is:changed", "is:open" })
  equal(completed("Vizsla where in:sh"), { "in:shop/" })
  equal(completed("Vizsla folder we"), { "web/" })
  equal(vim.tbl_contains(completed("Vizsla "), "similar"), true)
end)

test("a subcommand with more words than it takes is a question", function()
  local child = harness.shop()
  child:command("Vizsla! status of an upload")
  child:wait("return vim.fn.getqflist({ title = 1 }).title == 'Vizsla: status of an upload'")
  child:command("Vizsla! search log")
  child:wait("return vim.fn.getqflist({ title = 1 }).title == 'Vizsla: log'")
end)

test("the status is shown in words, and names what is left out when asked to", function()
  local root = harness.workspace()
  local child = harness.open(root)
  child:start()
  local file = assert(io.open(root .. "/data.py", "wb"))
  file:write("\0\1\2")
  file:close()
  child:wait([[
    require("vizsla.status").ask(false, function(status) SKIPPED = status.roots[1].index.skipped['not text'] end)
    return SKIPPED == 1
  ]])
  child:command("Vizsla! status")
  local text = child:wait([[
    local bufnr = vim.fn.bufnr("vizsla://status")
    return bufnr > 0 and table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), "\n")
  ]])
  contains(text, "10 functions in 4 files: javascript 2, python 8")
  contains(text, "changes are noticed by: client")
  contains(text, "data.py: not text")
  child:type("q")
  child:wait("return vim.fn.bufnr('vizsla://status') == -1")
end)

test("a folder that cannot be opened is told by the status and by checkhealth", function()
  local child = harness.open(harness.workspace())
  child:start()
  local gone = vim.env.VIZSLA_TEST_FOLDER .. "/gone"
  child:lua("require('vizsla.client').add_folder(...)", gone)
  child:wait("return #require('vizsla.status').folders() == 2")
  child:wait("return require('vizsla.status').activity() == 'failed'")
  local text = shown_status(child)
  contains(text, "\n  failed\n  " .. gone)
  contains(text, "10 functions in 4 files")
  text = health(child)
  contains(text, "Workspace " .. gone)
  contains(text, "ERROR " .. gone .. " does not exist")
  contains(text, "10 functions in 4 files")
  contains(text, "hits after")
end)

test("an index in memory that only words are compared in is told by the status and by checkhealth", function()
  local cache = vim.env.VIZSLA_TEST_FOLDER .. "/no-cache"
  vim.fn.writefile({ "in the way" }, cache)
  local settings = "require('vizsla').setup({ settings = { models = { retriever = 'no-such' } } })"
  local child = harness.open(harness.workspace(), ("vim.env.VIZSLA_CACHE_DIR = %q; %s"):format(cache, settings))
  child:command("edit shop/cart.py")
  child:ask("where is a file sent again")
  local text = shown_status(child)
  contains(text, "model: none, words alone\n")
  contains(text, "index: in memory only (0.0 MB)")
  text = health(child)
  contains(text, "model: none, words alone\n")
  contains(text, "kept in memory")
  contains(text, "hits after")
end)

test("a rebuild and the deletion of the index are the server's", function()
  local child = harness.shop()
  child:command("Vizsla rebuild")
  child:told("every file is read again")
  child:ready()
  child:lua("CONFIRM = vim.fn.confirm; vim.fn.confirm = function() return 1 end")
  child:command("Vizsla clear")
  child:told("the index is deleted")
  child:command("Vizsla resume")
  child:told("kept up to date again")
  child:ready()
  equal(child:ask("where is a file sent again")[1], "retry_upload")
  child:lua("vim.fn.confirm = CONFIRM")
end)

test("the log is one command away", function()
  local child = harness.shop()
  child:command("Vizsla log")
  equal(child:lua("return vim.api.nvim_buf_get_name(0) == vim.fn.resolve(vim.lsp.log.get_filename())"), true)
end)

test("a folder without any mark is taken when the user names it", function()
  local root = harness.workspace({ ["lamp.py"] = "def light_the_lamp():\n    return 1\n" })
  vim.fn.delete(root .. "/.git", "d")
  local child = harness.open(root)
  child:command("Vizsla! switch on the light")
  child:told("lies in a workspace")
  child:command("Vizsla folder .")
  child:ready()
  equal((child:ask("switch on the light")), { "light_the_lamp" })
end)

test("an empty folder has no functions, and is told so", function()
  local child = harness.open(harness.workspace({ ["README"] = "nothing yet\n" }))
  child:command("Vizsla! anything at all")
  child:told("no function")
end)

test("options that cannot be used are named, and the defaults stay", function()
  local child = harness.open(
    harness.workspace(),
    "require('vizsla').setup({ pickr = 'telescope', picker = 'telescop', debounce_ms = 'soon', limit = 2 })"
  )
  child:told("there is no option 'pickr'")
  child:told("the option 'picker' must be one of auto, builtin, telescope")
  child:told("the option 'debounce_ms' must be a number, got \"soon\"")
  child:start()
  equal(#child:ask("anything at all"), 2)
end)

test("a setting that the server refuses is told by the server", function()
  local child = harness.open(harness.workspace(), "require('vizsla').setup({ settings = { search = { limit = -1 } } })")
  child:start()
  child:wait(
    "return vim.api.nvim_exec2('messages', { output = true }).output:find('limit') or table.concat(TOLD):find('limit')"
  )
  contains(health(child), "a setting is refused")
end)

test("checkhealth says what is well", function()
  local child = harness.shop()
  local text = health(child)
  for _, part in ipairs({
    "vizsla 0.",
    "retriever:",
    "both speak schema 1",
    "10 functions in 4 files",
    "its unsaved text is searched",
    "hits after",
    "hits are shown by: builtin",
  }) do
    contains(text, part)
  end
  assert(not text:find("ERROR", 1, true), text)
end)

test("checkhealth says what is wrong without a server, and what to do", function()
  local child = harness.open(harness.workspace(), "vim.env.PATH = '/usr/bin:/bin'")
  local text = health(child)
  contains(text, "was not found on $PATH")
  contains(text, "pip install .")
end)

test("the help has its tags", function()
  local child = harness.open(harness.workspace())
  child:lua(
    "vim.fn.mkdir('pages/doc', 'p'); assert(vim.uv.fs_copyfile(... .. '/doc/vizsla.txt', 'pages/doc/vizsla.txt'))",
    vim.env.VIZSLA_PLUGIN
  )
  child:command("helptags pages/doc")
  local tags = table.concat(child:lua("return vim.fn.readfile('pages/doc/tags')"), "\n")
  for _, tag in ipairs({ ":Vizsla", "vizsla.search()", "<Plug>(vizsla-similar)", "vizsla-options" }) do
    contains(tags, tag .. "\t")
  end
end)

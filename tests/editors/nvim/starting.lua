-- How the server comes to run: by a question, by setup(), by vim.lsp.enable(); and what is told meanwhile.
local harness = require("harness")
local test, equal, contains = harness.test, harness.equal, harness.contains

test("a question in an empty Neovim starts the server for the current directory", function()
  local child = harness.open(harness.workspace())
  child:command("Vizsla! where is a file sent again")
  child:wait("return #vim.fn.getqflist() > 0")
  equal(child:lua("return vim.fn.getqflist({ title = 1 }).title"), "Vizsla: where is a file sent again")
  contains(child:lua("return vim.fn.getqflist()[1].text"), "retry_upload")
  equal(child:lua("return vim.fn.getqflist()[1].lnum"), 6)
end)

test("files that are opened after the first question are attached", function()
  local root = harness.workspace()
  local child = harness.open(root)
  child:command("edit web/session.js")
  child:start()
  child:attached()
  child:command("edit shop/cart.py")
  child:attached()
  equal(child:lua("return #vim.lsp.get_clients()"), 1)
end)

test("setup() serves a file as soon as it is opened", function()
  local child = harness.open(harness.workspace(), "require('vizsla').setup({ settings = { search = { limit = 3 } } })")
  child:command("edit shop/cart.py")
  child:ready()
  equal(#child:ask("anything at all"), 3)
end)

test("the server is started as the user's Neovim does it", function()
  local is_new = vim.fn.has("nvim-0.11") == 1
  local child = harness.open(harness.workspace(), is_new and "vim.lsp.enable('vizsla')" or "require('vizsla').setup()")
  child:command("edit shop/cart.py")
  child:ready()
  equal(
    child:lua("return vim.lsp.get_clients({ name = 'vizsla', bufnr = 0 })[1].config.root_dir"),
    child:lua("return vim.fn.getcwd()")
  )
end)

test("a second folder joins the same server, and each is asked about from its own files", function()
  local root, other = harness.workspace(), harness.workspace({ ["lamp.py"] = "def light_the_lamp():\n    return 1\n" })
  local child = harness.open(root)
  child:command("edit shop/cart.py")
  child:start()
  child:command("edit " .. other .. "/lamp.py")
  child:wait(
    "return #(vim.lsp.get_clients({ name = 'vizsla', bufnr = 0 })[1] or { workspace_folders = {} }).workspace_folders == 2"
  )
  child:wait("return #require('vizsla.status').folders() == 2")
  child:ready()
  equal(child:lua("return #vim.lsp.get_clients()"), 1)
  equal((child:ask("switch on the light")), { "light_the_lamp" })
  child:command("edit shop/cart.py")
  equal(vim.tbl_contains((child:ask("switch on the light")), "light_the_lamp"), false)
end)

test("indexing is told by LspProgress, and steps of an answer are not", function()
  local many = {}
  local unheard = vim.uv.hrtime() -- so that no earlier run has its vectors
  for number = 1, 150 do
    many["m" .. number .. ".py"] = ("def work_%d(a):\n    return a * %d\n"):format(unheard + number, number)
  end
  local child = harness.open(
    harness.workspace(many),
    [[
      KINDS = {}
      vim.api.nvim_create_autocmd("LspProgress", { callback = function(event)
        table.insert(KINDS, tostring(event.data.params.value.kind))
      end })
    ]]
  )
  child:start()
  child:wait("return vim.tbl_contains(KINDS, 'end')")
  child:ask("multiply")
  local kinds = child:lua("return KINDS")
  equal(kinds[1], "begin")
  for _, kind in ipairs(kinds) do
    assert(kind == "begin" or kind == "report" or kind == "end", kind)
  end
end)

test("the statusline says what is being done, and no more than the name when all is well", function()
  local child = harness.open(
    harness.workspace(),
    "LINES = {}; vim.api.nvim_create_autocmd('User', { pattern = 'VizslaStatus', callback = function() table.insert(LINES, require('vizsla').statusline()) end })"
  )
  equal(child:lua("return require('vizsla').statusline()"), "")
  child:start()
  equal(child:wait("return LINES[#LINES]"), "vizsla")
  child:command("Vizsla pause")
  child:wait("return LINES[#LINES] == 'vizsla: paused'")
  child:told("left as it is until ':Vizsla resume'")
  child:command("Vizsla resume")
  child:wait("return LINES[#LINES] == 'vizsla'")
end)

test("Neovim tells the server of files that change on the disk", function()
  local root = harness.workspace()
  local child = harness.open(root)
  child:start()
  child:lua("require('vizsla.status').ask(true, function(status) STATUS = status end)")
  equal(child:wait("return STATUS and STATUS.roots[1].watcher"), "client")
  vim.fn.writefile({ "def weigh_the_parcel(parcel):", "    return parcel.kilograms" }, root .. "/shop/parcel.py")
  child:finds("how heavy is a parcel", "weigh_the_parcel")
end)

-- Questions: their steps, filters, unsaved text, cancelling, what is like a function, where a hit leads.
local harness = require("harness")
local test, equal, contains = harness.test, harness.equal, harness.contains

--- Of one's own, for tests that change files.
---@return vizsla.test.Child, string root
local function own_shop()
  local root = harness.workspace()
  local child = harness.open(root)
  child:command("edit shop/cart.py")
  child:start()
  return child, root
end

test("an answer comes in steps, the last of them marked", function()
  local child = harness.shop()
  local names, answer = child:ask("where is a file sent again")
  equal(names[1], "retry_upload")
  equal(child:lua("return STEPS"), 2)
  equal(answer.isSemantic, true)
end)

test("filters may be written into the question", function()
  local child = harness.shop()
  equal(vim.fn.sort((child:ask("lang:javascript anything"))), { "parseQuery", "signCookie" })
  equal(vim.fn.sort((child:ask("kind:method path:shop/** items"))), { "remove_item", "total_price" })
  equal((child:ask("sum of prices -path:shop/** lang:python")), { "test_total_price_includes_tax" })
end)

test("a filter that does not exist is answered by the server's sentence", function()
  local child = harness.shop()
  local is_answered, problem = pcall(child.ask, child, "lang:klingon anything")
  equal(is_answered, false)
  contains(problem, "klingon")
end)

test("unsaved text is searched as it stands", function()
  local child, root = harness.shop()
  child:attached()
  child:lua(
    "vim.api.nvim_buf_set_lines(0, 0, 0, false, { 'def water_the_plants(garden):', '    return garden.rain()', '' })"
  )
  local answer = child:finds("give flowers something to drink", "water_the_plants")
  equal(answer.hits[1].location.range.start.line, 0)
  equal(vim.fn.readfile(root .. "/shop/cart.py")[1], "class Cart:")
end)

test("functions like the one under the cursor", function()
  local child = harness.shop()
  child:command("call search('total_price')")
  child:command("Vizsla! similar")
  child:wait("return #vim.fn.getqflist() > 0")
  equal(child:lua("return vim.fn.getqflist({ title = 1 }).title"), "Vizsla: Like cart.py:7")
  local text =
    table.concat(child:lua("return vim.tbl_map(function(item) return item.text end, vim.fn.getqflist())"), "\n")
  contains(text, "test_total_price_includes_tax")
  assert(not text:find("Cart.total_price", 1, true), text)
end)

test("where no function can stand, the server's sentence is told", function()
  local child = harness.shop()
  child:command("edit notes.txt")
  child:command("Vizsla similar")
  child:told("notes.txt")
end)

test("a cancelled question calls nobody back", function()
  local child = harness.shop()
  child:lua([[
    COUNT = 0
    for _ = 1, 5 do
      local cancel = require("vizsla").ask({ query = "anything" }, function() COUNT = COUNT + 1 end)
      vim.defer_fn(cancel, 0)
    end
    require("vizsla").ask({ query = "cancelled at once" }, function() COUNT = COUNT + 1 end)()
  ]])
  child:ask("the one after")
  child:wait(
    "return vim.tbl_isempty(vim.tbl_filter(function(r) return r.type == 'pending' end, vim.lsp.get_clients({ name = 'vizsla' })[1].requests))"
  )
  equal(child:lua("return COUNT <= 10"), true)
end)

test("while someone types only the newest question is answered", function()
  local child = harness.shop()
  child:lua([[
    ANSWERED = {}
    local session = require("vizsla.question").session({})
    for _, query in ipairs({ "w", "wh", "where are cook", "where are cookies signed" }) do
      session.ask(query, function(_, is_last) if is_last then table.insert(ANSWERED, query) end end, error)
    end
  ]])
  child:wait("return #ANSWERED > 0")
  child:ask("the one after")
  equal(child:lua("return ANSWERED"), { "where are cookies signed" })
end)

test("a file that vanished between hit and jump is told, and the cursor stays", function()
  local child, root = own_shop()
  child:command("Vizsla! where is a file sent again")
  child:wait("return #vim.fn.getqflist() > 0")
  child:lua("vim.cmd.cclose(); HIT = vim.fn.getqflist()[1].user_data")
  vim.fn.delete(root .. "/shop/uploads.py")
  equal(child:lua("return require('vizsla.hits').jump(HIT)"), false)
  child:told("'shop/uploads.py' is gone since the question was answered; ask again")
  contains(child:lua("return vim.api.nvim_buf_get_name(0)"), "shop/cart.py")
end)

test("a jump lands on the function, also in a file that got shorter, and the way back is kept", function()
  local child, root = own_shop()
  child:ask("where is a file sent again")
  child:lua("require('vizsla.hits').jump(ANSWER.hits[1])")
  contains(child:lua("return vim.api.nvim_buf_get_name(0)"), "shop/uploads.py")
  equal(child:lua("return vim.api.nvim_win_get_cursor(0)"), { 6, 0 })
  child:type("<C-o>")
  child:wait("return vim.api.nvim_buf_get_name(0):find('cart.py', 1, true)")
  child:command("bwipeout " .. root .. "/shop/uploads.py")
  vim.fn.writefile({ "pass" }, root .. "/shop/uploads.py")
  equal(child:lua("return require('vizsla.hits').jump(ANSWER.hits[1])"), true)
  equal(child:lua("return vim.api.nvim_win_get_cursor(0)"), { 1, 0 })
end)

test("names of files and text beyond ASCII are found and jumped to", function()
  local root = harness.workspace({
    ["Größe [1] %s.py"] = "ä = '😀'; x = 1\ndef größe_messen(länge):\n    return länge * 2\n",
  })
  local child = harness.open(root)
  child:start()
  child:ask("größe_messen")
  child:lua("require('vizsla.hits').jump(ANSWER.hits[1])")
  contains(child:lua("return vim.api.nvim_buf_get_name(0)"), "Größe [1] %s.py")
  equal(child:lua("return vim.api.nvim_get_current_line()"), "def größe_messen(länge):")
  child:type("$")
  child:command("Vizsla! similar")
  child:wait("return vim.fn.getqflist({ title = 1 }).title == 'Vizsla: Like Größe [1] %s.py:2'")
end)

-- The pickers: typed into as a user does, where they are installed; by what they are handed where they are not.
local harness = require("harness")
local test, equal, contains = harness.test, harness.equal, harness.contains

local FEEDBACK = "require('vizsla').setup({ settings = { feedback = { enabled = true } } })\n"

--- The lines of the buffer of this filetype, when there is one that is shown.
local SHOWN = [[
  function shown(filetype)
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      local bufnr = vim.api.nvim_win_get_buf(window)
      if vim.bo[bufnr].filetype == filetype then
        return table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), "\n")
      end
    end
  end
  function previewed(part)
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      local bufnr = vim.api.nvim_win_get_buf(window)
      local config = vim.api.nvim_win_get_config(window)
      if config.relative ~= "" and vim.bo[bufnr].buftype ~= "prompt" then
        local text = table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), "\n")
        local line = vim.api.nvim_win_get_cursor(window)[1]
        if text:find(part, 1, true) then return line end
      end
    end
  end
  function windows() return #vim.api.nvim_list_wins() end
]]

test("the built-in picker asks while one types, previews, and jumps", function()
  local child = harness.shop(SHOWN)
  child:command("Vizsla")
  child:type("where is a file ")
  child:wait("return (shown('vizsla-list') or ''):find('uploads.py', 1, true)")
  child:type("sent again")
  child:wait("return (shown('vizsla-list') or ''):find('^[^\\n]*retry_upload')")
  equal(child:wait("return previewed('raise RuntimeError(\"gave up\")')"), 6)
  child:type("<CR>")
  child:wait("return vim.api.nvim_buf_get_name(0):find('uploads.py', 1, true)")
  equal(child:lua("return vim.api.nvim_win_get_cursor(0)"), { 6, 0 })
  equal(child:lua("return { windows(), vim.api.nvim_get_mode().mode }"), { 1, "n" })
end)

test("the built-in picker moves among the hits and opens one in a split", function()
  local child = harness.shop(SHOWN)
  child:command("Vizsla lang:javascript session cookie")
  child:wait("return (shown('vizsla-list') or ''):find('signCookie')")
  local rows = vim.split(child:lua("return shown('vizsla-list')"), "\n")
  contains(rows[1], "signCookie")
  contains(rows[2], "parseQuery")
  child:type("<Down>")
  equal(child:wait("return previewed('URLSearchParams') == 6 and 6"), 6)
  child:type("<C-v>")
  child:wait("return vim.api.nvim_buf_get_name(0):find('session.js', 1, true) and windows() == 2")
  equal(child:lua("return vim.api.nvim_win_get_cursor(0)[1]"), 6)
end)

test("Escape leaves the built-in picker and brings one back to where one was", function()
  local child = harness.shop(SHOWN)
  child:command("call cursor(7, 5)")
  child:command("Vizsla anything at all")
  child:wait("return shown('vizsla-list') ~= '' and shown('vizsla-list')")
  child:type("<Esc>")
  child:wait("return windows() == 1 and vim.api.nvim_get_mode().mode == 'n'")
  contains(child:lua("return vim.api.nvim_buf_get_name(0)"), "cart.py")
  equal(child:lua("return vim.api.nvim_win_get_cursor(0)"), { 7, 4 })
end)

test("all hits of the built-in picker go to the quickfix list by one key", function()
  local child = harness.shop(SHOWN)
  child:command("Vizsla lang:javascript anything")
  child:wait("return (shown('vizsla-list') or ''):find('signCookie')")
  child:type("<C-q>")
  child:wait("return #vim.fn.getqflist() == 2")
end)

test("a better order of the same question leaves the cursor on its hit", function()
  local child = harness.shop(SHOWN)
  child:lua([[
    local question = require("vizsla.question")
    local function hit(name)
      local place = { line = 0, character = 0 }
      return { name = name, qualifiedName = name, container = "", path = "shop/cart.py", doc = "", score = 0.5,
        location = { uri = vim.uri_from_bufnr(0), range = { start = place, ["end"] = place } } }
    end
    ASK = question.ask
    local first, better = { notes = {}, hits = { hit("a"), hit("b") } }, { notes = {}, hits = { hit("b"), hit("a") } }
    question.ask = function(asked, on_answer)
      on_answer(first, false)
      BETTER = function() on_answer(better, true) end
      return function() end
    end
  ]])
  child:command("Vizsla anything")
  child:wait("return (shown('vizsla-list') or ''):find('a')")
  child:type("<Down>")
  child:wait("return vim.api.nvim_win_get_cursor(vim.fn.bufwinid(vim.fn.bufnr('%')))")
  local line = [[
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      if vim.bo[vim.api.nvim_win_get_buf(window)].filetype == "vizsla-list" then
        return vim.api.nvim_win_get_cursor(window)[1]
      end
    end
  ]]
  child:wait("return (function() " .. line .. " end)() == 2")
  child:lua("BETTER()")
  child:wait("return shown('vizsla-list'):find('^[^a]*b')")
  equal(child:lua(line), 1)
  child:lua("require('vizsla.question').ask = ASK")
end)

test("a question that cannot be answered is explained while one types, and nothing is lost", function()
  local child = harness.shop(SHOWN)
  child:lua("vim.api.nvim_echo = function(chunks) ECHOED = chunks[1][1] end")
  child:command("Vizsla lang:klingon anything")
  contains(child:wait("return ECHOED ~= '' and ECHOED"), "klingon")
  child:type("<C-c>")
  child:wait("return windows() == 1")
end)

test("vim.ui.select and vim.ui.input serve those who want them", function()
  local child = harness.shop(SHOWN)
  child:lua([[
    vim.ui.input = function(_, done) done("where is a file sent again") end
    vim.ui.select = function(items, options, done)
      ROWS = vim.tbl_map(options.format_item, items)
      done(items[1])
    end
  ]])
  child:lua("require('vizsla').search('', { picker = 'select' })")
  child:wait("return vim.api.nvim_buf_get_name(0):find('uploads.py', 1, true)")
  contains(child:lua("return ROWS[1]"), "retry_upload  shop/uploads.py:6  Send a file again")
end)

test("the last hits come back without a question", function()
  local child = harness.shop(SHOWN)
  child:command("Vizsla! where is a file sent again")
  child:wait("return #vim.fn.getqflist() > 0")
  child:command("cclose")
  child:command("Vizsla again")
  child:wait("return (shown('vizsla-list') or ''):find('retry_upload')")
end)

local TELESCOPE = SHOWN
  .. ([[
    for _, name in ipairs({ "neovim-plenary", "neovim-telescope" }) do
      vim.opt.runtimepath:append(%q .. "/" .. name)
    end
    vim.cmd.runtime("plugin/telescope.lua")
    require("telescope").setup({})
    require("telescope").load_extension("vizsla")
  ]]):format(vim.env.VIZSLA_TELESCOPE)

local SELECTED = [[
  local entry = require("telescope.actions.state").get_selected_entry()
  return entry and entry.value.name == "retry_upload"
]]

test("Telescope asks while one types, previews, and jumps", function()
  local child = harness.shop(TELESCOPE .. FEEDBACK)
  equal(child:lua("return require('vizsla.pickers').installed()"), "telescope")
  child:command("Vizsla")
  child:wait("return vim.bo.filetype == 'TelescopePrompt'")
  child:type("where is a file sent again")
  child:wait("return (shown('TelescopeResults') or ''):find('retry_upload')")
  local first = "return require('telescope.actions.state').get_selected_entry().value.name"
  child:wait(SELECTED)
  equal(child:lua(first), "retry_upload")
  child:wait("return previewed('raise RuntimeError(\"gave up\")')")
  child:type("<CR>")
  child:wait("return vim.api.nvim_buf_get_name(0):find('uploads.py', 1, true) and windows() == 1")
  equal(child:lua("return vim.api.nvim_win_get_cursor(0)"), { 6, 0 })
end)

test("Telescope replaces the hits of one question by those of the next", function()
  local child = harness.shop(TELESCOPE .. FEEDBACK)
  child:command("Telescope vizsla")
  child:wait("return vim.bo.filetype == 'TelescopePrompt'")
  child:type("lang:javascript session")
  child:wait("return (shown('TelescopeResults') or ''):find('signCookie')")
  child:type(("<BS>"):rep(#"lang:javascript session") .. "lang:python price")
  child:wait(
    "local text = shown('TelescopeResults') or ''; return text:find('total_price') and not text:find('signCookie')"
  )
  child:type("<Esc><Esc>")
  child:wait("return windows() == 1")
end)

test("Telescope shows functions like the one under the cursor", function()
  local child = harness.shop(TELESCOPE .. FEEDBACK)
  child:command("call search('total_price')")
  child:command("Telescope vizsla similar")
  child:wait("return (shown('TelescopeResults') or ''):find('test_total_price')")
end)

test("a hit that is opened is noted with its question, where the user allows it", function()
  local query = "where is a file sent again " .. vim.uv.hrtime()
  local child, root = harness.shop(SHOWN .. FEEDBACK)
  child:command("Vizsla " .. query)
  child:wait("return (shown('vizsla-list') or ''):find('retry_upload')")
  child:type("<CR>")
  child:noted(query, 1)
  contains(harness.noted(query)[1], "retry_upload")
  equal(vim.json.decode(harness.noted(query)[1]).workspace, root)
  child:command("Vizsla again") -- the same hits, and the same question
  child:wait("return (shown('vizsla-list') or ''):find('retry_upload')")
  child:type("<CR>")
  child:noted(query, 2)
end)

test("nothing is noted of who did not allow it", function()
  local query = "where is a file sent again " .. vim.uv.hrtime()
  local child = harness.shop(SHOWN)
  child:command("Vizsla " .. query)
  child:wait("return (shown('vizsla-list') or ''):find('retry_upload')")
  child:type("<CR>")
  child:wait("return vim.api.nvim_buf_get_name(0):find('uploads.py', 1, true)")
  child:ask("a question that the server answers after what it was told")
  equal(harness.noted(query), {})
end)

test("hits that Telescope and vim.ui.select open are noted too", function()
  local query = "where is a file sent again " .. vim.uv.hrtime()
  local child = harness.shop(TELESCOPE .. FEEDBACK)
  child:command("Vizsla " .. query)
  child:wait("return (shown('TelescopeResults') or ''):find('retry_upload')")
  -- Telescope goes on telling the entry of the picker before, until this one has drawn its own.
  child:wait(SELECTED)
  child:type("<C-v>")
  child:noted(query, 1)
  child:lua("vim.ui.select = function(items, _, done) done(items[1]) end")
  child:lua("require('vizsla').search(..., { picker = 'select' })", query)
  child:noted(query, 2)
end)

--- fzf-lua by its interface: what it is handed is kept, and what it would call is called.
local FZF = FEEDBACK
  .. [[
    package.loaded["fzf-lua"] = {
      fzf_live = function(contents, settings) CONTENTS, SETTINGS = contents, settings end,
      fzf_exec = function(lines, settings) LINES, SETTINGS = lines, settings end,
    }
    package.loaded["fzf-lua.previewer.builtin"] = {
      buffer_or_file = { extend = function() return { super = { new = function() end } } end },
    }
  ]]

test("fzf-lua is given lines of the last answer, and superseded questions end", function()
  local child = harness.shop(FZF)
  equal(child:lua("return require('vizsla.pickers').installed()"), "fzf-lua")
  child:command("Vizsla upload")
  equal(child:lua("return SETTINGS.query"), "upload")
  child:lua([[
    FIRST, SECOND = {}, {}
    CONTENTS({ "where" })(function(line) table.insert(FIRST, line or "end") end)
    CONTENTS({ "where is a file sent again" })(function(line) table.insert(SECOND, line or "end") end)
  ]])
  child:wait("return SECOND[#SECOND] == 'end'")
  equal(child:lua("return FIRST"), { "end" })
  equal(child:lua("return SECOND[1]"), "1\tshop/uploads.py:6  retry_upload  Send a file again until the server takes it.")
  equal(child:lua("return { SETTINGS.fzf_opts['--delimiter'], SETTINGS.fzf_opts['--with-nth'] }"), { "[\t]", "2.." })
  child:command("call search('total_price')")
  child:command("Vizsla similar")
  contains(child:wait("return LINES and table.concat(LINES, '\\n')"), "test_cart.py:1  test_total_price_includes_tax")
end)

test("fzf-lua opens and previews files with any character in their names", function()
  local name = "a:12:3: b\tc.py"
  local query = "light the lamp " .. vim.uv.hrtime()
  local root = harness.workspace({ [name] = "x = 1\n\ndef light_the_lamp():\n    return x\n", ["a"] = "no function\n" })
  local child = harness.open(root, FZF)
  child:start()
  child:command("Vizsla " .. query)
  child:lua("CONTENTS({ ... })(function(line) LINE = LINE or line; DONE = line == nil end)", query)
  child:wait("return DONE")
  equal(child:lua("return LINE"), "1\ta:12:3: b c.py:3  light_the_lamp")
  local seen = child:lua([[
    local preview = SETTINGS.previewer._ctor()
    return preview.parse_entry(preview.new(preview, {}, {}), LINE)
  ]])
  equal({ seen.path, seen.line, seen.col, seen.bufnr }, { root .. "/" .. name, 3, 1 })
  child:lua("SETTINGS.actions.enter({ LINE })")
  equal(child:lua("return { vim.api.nvim_buf_get_name(0), vim.fn.line('.') }"), { root .. "/" .. name, 3 })
  child:noted(query, 1)
  child:lua("SETTINGS.actions.enter({ LINE, LINE })")
  equal(child:lua("return #vim.fn.getqflist()"), 2)
end)

test("snacks.picker is given items in the server's order, and asked to look again when they come", function()
  local query = "where is a file sent again " .. vim.uv.hrtime()
  local child = harness.shop(FEEDBACK .. [[
    _G.Snacks = {
      config = { picker = { enabled = true } },
      picker = {
        pick = function(settings) SETTINGS = settings end,
        actions = { jump = function() JUMPED = true end },
      },
    }
  ]])
  equal(child:lua("return require('vizsla.pickers').installed()"), "snacks")
  child:command("Vizsla")
  child:lua(
    [[
    CONTEXT = {
      filter = { search = ... },
      picker = {
        selected = function() return { ITEMS[1] } end,
        current = function() end,
        list = { set_target = function() end },
        find = function() ITEMS = SETTINGS.finder({}, CONTEXT) end,
      },
    }
    BEFORE = SETTINGS.finder({}, CONTEXT)
  ]],
    query
  )
  equal(child:lua("return #BEFORE"), 0)
  child:wait("return ITEMS and ITEMS[1] ~= nil")
  equal(child:lua("return { ITEMS[1].pos, vim.fs.basename(ITEMS[1].file) }"), { { 6, 0 }, "uploads.py" })
  equal(child:lua("return SETTINGS.format(ITEMS[1])[3][1]"), "retry_upload")
  child:lua("SETTINGS.actions.jump(CONTEXT.picker, ITEMS[1], {})")
  child:noted(query, 1)
  equal(child:lua("return JUMPED"), true)
end)

--- A picker for those who have none installed: a prompt, hits while typing, a preview.
local hits = require("vizsla.hits")
local pickers = require("vizsla.pickers")
local preview = require("vizsla.pickers.preview")

local M = {}

local NAMESPACE = vim.api.nvim_create_namespace("vizsla")

--- Where the windows stand: the prompt on top, hits below it, the preview beside them or, where it is narrow, below.
---@return table<"prompt"|"list"|"preview", vim.api.keyset.win_config>
local function layout()
  local width = math.max(20, math.floor(vim.o.columns * 0.9) - 2)
  local height = math.max(8, math.floor(vim.o.lines * 0.8) - 4)
  local row, column = math.floor((vim.o.lines - height) / 2) - 1, math.floor((vim.o.columns - width) / 2) - 1
  local common = { relative = "editor", style = "minimal", border = "single", zindex = 60 }
  local function at(top, left, wide, high)
    return vim.tbl_extend("force", common, {
      row = math.max(0, row + top),
      col = math.max(0, column + left),
      width = math.max(1, wide),
      height = math.max(1, high),
    })
  end
  if width >= 100 then
    local half = math.floor(width / 2)
    return {
      prompt = at(0, 0, half - 2, 1),
      list = at(3, 0, half - 2, height - 3),
      preview = at(0, half, width - half, height),
    }
  end
  local list = math.floor((height - 6) / 2)
  return {
    prompt = at(0, 0, width, 1),
    list = at(3, 0, width, list),
    preview = at(5 + list, 0, width, height - 5 - list),
  }
end

---@param name string
local function scratch(name)
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.bo[bufnr].bufhidden = "wipe"
  vim.bo[bufnr].filetype = "vizsla-" .. name
  return bufnr
end

---@type vizsla.Picker
function M.show(showing)
  local from = vim.api.nvim_get_current_win()
  local cursor = vim.api.nvim_win_get_cursor(from)
  local was_inserting = vim.api.nvim_get_mode().mode:sub(1, 1) == "i"
  local windows, buffers = {}, {}
  local live
  ---@type vizsla.Hit[]
  local listed = {}
  local is_closed = false
  local answered = nil -- the question that the list answers

  --- Close, and then go on where one was, in the mode in which one was.
  ---@param after? fun()
  local function close(after)
    if is_closed then
      return
    end
    is_closed = true
    live.close()
    local is_inserting = vim.api.nvim_get_mode().mode:sub(1, 1) == "i"
    for _, window in pairs(windows) do
      pcall(vim.api.nvim_win_close, window, true)
    end
    if vim.api.nvim_win_is_valid(from) then
      vim.api.nvim_set_current_win(from)
    end
    local function go_on()
      if vim.api.nvim_win_is_valid(from) and vim.api.nvim_get_current_win() == from then
        pcall(vim.api.nvim_win_set_cursor, from, cursor)
      end
      if after then
        after()
      end
    end
    if was_inserting or not is_inserting then
      return go_on()
    end
    -- Leaving insert mode moves the cursor to the left, and only when this function has returned.
    vim.api.nvim_create_autocmd("ModeChanged", { pattern = "*:n*", once = true, callback = vim.schedule_wrap(go_on) })
    vim.cmd.stopinsert()
  end

  local function current()
    return listed[vim.api.nvim_win_get_cursor(windows.list)[1]]
  end

  local function show_preview()
    preview.show(windows.preview, current())
  end

  local function move(by)
    local line = vim.api.nvim_win_get_cursor(windows.list)[1] + by
    vim.api.nvim_win_set_cursor(windows.list, { math.max(1, math.min(math.max(1, #listed), line)), 0 })
    show_preview()
  end

  local function draw(key)
    local lines = vim.tbl_map(hits.row, listed)
    vim.bo[buffers.list].modifiable = true
    vim.api.nvim_buf_set_lines(buffers.list, 0, -1, false, lines)
    vim.bo[buffers.list].modifiable = false
    vim.api.nvim_buf_clear_namespace(buffers.list, NAMESPACE, 0, -1)
    local row = 1
    for index, hit in ipairs(listed) do
      local column = 0
      for _, part in ipairs(hits.parts(hit)) do
        local stop = column + #part[1]
        vim.api.nvim_buf_set_extmark(buffers.list, NAMESPACE, index - 1, column, { end_col = stop, hl_group = part[2] })
        column = stop + 2
      end
      if key and hits.key(hit) == key then
        row = index
      end
    end
    vim.wo[windows.list].cursorline = #listed > 0
    vim.api.nvim_win_set_cursor(windows.list, { row, 0 })
    show_preview()
  end

  local function take(query, result)
    if is_closed then
      return
    end
    -- A new question begins at its best hit; a better order of the same question leaves the cursor on its hit.
    local kept = answered == query and current()
    answered = query
    listed = result and result.hits or {}
    draw(kept and hits.key(kept) or nil)
  end

  local function open_hit(how)
    local hit = current()
    local query = answered ~= "" and answered or showing.question
    if hit then
      close(function()
        hits.jump(hit, how, query)
      end)
    end
  end

  live = pickers.live(showing, take)
  for name, config in pairs(layout()) do
    buffers[name] = scratch(name)
    if name == "prompt" then
      config.title = " " .. (showing.result and showing.title or "Find functions by what they do") .. " "
    end
    windows[name] = vim.api.nvim_open_win(buffers[name], name == "prompt", config)
    vim.wo[windows[name]].wrap = false
    vim.wo[windows[name]].winhighlight = "NormalFloat:Normal"
  end

  local keys = {
    [{ "<CR>" }] = function()
      open_hit("edit")
    end,
    [{ "<C-x>", "<C-s>" }] = function()
      open_hit("split")
    end,
    [{ "<C-v>" }] = function()
      open_hit("vsplit")
    end,
    [{ "<C-t>" }] = function()
      open_hit("tabedit")
    end,
    [{ "<C-q>" }] = function()
      local title = vim.api.nvim_get_current_line()
      close(function()
        hits.to_quickfix(title ~= "" and title or showing.title, listed)
      end)
    end,
    [{ "<Down>", "<C-n>", "<C-j>" }] = function()
      move(1)
    end,
    [{ "<Up>", "<C-p>", "<C-k>" }] = function()
      move(-1)
    end,
    [{ "<C-d>" }] = function()
      preview.scroll(windows.preview, "\4") -- <C-d>
    end,
    [{ "<C-u>" }] = function()
      preview.scroll(windows.preview, "\21") -- <C-u>
    end,
    [{ "<Esc>", "<C-c>" }] = function()
      close()
    end,
  }
  for names, act in pairs(keys) do
    for _, key in ipairs(names) do
      vim.keymap.set({ "i", "n" }, key, act, { buffer = buffers.prompt, nowait = true })
    end
  end
  vim.api.nvim_create_autocmd({ "TextChangedI", "TextChanged" }, {
    buffer = buffers.prompt,
    callback = function()
      local query = vim.trim(vim.api.nvim_get_current_line())
      if query ~= answered then
        live.ask(query)
      end
    end,
  })
  vim.api.nvim_create_autocmd("WinLeave", {
    buffer = buffers.prompt,
    callback = function()
      vim.schedule(close)
    end,
  })

  if showing.result then
    take("", showing.result)
  elseif showing.query ~= "" then
    vim.api.nvim_buf_set_lines(buffers.prompt, 0, -1, false, { showing.query })
    live.ask(showing.query)
  end
  vim.cmd("startinsert!")
end

return M

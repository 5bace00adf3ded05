--- Hits in Telescope: asked while typing, in the server's order.
local hits = require("vizsla.hits")
local opened = require("vizsla.opened")
local pickers = require("vizsla.pickers")

local M = {}

---@type vizsla.Picker
function M.show(showing)
  local telescope = require("telescope.pickers")
  local config = require("telescope.config").values
  local entry_display = require("telescope.pickers.entry_display")
  local picker
  local live
  local shown = { query = nil, result = showing.result } -- what the list holds, or is about to
  local entries = {} -- by hit, so that Telescope knows a hit again when the order changes

  local function display(entry)
    local parts = hits.parts(entry.value)
    local columns = {}
    for index = 1, #parts do
      columns[index] = index < #parts and { width = vim.fn.strdisplaywidth(parts[index][1]) } or { remaining = true }
    end
    return entry_display.create({ separator = "  ", items = columns })(parts)
  end

  local function entry_of(hit)
    local key = hits.key(hit)
    local entry = entries[key] or { display = display }
    local start = hit.location.range.start
    entry.value, entry.ordinal, entry.filename = hit, hits.row(hit), hits.file(hit)
    entry.lnum, entry.col = start.line + 1, start.character + 1
    entries[key] = entry
    return entry
  end

  -- Telescope waits for its finder, so this one never waits: it gives what is there, and is called once more by
  -- refresh() when there is an answer.
  local finder = setmetatable({ close = function() end }, {
    __call = function(_, prompt, process_result, process_complete)
      prompt = vim.trim(prompt or "")
      local is_given = showing.result and prompt == ""
      if is_given then
        shown = { query = "", result = showing.result }
      elseif shown.query ~= prompt then
        shown = { query = prompt, result = shown.result }
        live.ask(prompt)
      end
      for _, hit in ipairs(shown.result and shown.result.hits or {}) do
        if process_result(entry_of(hit)) then
          return
        end
      end
      process_complete()
    end,
  })

  live = pickers.live(showing, function(query, result)
    if query ~= shown.query or not picker then
      return
    end
    local is_first = not shown.is_answered
    shown = { query = query, result = result, is_answered = true }
    -- A new question begins at its best hit; a better order of the same question leaves the cursor on its hit.
    picker.selection_strategy = is_first and "reset" or "follow"
    if picker.prompt_bufnr and vim.api.nvim_buf_is_valid(picker.prompt_bufnr) then
      picker:refresh()
    end
  end)

  picker = telescope.new(showing.options, {
    prompt_title = showing.result and showing.title or "Find functions by what they do",
    default_text = showing.result and "" or showing.query,
    finder = finder,
    previewer = config.grep_previewer(showing.options),
    sorter = require("telescope.sorters").empty(),
    attach_mappings = function(prompt_bufnr)
      vim.api.nvim_create_autocmd("BufWipeout", { buffer = prompt_bufnr, once = true, callback = live.close })
      local actions, state = require("telescope.actions"), require("telescope.actions.state")
      for _, name in ipairs({ "select_default", "select_horizontal", "select_vertical", "select_tab" }) do
        local chosen
        actions[name]:enhance({
          pre = function()
            chosen = state.get_selected_entry()
          end,
          post = function()
            vim.cmd("normal! zvzz")
            if chosen then
              opened.tell(shown.query ~= "" and shown.query or showing.question, chosen.value)
            end
          end,
        })
      end
      return true
    end,
  })
  picker:find()
end

return M

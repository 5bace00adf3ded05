--- Find functions by what they do. Everything here works without setup().
local M = {}

--- Say what is to be different from the defaults, and have buffers served from the start.
---@param given? vizsla.Options
function M.setup(given)
  for _, problem in ipairs(require("vizsla.options").set(given)) do
    require("vizsla.tell").user(problem)
  end
  require("vizsla.client").enable()
end

--- Ask a question in plain words, or ask while one types when there is none. Filters may be written into it:
--- lang:go kind:method path:src/** -path:tests/** in:server is:changed is:open
---@param question? string
---@param options? vizsla.SearchOptions
function M.search(question, options)
  options = options or {}
  local query = vim.trim(question or "")
  require("vizsla.pickers").show(options.picker, {
    title = query ~= "" and query or "Find functions by what they do",
    query = query,
    bufnr = vim.api.nvim_get_current_buf(),
    asked = { limit = options.limit, filters = options.filters },
    options = options.picker_options or {},
  })
end

--- Functions like the one under the cursor.
---@param options? vizsla.SearchOptions
function M.similar(options)
  options = options or {}
  local bufnr = vim.api.nvim_get_current_buf()
  local line, column = unpack(vim.api.nvim_win_get_cursor(0))
  local at =
    { uri = vim.uri_from_bufnr(bufnr), line = line - 1, column = column, text = vim.api.nvim_get_current_line() }
  M.ask({ at = at, bufnr = bufnr, limit = options.limit }, function(result, is_last)
    if is_last then
      require("vizsla.pickers").show(options.picker, {
        title = ("Like %s:%d"):format(vim.fs.basename(vim.api.nvim_buf_get_name(bufnr)), line),
        query = "",
        bufnr = bufnr,
        asked = { limit = options.limit, filters = options.filters },
        result = result,
        options = options.picker_options or {},
      })
    end
  end)
end

--- The last hits once more, without asking.
---@param options? vizsla.SearchOptions
function M.again(options)
  options = options or {}
  local last = require("vizsla.pickers").last
  if not last then
    return require("vizsla.tell").user("nothing was asked yet")
  end
  require("vizsla.pickers").show(options.picker, {
    title = last.title,
    query = "",
    bufnr = vim.api.nvim_get_current_buf(),
    asked = { limit = options.limit, filters = options.filters },
    result = last.result,
    question = last.question,
    options = options.picker_options or {},
  })
end

--- Ask, and do with the hits what you like. Each answer takes the place of the one before; the last one is marked.
---@param asked vizsla.Asked
---@param on_answer fun(result: vizsla.Result, is_last: boolean)
---@param on_problem? fun(sentence: string) told to the user when left out
---@return fun() cancel
function M.ask(asked, on_answer, on_problem)
  return require("vizsla.question").ask(asked, on_answer, on_problem or require("vizsla.tell").user)
end

--- A few words on the server for the statusline: "" while none runs, "vizsla" when all is well. The autocommand
--- "User VizslaStatus" says that they changed.
---@return string
function M.statusline()
  return package.loaded["vizsla.status"] and require("vizsla.status").line() or ""
end

return M

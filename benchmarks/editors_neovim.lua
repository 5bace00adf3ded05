-- From a key press to hits on the screen, in the plug-in's own picker in a real terminal, by this Neovim's clock.
-- Run as the user's init.lua; $QUESTIONS names a file with a question a line, $TOOK the file for the answer, JSON:
-- for each question `first` and `last`, milliseconds from its last key until its first and its last hits are drawn,
-- `is_reranked`, and `server_first` and `server_last`, what the server itself took for each.
vim.opt.runtimepath:prepend(vim.env.VIZSLA_PLUGIN)
vim.o.swapfile = false
local question = require("vizsla.question")
local questions = vim.fn.readfile(vim.env.QUESTIONS)
local took = {}
local now = {} -- the question that is being measured

local function milliseconds()
  return vim.uv.hrtime() / 1e6
end

local function finish(problem)
  vim.fn.writefile({ vim.json.encode({ took = took, problem = problem }) }, vim.env.TOOK .. ".new")
  vim.uv.fs_rename(vim.env.TOOK .. ".new", vim.env.TOOK)
  vim.cmd("qall!")
end

-- Called when a change has been drawn.
vim.api.nvim_set_decoration_provider(vim.api.nvim_create_namespace("vizsla-benchmark"), {
  on_end = function()
    local at = milliseconds()
    for _, name in ipairs(now.undrawn or {}) do
      now[name] = at - now.pressed
    end
    now.undrawn = {}
    if now.last and not now.is_over then
      now.is_over = true
      vim.schedule(now.done)
    end
  end,
})

local ask = question.ask
function question.ask(asked, on_answer, on_problem)
  return ask(asked, function(result, is_last)
    on_answer(result, is_last)
    if asked.query == now.prefix and is_last then
      vim.schedule(now.press)
    elseif asked.query == now.question then
      now.undrawn = now.undrawn or {}
      if not now.server_first then
        now.server_first = result.milliseconds.total
        table.insert(now.undrawn, "first")
      end
      if is_last then
        now.server_last, now.is_reranked = result.milliseconds.total, result.isReranked
        table.insert(now.undrawn, "last")
      end
    end
  end, function(problem)
    finish(problem)
  end)
end

local function measure(index)
  if not questions[index] then
    return finish()
  end
  local text = vim.trim(questions[index])
  now = {
    question = text,
    -- What was typed before the last key is answered and drawn by then.
    prefix = vim.trim(text:sub(1, -2)),
    press = function()
      vim.defer_fn(function()
        now.pressed = milliseconds()
        vim.api.nvim_input(text:sub(-1))
      end, 100)
    end,
    done = function()
      table.insert(took, {
        first = now.first,
        last = now.last,
        is_reranked = now.is_reranked,
        server_first = now.server_first,
        server_last = now.server_last,
      })
      vim.api.nvim_input("<Esc>")
      vim.defer_fn(function()
        measure(index + 1)
      end, 200)
    end,
  }
  require("vizsla").search(now.prefix, { picker = "builtin" })
end

local function when_ready()
  if require("vizsla.status").activity() == "ready" then
    return measure(1)
  end
  vim.defer_fn(when_ready, 200)
end

vim.api.nvim_create_autocmd("VimEnter", {
  callback = function()
    require("vizsla.client").ready(0, function(_, problem)
      if problem then
        finish(problem)
      end
    end)
    when_ready()
  end,
})

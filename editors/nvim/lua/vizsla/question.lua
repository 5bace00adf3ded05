--- Questions: asked, answered in steps, superseded, cancelled, and asked again when the server was lost meanwhile.
local client = require("vizsla.client")
local options = require("vizsla.options")

local M = {}

local REQUEST_CANCELLED, SERVER_CANCELLED = -32800, -32802

---@class (exact) vizsla.OpenQuestion
---@field asked vizsla.Asked
---@field on_answer fun(result: vizsla.Result, is_last: boolean)
---@field on_problem fun(sentence: string)
---@field is_open boolean
---@field is_again boolean
---@field server? vim.lsp.Client
---@field id? integer
---@field token? string

---@type table<string, vizsla.OpenQuestion> by the token of their partial results
local by_token = {}
---@type table<vizsla.OpenQuestion, true>
local open = {}
local count = 0

---@param question vizsla.OpenQuestion
local function close(question)
  question.is_open = false
  open[question] = nil
  if question.token then
    by_token[question.token] = nil
  end
end

---@param question vizsla.OpenQuestion
---@param sentence string
local function refuse(question, sentence)
  if question.is_open then
    close(question)
    question.on_problem(sentence)
  end
end

---@param place vizsla.Place
---@param encoding string of the server's columns
---@return lsp.Position
local function position(place, encoding)
  local utf32, utf16 = vim.str_utfindex(place.text, math.min(place.column, #place.text))
  local columns = { ["utf-8"] = place.column, ["utf-16"] = utf16, ["utf-32"] = utf32 }
  return { line = place.line, character = columns[encoding] }
end

---@param asked vizsla.Asked
---@param server vim.lsp.Client
---@param folder? string the folder that it is about
---@return string method
---@return table params
local function message(asked, server, folder)
  local filters = vim.deepcopy(asked.filters or {})
  if asked.at then
    return "vizsla/similar",
      {
        textDocument = { uri = asked.at.uri },
        position = position(asked.at, server.offset_encoding),
        limit = asked.limit or options.get().limit,
      }
  end
  if folder and options.get().folders == "current" and not filters.roots then
    filters.roots = { vim.uri_from_fname(folder) }
  end
  return "vizsla/search",
    {
      query = asked.query,
      limit = asked.limit or options.get().limit,
      filters = next(filters) and filters or nil,
      session = asked.session,
    }
end

---@param question vizsla.OpenQuestion
local function send(question)
  local bufnr = question.asked.bufnr or vim.api.nvim_get_current_buf()
  client.ready(bufnr, function(server, problem, folder)
    if not question.is_open then
      return
    end
    if not server then
      return refuse(question, assert(problem))
    end
    local method, params = message(question.asked, server, folder)
    local ours = vim.tbl_get(server.server_capabilities or {}, "experimental", "vizsla") or {}
    if not vim.tbl_contains(ours.requests or {}, method) then
      return refuse(question, ("this server does not know '%s'; update it, see :checkhealth vizsla"):format(method))
    end
    if method == "vizsla/search" then
      count = count + 1
      question.token = ("vizsla-hits-%d"):format(count)
      by_token[question.token] = question
      params.partialResultToken = question.token
    end
    question.server = server
    question.id = client.request(server, method, params, function(err, result)
      if not question.is_open then
        return
      end
      close(question)
      if result then
        question.on_answer(result, true)
      elseif err and err.code ~= SERVER_CANCELLED and err.code ~= REQUEST_CANCELLED then
        question.on_problem(err.message)
      end
    end, bufnr)
    if not question.id then
      refuse(question, "the server is about to end; ask again")
    end
  end)
end

--- Ask. Both callbacks run on the main loop, none after the returned function was called.
---@param asked vizsla.Asked
---@param on_answer fun(result: vizsla.Result, is_last: boolean) each answer takes the place of the one before
---@param on_problem fun(sentence: string)
---@return fun() cancel
function M.ask(asked, on_answer, on_problem)
  ---@type vizsla.OpenQuestion
  local question = { asked = asked, on_answer = on_answer, on_problem = on_problem, is_open = true, is_again = false }
  open[question] = true
  send(question)
  return function()
    if question.is_open then
      close(question)
      if question.id and question.server then
        client.cancel(question.server, question.id)
      end
    end
  end
end

---@class (exact) vizsla.Session
---@field ask fun(query: string, on_answer: fun(result: vizsla.Result, is_last: boolean), on_problem: fun(sentence: string))
---@field close fun()

--- Questions of which only the newest counts, as they come while someone types.
---@param asked vizsla.Asked what does not change while typing
---@return vizsla.Session
function M.session(asked)
  count = count + 1
  local name = ("nvim-%d-%d"):format(vim.fn.getpid(), count)
  local cancel = function() end
  local timer = assert(vim.uv.new_timer())
  local session = {}

  function session.close()
    cancel()
    cancel = function() end
    timer:stop()
  end

  function session.ask(query, on_answer, on_problem)
    session.close()
    timer:start(
      options.get().debounce_ms,
      0,
      vim.schedule_wrap(function()
        cancel()
        local this = vim.tbl_extend("force", asked, { query = query, session = name })
        cancel = M.ask(this, on_answer, on_problem)
      end)
    )
  end

  return session
end

--- Takes "$/progress": the steps of our answers; all else is Neovim's, which makes LspProgress of it.
---@type lsp.Handler
function M.on_progress(err, params, context, config)
  local question = params and by_token[params.token]
  if question then
    if question.is_open then
      question.on_answer(params.value, false)
    end
    return
  end
  -- A step of a question that was cancelled while it was on its way is nobody's.
  if not vim.startswith(tostring(params and params.token), "vizsla-hits-") then
    return vim.lsp.handlers["$/progress"](err, params, context, config)
  end
end

client.on_lost = function(given_up)
  for _, question in ipairs(vim.tbl_keys(open)) do
    if question.server then -- those that still wait for a server get the new one
      if given_up or question.is_again then
        refuse(question, given_up or "the server ended twice on this question; ':Vizsla log' may say why")
      else
        question.is_again, question.server, question.id = true, nil, nil
        send(question)
      end
    end
  end
end

return M

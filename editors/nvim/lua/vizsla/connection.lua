--- Neovim's client objects, whose functions, and what they answer, each version spells in its own way.
local M = {}

M.NAME = "vizsla"

--- Before 0.11 a client's functions are called with a dot, and a client without a buffer is started otherwise.
M.HAS_METHODS = vim.fn.has("nvim-0.11") == 1

---@param client vim.lsp.Client
---@param name string of a client's function
function M.call(client, name, ...)
  if M.HAS_METHODS then
    return client[name](client, ...)
  end
  return client[name](...)
end

--- What a field of an answer holds that may be null, which is vim.NIL from 0.12 on, and vim.NIL is true.
---@generic T
---@param value T|vim.NIL
---@return T?
function M.given(value)
  if value ~= vim.NIL then
    return value
  end
end

--- Send a request; `handler` runs on the main loop, and never once it is cancelled.
---@param client vim.lsp.Client
---@param method string
---@param params table
---@param handler lsp.Handler
---@param bufnr integer its unsaved text goes to the server first
---@return integer? id
function M.request(client, method, params, handler, bufnr)
  local is_sent, id =
    M.call(client, "request", method, params, handler, vim.api.nvim_buf_is_valid(bufnr) and bufnr or 0)
  return is_sent and id or nil
end

---@param client vim.lsp.Client
---@param id integer
function M.cancel(client, id)
  M.call(client, "cancel_request", id)
end

--- The client, also while it is being initialized.
---@return vim.lsp.Client?
function M.get()
  -- What is not initialized is left out, unless one asks by a name that is not documented.
  for _, client in ipairs(vim.lsp.get_clients({ name = M.NAME, _uninitialized = true })) do
    if not M.call(client, "is_stopped") then
      return client
    end
  end
end

--- Start a client that serves no buffer yet.
---@param config vim.lsp.Config
---@param reuse fun(client: vim.lsp.Client, config: vim.lsp.ClientConfig): boolean
function M.start(config, reuse)
  if M.HAS_METHODS then
    vim.lsp.start(config, { attach = false, reuse_client = reuse })
  else
    vim.lsp.start_client(config)
  end
end

return M

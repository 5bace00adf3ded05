--- The user's options, checked. Every one of them may be left out.
local M = {}

---@class (exact) vizsla.Options
---@field cmd? string[] the server, such as { "/opt/vizsla/bin/vizsla", "serve" }; found by itself when left out
---@field log_level? "debug"|"info"|"warning"|"error" what the server writes to Neovim's LSP log
---@field filetypes? string[] buffers whose unsaved text is searched
---@field root_markers? string[][] what a workspace folder holds; earlier lists go before later ones
---@field settings? table the server's settings, as in docs/configuration.md
---@field folders? "current"|"all" whether a question is for the folder of the current buffer or for all that are open
---@field picker? vizsla.PickerName|vizsla.Picker
---@field limit? integer hits wanted; the server's setting when left out
---@field debounce_ms? integer how long typing has to rest before it is asked
---@field watch_files? boolean whether Neovim tells the server of files that change on the disk

---@type vizsla.Options
local defaults = {
  log_level = "warning",
  filetypes = {
    "bash",
    "c",
    "cpp",
    "cs",
    "cuda",
    "eelixir",
    "elixir",
    "go",
    "haskell",
    "java",
    "javascript",
    "javascriptreact",
    "julia",
    "kotlin",
    "lua",
    "objc",
    "ocaml",
    "php",
    "python",
    "ruby",
    "rust",
    "scala",
    "sh",
    "swift",
    "typescript",
    "typescriptreact",
    "zig",
  },
  root_markers = {
    { ".vizsla.toml" },
    { ".git", ".hg", ".jj", ".svn" },
    { "pyproject.toml", "package.json", "Cargo.toml", "go.mod", "pom.xml", "Makefile" },
  },
  settings = {},
  folders = "current",
  picker = "auto",
  debounce_ms = 40,
  watch_files = true,
}

local kinds = {
  cmd = "table",
  log_level = "string",
  filetypes = "table",
  root_markers = "table",
  settings = "table",
  folders = "string",
  picker = { "string", "function" },
  limit = "number",
  debounce_ms = "number",
  watch_files = "boolean",
}

local choices = {
  log_level = { "debug", "info", "warning", "error" },
  folders = { "current", "all" },
  picker = { "auto", "builtin", "telescope", "fzf-lua", "snacks", "select", "quickfix" },
}

---@type vizsla.Options|nil
local chosen

---@param name string
---@param value any
---@return string? problem
local function problem_with(name, value)
  local kind = kinds[name]
  if not kind then
    return ("there is no option '%s'; the options are %s"):format(
      name,
      table.concat(vim.fn.sort(vim.tbl_keys(kinds)), ", ")
    )
  end
  if not vim.tbl_contains(type(kind) == "table" and kind or { kind }, type(value)) then
    local wanted = type(kind) == "table" and table.concat(kind, " or ") or kind
    return ("the option '%s' must be a %s, got %s"):format(name, wanted, vim.inspect(value))
  end
  if type(value) == "string" and choices[name] and not vim.tbl_contains(choices[name], value) then
    return ("the option '%s' must be one of %s, got '%s'"):format(name, table.concat(choices[name], ", "), value)
  end
end

--- Take the user's options over the defaults. What cannot be used is named, and its default stays.
---@param given? vizsla.Options
---@return string[] problems one sentence each
function M.set(given)
  local problems, good = {}, {}
  for name, value in pairs(given or {}) do
    local problem = problem_with(name, value)
    if problem then
      table.insert(problems, problem)
    else
      good[name] = value
    end
  end
  chosen = vim.tbl_extend("force", defaults, good)
  return problems
end

--- The options now; vim.g.vizsla holds those of a user who never called setup().
---@return vizsla.Options
function M.get()
  if not chosen then
    for _, problem in ipairs(M.set(type(vim.g.vizsla) == "table" and vim.g.vizsla or {})) do
      require("vizsla.tell").user(problem)
    end
  end
  return assert(chosen)
end

return M

--- Which folder a buffer belongs to.
local options = require("vizsla.options")

local M = {}

--- Folders that the user named, which go before those that are found by their marks.
---@type string[]
local named = {}

--- Take a folder that has no mark.
---@param folder string an absolute path
function M.add(folder)
  table.insert(named, vim.fs.normalize(folder))
end

---@param path string an absolute path
---@return string? folder
local function around(path)
  path = vim.fs.normalize(path)
  local best
  for _, folder in ipairs(named) do
    local is_inside = path == folder or vim.startswith(path, folder .. "/")
    if is_inside and #folder > #(best or "") then
      best = folder
    end
  end
  if best then
    return best
  end
  for _, markers in ipairs(options.get().root_markers) do
    local root = vim.fs.root(path, markers)
    -- A home directory that is kept in git is no workspace: nobody wants all of it indexed.
    if root and root ~= "/" and vim.fs.normalize(root) ~= vim.fs.normalize(vim.uv.os_homedir() or "") then
      return vim.fs.normalize(root)
    end
  end
end

--- The folder of a buffer's file.
---@param bufnr integer
---@return string? folder an absolute path; nil when it is no file, or lies in no workspace
function M.of_file(bufnr)
  local name = vim.api.nvim_buf_get_name(bufnr)
  if vim.bo[bufnr].buftype == "" and name ~= "" and not name:match("^%a[%w+.-]+://") then
    return around(name)
  end
end

--- The folder that a question from this buffer is about: its file's, or else that of the current directory.
---@param bufnr integer
---@return string? folder
---@return string? problem one sentence
function M.of(bufnr)
  local directory = vim.fn.getcwd()
  local folder = M.of_file(bufnr) or around(directory)
  if folder then
    return folder
  end
  local marks = vim.iter(options.get().root_markers):flatten():join(", ")
  return nil,
    ("neither this buffer nor %s lies in a workspace, which is a folder that holds one of %s;"):format(directory, marks)
      .. " ':Vizsla folder .' takes the current directory for one"
end

return M

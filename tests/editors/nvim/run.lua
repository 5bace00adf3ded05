-- nvim --clean --headless -l run.lua SCENARIO...: runs scenarios; the last line is "N passed, N failed".
package.path = vim.env.VIZSLA_SCENARIOS .. "/?.lua;" .. package.path
for _, name in ipairs(_G.arg) do
  require(name)
end
require("harness").finish()

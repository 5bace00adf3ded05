-- The command and the maps; everything else is loaded when one of them is used.
if vim.g.loaded_vizsla then
  return
end
vim.g.loaded_vizsla = 1

vim.api.nvim_create_user_command("Vizsla", function(command)
  require("vizsla.commands").run(command)
end, {
  nargs = "*",
  bang = true,
  desc = "Find functions by what they do",
  complete = function(...)
    return require("vizsla.commands").complete(...)
  end,
})

vim.keymap.set("n", "<Plug>(vizsla-search)", function()
  require("vizsla").search()
end, { desc = "Find functions by what they do" })
vim.keymap.set("n", "<Plug>(vizsla-word)", function()
  require("vizsla").search(vim.fn.expand("<cword>"))
end, { desc = "Ask about the word under the cursor" })
vim.keymap.set("n", "<Plug>(vizsla-similar)", function()
  require("vizsla").similar()
end, { desc = "Functions like the one under the cursor" })
vim.keymap.set("n", "<Plug>(vizsla-again)", function()
  require("vizsla").again()
end, { desc = "The last hits once more" })

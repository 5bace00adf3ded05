-- What vim.lsp.enable("vizsla") starts, on Neovim 0.11 and newer.
return require("vizsla.client").config()

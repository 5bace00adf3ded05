--- :Telescope vizsla, and :Telescope vizsla similar
local function with_telescope(ask)
  return function(options)
    ask({ picker = "telescope", picker_options = options or {} })
  end
end

local search = with_telescope(function(options)
  require("vizsla").search(nil, options)
end)

return require("telescope").register_extension({
  exports = {
    vizsla = search,
    search = search,
    similar = with_telescope(function(options)
      require("vizsla").similar(options)
    end),
  },
})

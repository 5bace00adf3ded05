-- :Vizsla train and :Vizsla model: how far they have come is shown, and how they ended is told.
local harness = require("harness")
local test, equal, contains = harness.test, harness.equal, harness.contains

--- A server whose trainings are counted, not done: what the recipe's name says happens at once.
local TOY = harness.another_server(
  ("import vizsla.services.training as training\ntraining.Training.__init__.__kwdefaults__['command'] = ('%s',)"):format(
    vim.env.VIZSLA_TOY_TRAINING
  )
)

TOY = TOY
  .. [[

  function window()
    local bufnr = vim.fn.bufnr("vizsla://status")
    return bufnr > 0 and table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), "\n") or ""
  end
  TITLES = {}
  vim.api.nvim_create_autocmd("LspProgress", { callback = function(event)
    table.insert(TITLES, event.data.params.value.title)
  end })
]]

test("a training is shown while questions are answered, and can be stopped", function()
  local child = harness.shop(TOY)
  child:command("Vizsla train --recipe count")
  child:wait("return window():find('\\n  training mine')")
  child:wait("return require('vizsla').statusline():find('^vizsla: training mine')")
  child:wait("return vim.tbl_contains(TITLES, 'Training')")
  child:command("Vizsla train")
  child:told("a training runs already")
  equal(child:ask("where is a file sent again")[1], "retry_upload")
  child:command("Vizsla train stop")
  child:told("the training was stopped; begun again, it goes on from there")
  child:wait("return require('vizsla').statusline() == 'vizsla' and not window():find('training')")
end)

test("how the gate decided is told", function()
  local child = harness.shop(TOY)
  child:command("Vizsla train --recipe refuse")
  child:told("the training has ended, the models in use stay: MRR went up (report: r.html)")
  child:command("Vizsla! train --recipe offer")
  child:told("the training has ended with better models: MRR went up (report: r.html)")
  child:command("Vizsla train --recipe fail")
  child:told("the training has failed: there is nothing to learn from")
end)

test("options that only the program takes run it in a terminal, where it can be watched", function()
  local child = harness.shop()
  child:command("Vizsla train --help")
  child:wait(
    "return vim.bo.buftype == 'terminal' and table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n'):find('Train models on your own code', 1, true)"
  )
end)

test("a model is chosen from those that there are, and told when it answers", function()
  local cache = vim.env.VIZSLA_TEST_FOLDER .. "/cache-of-models"
  vim.fn.mkdir(cache .. "/models", "p")
  vim.fn.system({ "cp", "-r", vim.env.VIZSLA_TINY_MODEL, cache .. "/models/tiny" })
  local child = harness.shop(("vim.env.VIZSLA_CACHE_DIR = %q"):format(cache))
  child:lua([[
    vim.ui.select = function(items, options, choose)
      SHOWN = vim.tbl_map(options.format_item, items)
      choose({ name = "tiny" })
    end
  ]])
  child:command("Vizsla model")
  contains(child:wait("return SHOWN and SHOWN[1]"), "(in use)")
  child:told("In use: retriever tiny")
  child:told("questions are answered by the model 'tiny")
  equal(#child:ask("where is a file sent again") > 0, true)
  child:command("Vizsla model default")
  child:told("In use: retriever default")
  child:command("Vizsla model no-such-model")
  child:told("there is no model named 'no-such-model'")
end)

test("models that are prepared and trainings are told in few words", function()
  local child = harness.shop()
  local function said(name, state)
    return child:lua("local name, state = ...; return require('vizsla.status')[name](state)", name, state)
  end
  local preparing = { model = "shop-retriever", done = 1234, total = 5678, waits = false }
  equal(said("prepared", preparing), "preparing model shop-retriever 1,234/5,678")
  preparing.waits = true
  equal(said("prepared", preparing), "preparing model shop-retriever 1,234/5,678, by another process")
  local training = { activity = "running", stage = "retriever", done = 120, total = 800, message = "" }
  equal(said("trained", training), "training retriever 120/800")
  training.activity = "paused"
  equal(said("trained", training), "training retriever 120/800, halted while you ask")
  training.activity = "stopping"
  equal(said("trained", training), "stopping the training")
  equal(said("trained", { activity = "running", stage = "", done = 0, total = 0, message = "" }), "training")
end)

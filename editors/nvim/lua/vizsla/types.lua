---@meta
-- The shapes of what the server says; docs/lsp.md holds their meaning.

---@class (exact) vizsla.Hit
---@field location lsp.Location where the function stands now
---@field root string URI of the workspace folder
---@field path string relative to that folder, for people
---@field name string
---@field qualifiedName string
---@field container string
---@field kind string
---@field language string
---@field signature string on one line
---@field doc string the first line of its documentation, perhaps empty
---@field score number in [0, 1]
---@field isStale boolean its text changed since it was indexed
---@field why table<string, any>
---@field copies table[]

---@class (exact) vizsla.Result
---@field schema integer
---@field hits vizsla.Hit[] best first
---@field isPartial boolean the index is not complete
---@field isReranked boolean
---@field isSemantic boolean
---@field notes string[] one sentence each
---@field milliseconds table<string, number>

---@alias vizsla.Activity "starting"|"scanning"|"parsing"|"embedding"|"ready"|"paused"|"cancelled"|"reading"|"failed"

---@class (exact) vizsla.Folder
---@field uri string
---@field activity vizsla.Activity
---@field done integer
---@field total integer
---@field problem string one sentence, empty when there is none

---@class (exact) vizsla.Preparing models that are to take over while others answer
---@field model string
---@field done integer functions that are embedded
---@field total integer
---@field waits boolean another process embeds them

---@class (exact) vizsla.Training
---@field activity "running"|"paused"|"stopping" paused while somebody searches
---@field stage string empty at first
---@field done integer
---@field total integer 0 when nobody knows
---@field message string

---@class (exact) vizsla.Filters
---@field languages? string[]
---@field kinds? string[]
---@field paths? string[]
---@field notPaths? string[]
---@field folder? string
---@field roots? string[]
---@field open? boolean
---@field changed? boolean

---@class (exact) vizsla.Asked
---@field query? string the question
---@field at? vizsla.Place ask for functions like the one here, instead
---@field bufnr? integer the buffer that the question is asked from
---@field session? string a newer question of the same session takes the place of this one
---@field limit? integer
---@field filters? vizsla.Filters

---@class (exact) vizsla.Place
---@field uri string
---@field line integer from 0
---@field column integer in bytes, from 0
---@field text string the line

---@class (exact) vizsla.SearchOptions
---@field picker? vizsla.PickerName|vizsla.Picker how to show the hits, this time
---@field limit? integer
---@field filters? vizsla.Filters
---@field picker_options? table handed to the picker's own plug-in

---@alias vizsla.PickerName "auto"|"builtin"|"telescope"|"fzf-lua"|"snacks"|"select"|"quickfix"

---@class (exact) vizsla.Showing
---@field title string
---@field query string what the prompt begins with
---@field bufnr integer the buffer that the question is asked from
---@field asked vizsla.Asked what does not change while typing
---@field result? vizsla.Result what is already known, so that nothing is asked
---@field question? string what `result` answers, where it answers a question in words
---@field options table for the picker's own plug-in

---@alias vizsla.Picker fun(showing: vizsla.Showing)

module Crlf where

-- | Says hello
-- to somebody.
hello :: String -> String
hello name =
  "hello " ++ name

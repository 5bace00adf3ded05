module Broken where

one :: Int
one = 1

bad :: Int
bad = let in where )

-- | Stands behind the fault.
two :: Int -> Int
two x = x + 1

open :: Int -> Int
open x = (x +

{-# LANGUAGE GADTs #-}
{-# LANGUAGE ScopedTypeVariables #-}
-- | A shop and what it sells.
module Shop
  ( Item (..)
  , total
  ) where

import qualified Data.Map as Map
import Data.List (sortBy)

-- | An item with a price.
data Item = Item
  { name  :: String -- ^ what it is
  , price :: !Int
  }
  deriving (Eq, Show)

-- | Colours.
data Colour = Red | Green | Blue deriving (Enum)

newtype Wrapper a = Wrapper { unwrap :: a }

type Prices = Map.Map String Int

-- | Things with a label.
class Show a => Labelled a where
  -- | The label.
  label :: a -> String
  label = show

  size :: a -> Int

instance Labelled Item where
  label item = name item
  size = length . name

instance Show a => Show (Wrapper a) where
  show (Wrapper a) = "Wrapper " ++ show a

-- | Sums the prices
-- of all items.
total :: [Item] -> Int
total [] = 0
total (item : rest) =
  price item + total rest

-- A guard and a where.
classify :: Int -> String
classify n
  | n < low = "cheap"
  | n < high = "fair"
  | otherwise = "dear"
  where
    low = 10
    high = limit 2
    limit :: Int -> Int
    limit k = k * 50

{- | Applies twice.
-}
twice, thrice :: (a -> a) -> a -> a
twice f = f . f
thrice f x = f (f (f x))

infixl 6 |+|

-- | Joins two items.
(|+|) :: Item -> Item -> Item
Item n p |+| Item m q = Item (n ++ m) (p + q)

größe' :: String -> Int
größe' s = let k = length s in k -- größe 🙂

untyped x y = do
  putStrLn "total [] = 1"
  let inner z = z + x
  pure (inner y)

answer :: Int
answer = 42

(first, second) = (1, 2)

data Expr a where
  Num  :: Int -> Expr Int
  Plus :: Expr Int -> Expr Int -> Expr Int

eval :: forall a. Expr a -> a
eval (Num n) = n
eval (Plus a b) = eval a + eval b

type family Elem c where
  Elem [e] = e

foreign import ccall "math.h sin" c_sin :: Double -> Double

pattern Pair :: a -> b -> (a, b)
pattern Pair x y = (x, y)

{-# INLINE lambda #-}
lambda = \x -> x + 1

main :: IO ()
main = do
  print (total [])

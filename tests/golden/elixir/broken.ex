defmodule Good do
  def one do
    1
  end

  def bad(x do
    x +
  end

  def three, do: 3
end

defmodule Open do
  def unfinished(x) do
    if x do

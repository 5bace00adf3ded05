defmodule Attributes do
  @moduledoc "Attributes in every order."

  @typedoc "A place."
  @type place :: {integer, integer}

  @callback start(term) :: :ok

  @limit 3
  def limit, do: @limit

  @spec first(list) :: term
  @doc "The first of a list."
  # said in a comment
  @impl true

  def first([head | _]), do: head

  @doc """
  Of one argument.
  """
  def size(a), do: size(a, 0)

  @doc """
  Of two arguments.
  """
  def size([], n), do: n
  def size([_ | rest], n), do: size(rest, n + 1)

  @doc ~S"""
  Keeps \n as it is.
  """
  @deprecated "use first/1"
  def raw(x), do: x

  @doc since: "1.2.0"
  def newer(x), do: x
end

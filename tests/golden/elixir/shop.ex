defmodule Acme.Shop do
  @moduledoc """
  A shop and what it sells.
  """

  use GenServer
  alias Acme.Shop.Item
  require Logger

  @limit 10
  @type price :: non_neg_integer()

  defstruct [:name, items: []]

  defguard is_price(value) when is_integer(value) and value >= 0

  @doc """
  Sums the prices of all items.

      iex> Acme.Shop.total([])
      0
  """
  @spec total([Item.t()]) :: price()
  def total([]), do: 0

  def total([item | rest]) do
    item.price + total(rest)
  end

  # Checks
  # the limit.
  defp check(n) when n > @limit, do: {:error, "too dear: #{n}"}
  defp check(n), do: {:ok, n}

  @doc "Puts an item in."
  @impl true
  def handle_call({:put, item}, _from, state) do
    twice = fn n -> n * 2 end

    case check(twice.(item.price)) do
      {:ok, _} -> {:reply, :ok, [item | state]}
      error -> {:reply, error, state}
    end
  end

  def handle_call(:list, _from, state), do: {:reply, state, state}

  @doc false
  def größe(artikel \\ "Straße"), do: String.length(artikel)

  def a + b, do: Item.add(a, b)

  def empty?, do: true

  def zero do
    0
  end

  def defaults(a, b \\ 1)

  def defaults(a, b) do
    a + b
  end

  @doc "Runs the block unless it is empty."
  defmacro unless_empty(list, do: block) do
    quote do
      if unquote(list) != [], do: unquote(block)
    end
  end

  defmacrop secret(value), do: value

  defdelegate add(a, b), to: Item

  defmodule Item do
    @moduledoc false
    defstruct name: nil, price: 0

    @type t :: %__MODULE__{}

    def add(%Item{} = a, b) do
      "def fake(x), do: x 🙂"
      %{a | price: a.price + b.price}
    end
  end

  for colour <- [:red, :green] do
    def unquote(colour)(), do: unquote(colour)
  end
end

defprotocol Acme.Labelled do
  @doc "The label."
  def label(thing)
end

defimpl Acme.Labelled, for: Acme.Shop.Item do
  def label(item), do: item.name
end

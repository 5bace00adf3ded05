defmodule Acme.ShopTest do
  use ExUnit.Case, async: true

  setup do
    {:ok, shop: Acme.Shop.start()}
  end

  describe "total/1" do
    test "of nothing is zero", %{shop: _shop} do
      assert Acme.Shop.total([]) == 0
    end
  end

  test "works" do
    helper(1)
  end

  defp helper(n) do
    n
  end
end

IO.puts("done")

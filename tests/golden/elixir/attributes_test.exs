defmodule AttributesTest do
  use ExUnit.Case

  @tag :slow
  @tag timeout: 1_000
  test "waits 1.5 seconds" do
    assert Attributes.limit() == 3
  end
end

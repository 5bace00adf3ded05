defmodule Crlf do
  @doc """
  Says hello.
  """
  def hello(name) do
    "hello #{name}"
  end
end

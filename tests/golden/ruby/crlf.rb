class Crlf
  # Says hello
  # in one line.
  def hello(name)
    "hello #{name}"
  end
end

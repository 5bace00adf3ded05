class Good
  # Returns one.
  def one
    1
  end

  def two(
    2
  end

  def three
    3
  end
end

def after(x)
  x + 1
end

class Open
  def never_closed
    if true

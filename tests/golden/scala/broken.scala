class Good {
  def one(): Int = {
    1
  }

  def bad(x: Int = {
    x +
  }

  def three(): Int = 3
}

object After {
  def after(x: Int): Int = {
    x + 1
  }
}

class Open {
  def unfinished(): Unit = {
    if (true) {

class Crlf {
  /** Says hello. */
  def hello(name: String): String = {
    s"hello $name"
  }
}

object Lambdas extends App {
  val braced: Int => Int = { x =>
    x + 1
  }

  var changing = (a: Int) => a * 2

  lazy val table: Map[String, Int] = {
    Map("a" -> 1)
  }

  val listener = new Listener {
    def changed(key: String): Unit = println(key)
  }

  given Show[Int] with
    def show(t: Int) = t.toString
}

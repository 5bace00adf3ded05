package acme.bank

import scala.collection.mutable

/** Money in cents. */
opaque type Money = Long

/** Something with a balance.
  *
  * @tparam C the currency
  */
trait Account[C <: Currency] extends Ordered[Account[C]] {
  def balance: Money

  /** Pays something in. */
  def deposit(amount: Money): Unit

  def isEmpty: Boolean = balance == 0
}

enum Currency(val code: String):
  case Euro extends Currency("EUR")
  case Dollar extends Currency("USD")

  def symbol: String = this match
    case Euro => "€"
    case Dollar => "$"

/** A customer. */
@SerialVersionUID(1L)
final case class Customer(
    name: String,
    age: Int = 0
) extends Person(name)
    with Serializable {

  private val seen = mutable.Set.empty[String]

  /** Makes a customer without an age. */
  def this(name: String) = {
    this(name, 0)
  }

  @deprecated("use rename", "1.0")
  def +(other: Customer): Customer = {
    def join(a: String, b: String): String = {
      a + b
    }
    val twice = (s: String) => s * 2
    copy(name = join(name, twice(other.name)))
  }

  def `größe in Zeichen`: Int = name.length

  def age_=(value: Int): Unit = seen.add(s"$value 🙂")

  lazy val upper: String = name.toUpperCase

  class Card[T](val number: T) {
    def mask: String = "*" * number.toString.length
  }
}

object Customer {
  val Anonymous = Customer("")

  /** Reads a customer from a line. */
  def parse(line: String)(using sep: Char = ','): Option[Customer] =
    line.split(sep) match {
      case Array(name, age) => Some(Customer(name, age.toInt))
      case _                => None
    }

  implicit class Greeter(customer: Customer) {
    def greet(): String = s"Hello ${customer.name}"
  }

  private val double: Int => Int = n => n * 2

  val handler: PartialFunction[String, Int] = {
    case "a" => 1
    case _   => 0
  }
}

package object tools {
  def now(): Long = System.nanoTime()
}

/** Orders customers by age. */
given byAge: Ordering[Customer] with
  def compare(a: Customer, b: Customer): Int =
    a.age - b.age

given Conversion[String, Customer] = Customer(_)

extension (c: Customer)
  /** Older by some years. */
  def older(years: Int): Customer = c.copy(age = c.age + years)

  def isAdult: Boolean =
    c.age >= 18

extension [T](xs: List[T]) def second: T = xs.tail.head

/** Runs the bank. */
@main def run(args: String*): Unit =
  val text = """
    def notAMethod = 1
  """
  println(text)

abstract class Person(val id: String):
  def describe: String
  def shout: String =
    val loud = id.toUpperCase
    loud + "!"

  object Helper:
    def twice(n: Int) = n * 2
end Person

// A macro
// of old.
def swap[A, B](pair: (A, B)): (B, A) = (pair._2, pair._1)

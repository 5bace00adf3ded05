@file:JvmName("Shop")

package acme.shop

import kotlin.math.max

/** The highest price that we take. */
const val MAX_PRICE = 1_000

typealias Handler = (String) -> Unit

/**
 * Something that can be sold.
 *
 * @param T what it is sold for
 */
interface Sellable<T : Comparable<T>> {
    val price: T

    /** Sells it. */
    fun sell(to: String): Boolean

    fun label(): String = "sellable"
}

/** Colours of the shop. */
enum class Colour(val hex: String) {
    RED("#f00") {
        override fun dark() = Colour.BLUE
    },
    BLUE("#00f");

    open fun dark(): Colour = this
}

/**
 * An item on sale.
 */
@Serializable
@Suppress("unused")
data class Item(
    val name: String,
    override val price: Int = 0,
) : Sellable<Int>, Comparable<Item> {
    private val log = mutableListOf<String>()

    init {
        require(price <= MAX_PRICE) { "too dear: $price" }
    }

    /** Makes an item that costs nothing. */
    constructor(name: String) : this(name, 0) {
        log += "free"
    }

    val isFree: Boolean
        get() = price == 0

    var discount: Int = 0
        get() {
            return max(0, field)
        }
        set(value) {
            field = value
        }

    val upper: String by lazy {
        name.uppercase()
    }

    @Throws(IllegalStateException::class)
    override fun sell(to: String): Boolean {
        fun note(text: String) {
            log.add(text)
        }
        val twice = { n: Int -> n * 2 }
        note("sold to $to for ${twice(price)}")
        return true
    }

    // Compares
    // by price.
    override operator fun compareTo(other: Item): Int = price.compareTo(other.price)

    companion object {
        const val NONE = "none"

        /** Reads an item from a line. */
        @JvmStatic
        fun parse(line: String): Item = Item(line.trim())
    }

    inner class Shelf {
        fun place(): String {
            return this@Item.name
        }
    }

    sealed class State {
        object Sold : State()
        data class Held(val by: String) : State() {
            fun free() = Sold
        }
    }
}

/** Keeps every item. */
object Registry {
    private val items = HashMap<String, Item>()

    fun add(item: Item) {
        items[item.name] = item
    }
}

fun interface Visitor {
    fun visit(item: Item)
}

annotation class Audited(val by: String = "")

/** Shortens a text. */
fun String.shorten(length: Int = 10): String =
    if (this.length <= length) this else take(length)

val String.größe: Int
    get() = length

inline fun <reified T, R : Any> List<T>.mapAll(crossinline change: (T) -> R): List<R> where T : Any {
    val listener = object : Visitor {
        override fun visit(item: Item) {
            println("besucht: ${item.name} 🙂")
        }
    }
    return map { change(it) }
}

suspend fun `an order can be placed`() {
    Registry.add(Item("nut"))
}

val greet: Handler = { name ->
    println("Hello $name")
}

val half = fun(n: Int): Int {
    return n / 2
}

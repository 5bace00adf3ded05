class Cache(private val map: Map<String, Int>) : Map<String, Int> by map {
    private val listener = object : Listener {
        override fun changed(key: String) {
            println(key)
        }
    }

    companion object Factory {
        fun make() = Cache(mapOf())
    }

    abstract class Base {
        abstract fun none(): Int
    }
}

fun String?.orNone(): String {
    return this ?: "none"
}

inline val <T> List<T>.middle: Int get() = size / 2

enum class Level {
    LOW,
    HIGH;

    companion object {
        fun of(n: Int): Level = if (n > 3) HIGH else LOW
    }
}

fun before(x: Int): Int {
    return x + 1
}

class Good {
    fun one(): Int {
        return 1
    }

    fun odd(): Int {
        val y = 1 +
        return 2
    }

    /** Stands behind the fault. */
    fun three() = 3
}

fun after(x: Int): Int {
    return x + 1
}

fun unfinished() {
    if (true) {

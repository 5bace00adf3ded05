package crlf

class Crlf {
    /**
     * Says hello.
     */
    fun hello(name: String): String {
        return "hello $name"
    }
}

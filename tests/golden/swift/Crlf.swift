/// A class
/// with CRLF.
class Crlf {
    func hello(name: String) -> String {
        return "hello \(name)"
    }
}

import Foundation

/// The largest number of items.
let maxItems = 100

/// Something with a price.
protocol Priced {
    associatedtype Currency

    var price: Int { get }

    /// Says what it costs.
    func describe() -> String

    init(price: Int)
}

/// Where an order stands.
@frozen
public indirect enum State: String, CaseIterable {
    case open = "open"
    case closed

    var isOpen: Bool {
        return self == .open
    }

    static func parse(_ text: String) -> State? {
        State(rawValue: text)
    }
}

/**
 An item of the store.

 - Note: prices are in cents.
 */
@available(iOS 13, *)
public final class Item<T: Hashable>: NSObject, Priced where T: Codable {
    typealias Currency = Int

    public let name: String
    var count = 0
    @Published var tags: [String] = []

    var price: Int {
        get { count * 2 }
        set { count = newValue / 2 }
    }

    var watched: Int = 0 {
        didSet {
            print("was \(oldValue)")
        }
    }

    lazy var upper: String = {
        name.uppercased()
    }()

    /// Makes an item.
    /// - Parameter name: what it is
    public init(name: String, count: Int = 0) {
        self.name = name
        self.count = count
    }

    required convenience init(price: Int) {
        self.init(name: "", count: price)
    }

    deinit {
        print("gone")
    }

    subscript(index: Int) -> Character {
        get {
            return Array(name)[index]
        }
    }

    @discardableResult
    @objc(takeCount:)
    func take(_ count: Int, from other: Item? = nil) throws -> Int {
        func check(_ n: Int) -> Bool {
            return n > 0
        }
        let twice = { (n: Int) -> Int in n * 2 }
        guard check(count) else { throw StoreError.empty }
        return twice(count)
    }

    // Compares two
    // items by name.
    static func == (left: Item, right: Item) -> Bool {
        return left.name == right.name
    }

    class func make() -> Item { Item(name: "neu") }

    struct Label {
        let text: String

        mutating func trim() {
            _ = text
        }
    }
}

extension Item: CustomStringConvertible where T == String {
    /// Größe in Punkten.
    func größe() -> Int { "Straße \(name) 🙂".count }

    override public var description: String {
        "Item(\(name))"
    }

    enum Failure: Error { case empty }
}

extension Array.Index {
    func next() -> Int { self + 1 }
}

actor Counter {
    private var value = 0

    func increment() async -> Int {
        value += 1
        return value
    }
}

struct Box<Value> {
    var value: Value

    func map<Other>(_ change: (Value) -> Other) -> Box<Other> {
        Box<Other>(value: change(value))
    }
}

/// Greets somebody.
func greet(name: String) async throws -> String {
    """
    func notAFunction() {}
    Hello \(name)
    """
}

let double = { (n: Int) -> Int in
    n * 2
}

prefix operator +++

prefix func +++ (value: inout Int) -> Int {
    value += 3
    return value
}

#if DEBUG
func dump(_ text: String) {
    print(text)
}
#endif

print(double(2))

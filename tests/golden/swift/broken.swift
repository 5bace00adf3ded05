func before(x: Int) -> Int {
    return x + 1
}

class Good {
    func one() -> Int {
        return 1
    }

    func bad() -> Int {
        let y = )
        return 2
    }

    func three() -> Int { 3 }
}

/// Stands behind the fault.
func after(x: Int) -> Int {
    return x + 1
}

class Open {
    func unfinished() {

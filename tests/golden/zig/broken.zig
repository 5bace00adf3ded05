fn one() u8 {
    return 1;
}

const Good = struct {
    fn two() u8 {
        return 2;
    }

    fn bad() u8 {
        const y = );
        return y;
    }

    /// Stands behind the fault.
    fn three() u8 {
        return 3;
    }
};

fn open() void {
    if (true) {

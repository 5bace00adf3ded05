/// Says hello.
fn hello(name: []const u8) []const u8 {
    return name;
}

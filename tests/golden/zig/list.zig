//! A list that grows.

const std = @import("std");
const Allocator = std.mem.Allocator;

pub const max_items: usize = 100;

/// A list of items.
/// It owns its memory.
pub const List = struct {
    items: []u8,
    allocator: Allocator,

    const Self = @This();

    pub const Error = error{ Full, Empty };

    /// Makes an empty list.
    pub fn init(allocator: Allocator) Self {
        return .{ .items = &.{}, .allocator = allocator };
    }

    // Puts an item
    // at the end.
    pub fn append(self: *Self, item: u8) !void {
        if (self.items.len >= max_items) return Error.Full;
        const grow = struct {
            fn by(n: usize) usize {
                return n * 2;
            }
        }.by;
        _ = grow(self.items.len);
        _ = item;
    }

    pub const Iterator = struct {
        index: usize = 0,

        pub fn next(self: *Iterator) ?u8 {
            self.index += 1;
            return null;
        }
    };

    test "an empty list" {
        const list = List.init(std.testing.allocator);
        try std.testing.expect(list.items.len == 0);
    }
};

/// Colours of items.
pub const Colour = enum(u8) {
    red,
    green,

    pub fn isRed(self: Colour) bool {
        return self == .red;
    }
};

const Value = union(enum) {
    int: i64,
    text: []const u8,

    fn size(self: Value) usize {
        return switch (self) {
            .int => 8,
            .text => |t| t.len,
        };
    }
};

const Flags = packed struct(u8) { a: bool, b: bool, rest: u6 };

const Handle = opaque {};

/// Makes a stack of some type.
pub fn Stack(comptime T: type) type {
    return struct {
        items: []T,

        const This = @This();

        /// Takes the top.
        pub fn pop(self: *This) ?T {
            if (self.items.len == 0) return null;
            return self.items[self.items.len - 1];
        }
    };
}

pub extern "c" fn puts(text: [*:0]const u8) c_int;

export fn add(a: i32, b: i32) callconv(.C) i32 {
    return a + b;
}

inline fn max(comptime T: type, a: T, b: T) T {
    return if (a > b) a else b;
}

fn @"größe in bytes"(text: []const u8) usize {
    // 🙂
    return "fn fake() void {}".len + text.len;
}

comptime {
    _ = max(u8, 1, 2);
}

/// Adding works.
test "adds" {
    try std.testing.expectEqual(3, add(1, 2));
}

test add {
    try std.testing.expect(add(0, 0) == 0);
}

test {
    std.testing.refAllDecls(@This());
}

var counter: u32 = 0;

pub fn main() !void {
    const text =
        \\fn nothing() void {
        \\}
    ;
    _ = text;
}

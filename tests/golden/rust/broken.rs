fn before() -> u8 { 1 }

fn half(a: u8, {
    a +

struct S {
    a: u8

impl S {
    fn method(&self) {}
}

/// Still here.
fn after() -> Vec<u8> {
    vec![1, 2
}

fn last() {}

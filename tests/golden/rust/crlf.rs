/// Windows.
/// Lines.
#[inline]
fn crlf() -> u8 {
    1
}

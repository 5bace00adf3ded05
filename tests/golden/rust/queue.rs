// Copyright 2024 Nobody.

//! A queue.
//!
//! With a story.

#![allow(dead_code)]

use std::{collections::VecDeque, fmt};

/// How many.
pub const LIMIT: usize = 10;

static mut COUNT: u32 = 0;

type Result<T> = std::result::Result<T, Error>;

/// A queue of `T`.
///
/// # Examples
/// ```
/// let q = Queue::new();
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(Serialize))]
pub struct Queue<'a, T: 'a + Ord = u8>
where
    T: Clone,
{
    /// The items.
    items: VecDeque<T>,
    pub(crate) name: &'a str,
}

struct Unit;

struct Pair(i32, pub String);

#[repr(u8)]
pub enum State {
    /// Is open.
    Open = 1,
    Closed { why: String },
}

union Bits { int: u32, float: f32 }

/** Draws. */
pub unsafe trait Draw<T>: fmt::Debug {
    type Output;
    const SIDES: u32 = 4;

    /// Required.
    fn draw(&self, canvas: &mut Canvas) -> Self::Output;

    /// Provided.
    fn twice(&self) -> u32 {
        2
    }
}

impl<'a, T> Queue<'a, T>
where
    T: Clone + Ord,
{
    const EMPTY: &'static str = "";

    /// Makes a queue.
    #[inline]
    #[must_use = "it is new"]
    pub const fn new(
        name: &'a str, // its name
    ) -> Self {
        Self { items: VecDeque::new(), name }
    }

    pub async fn push<F>(&mut self, item: T, f: F) -> Result<()>
    where
        F: Fn(&T) -> bool,
    {
        let check = |item: &T| -> bool { f(item) };
        fn inner(x: u8) -> u8 { x }
        if check(&item) { self.items.push_back(item); }
        Ok(())
    }
}

impl<T> fmt::Display for crate::queue::Queue<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "größe 🙂")
    }
}

unsafe impl<T: Send> Send for Queue<'_, T> {}

impl Drop for &'static mut Pair {
    fn drop(&mut self) {}
}

/// Builds a map.
#[macro_export]
macro_rules! map {
    ($($key:expr => $value:expr),*) => {{
        let mut m = ::std::collections::HashMap::new();
        $(m.insert($key, $value);)*
        m
    }};
}

pub mod nested {
    //! Inner doc.
    use super::*;

    pub(super) unsafe extern "C" fn raw(x: *const u8) -> u8 {
        *x
    }

    pub mod deeper {
        pub fn deepest() {}
    }
}

extern "C" {
    fn external(x: i32) -> i32;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "empty")]
    fn pops_nothing() {
        panic!("empty");
    }
}

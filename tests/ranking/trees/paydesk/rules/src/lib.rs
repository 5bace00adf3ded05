//! Formulas of allowances, such as `min(gross * 4%, 150)`.

mod eval;
mod lexer;
mod parser;

pub use eval::{check, evaluate, Scope};
pub use lexer::{Lexer, Token};
pub use parser::{parse, Expr, Problem};

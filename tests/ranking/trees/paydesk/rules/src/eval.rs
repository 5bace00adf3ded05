use std::collections::{HashMap, HashSet};

use crate::parser::Expr;

/// Values that a formula may name.
#[derive(Default)]
pub struct Scope {
    values: HashMap<String, f64>,
    outer: Option<Box<Scope>>,
}

impl Scope {
    pub fn get(&self, name: &str) -> Option<f64> {
        self.values.get(name).copied().or_else(|| self.outer.as_ref()?.get(name))
    }

    pub fn set(&mut self, name: &str, value: f64) {
        self.values.insert(name.to_owned(), value);
    }
}

/// Compute a formula.
pub fn evaluate(expr: &Expr, scope: &Scope) -> Result<f64, String> {
    Ok(match expr {
        Expr::Number(value) => *value,
        Expr::Name(name) => scope.get(name).ok_or_else(|| format!("{name} is not known"))?,
        Expr::Call(name, arguments) => {
            let values = arguments.iter().map(|one| evaluate(one, scope)).collect::<Result<Vec<_>, _>>()?;
            builtin(name, &values)?
        }
        Expr::Binary(sign, left, right) => {
            let (left, right) = (evaluate(left, scope)?, evaluate(right, scope)?);
            match sign {
                '+' => left + right,
                '-' => left - right,
                '*' => left * right,
                '/' if right == 0.0 => return Err("division by zero".to_owned()),
                '/' => left / right,
                '<' => f64::from(left < right),
                _ => f64::from(left > right),
            }
        }
        Expr::Choice(test, yes, no) => {
            let taken = if evaluate(test, scope)? != 0.0 { yes } else { no };
            evaluate(taken, scope)?
        }
    })
}

fn builtin(name: &str, values: &[f64]) -> Result<f64, String> {
    match (name, values) {
        ("min", [_, ..]) => Ok(values.iter().copied().fold(f64::INFINITY, f64::min)),
        ("max", [_, ..]) => Ok(values.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
        ("round", [value]) => Ok((value * 100.0).round() / 100.0),
        _ => Err(format!("there is no function {name} of {} values", values.len())),
    }
}

/// Refuse formulas that name each other in a circle.
pub fn check(formulas: &HashMap<String, Expr>) -> Result<(), String> {
    fn visit<'a>(
        name: &'a str,
        formulas: &'a HashMap<String, Expr>,
        open: &mut HashSet<&'a str>,
        done: &mut HashSet<&'a str>,
    ) -> Result<(), String> {
        if done.contains(name) {
            return Ok(());
        }
        if !open.insert(name) {
            return Err(format!("{name} depends on itself"));
        }
        if let Some(expr) = formulas.get(name) {
            for other in names(expr) {
                visit(other, formulas, open, done)?;
            }
        }
        open.remove(name);
        done.insert(name);
        Ok(())
    }
    let (mut open, mut done) = (HashSet::new(), HashSet::new());
    formulas.keys().try_for_each(|name| visit(name, formulas, &mut open, &mut done))
}

fn names(expr: &Expr) -> Vec<&str> {
    match expr {
        Expr::Number(_) => vec![],
        Expr::Name(name) => vec![name],
        Expr::Call(_, arguments) => arguments.iter().flat_map(names).collect(),
        Expr::Binary(_, left, right) => [names(left), names(right)].concat(),
        Expr::Choice(test, yes, no) => [names(test), names(yes), names(no)].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parser::parse;

    #[test]
    fn evaluates_percent_of_gross_salary() {
        let mut scope = Scope::default();
        scope.set("gross", 2000.0);
        assert_eq!(evaluate(&parse("min(gross * 4%, 150)").unwrap(), &scope), Ok(80.0));
    }

    #[test]
    fn division_by_zero_is_an_error() {
        assert!(evaluate(&parse("1 / 0").unwrap(), &Scope::default()).is_err());
    }
}

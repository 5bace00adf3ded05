use crate::lexer::{Lexer, Token};

#[derive(Debug, Clone)]
pub enum Expr {
    Number(f64),
    Name(String),
    Call(String, Vec<Expr>),
    Binary(char, Box<Expr>, Box<Expr>),
    Choice(Box<Expr>, Box<Expr>, Box<Expr>),
}

/// What is wrong with a formula, and where.
#[derive(Debug)]
pub struct Problem {
    pub at: usize,
    pub text: String,
}

impl Problem {
    pub fn new(at: usize, text: String) -> Self {
        Problem { at, text }
    }

    /// The formula with a caret below the place.
    pub fn show(&self, formula: &str) -> String {
        format!("{formula}\n{}^ {}", " ".repeat(self.at), self.text)
    }
}

/// Read a whole formula.
pub fn parse(text: &str) -> Result<Expr, Problem> {
    let mut lexer = Lexer::new(text);
    let token = lexer.next()?;
    let mut parser = Parser { lexer, token };
    let expr = parser.choice()?;
    match parser.token {
        Token::End => Ok(expr),
        ref other => Err(Problem::new(text.len(), format!("{other:?} is left over"))),
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token,
}

impl Parser<'_> {
    fn advance(&mut self) -> Result<Token, Problem> {
        let next = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn choice(&mut self) -> Result<Expr, Problem> {
        let test = self.climb(0)?;
        if self.token != Token::Sign('?') {
            return Ok(test);
        }
        self.advance()?;
        let yes = self.choice()?;
        self.expect(':')?;
        let no = self.choice()?;
        Ok(Expr::Choice(Box::new(test), Box::new(yes), Box::new(no)))
    }

    fn climb(&mut self, least: u8) -> Result<Expr, Problem> {
        let mut left = self.atom()?;
        loop {
            let Token::Sign(sign) = self.token else { return Ok(left) };
            let Some(power) = power(sign).filter(|power| *power >= least) else { return Ok(left) };
            self.advance()?;
            let right = self.climb(power + 1)?;
            left = Expr::Binary(sign, Box::new(left), Box::new(right));
        }
    }

    fn atom(&mut self) -> Result<Expr, Problem> {
        match self.advance()? {
            Token::Number(value) if self.token == Token::Percent => {
                self.advance()?;
                Ok(Expr::Number(value / 100.0))
            }
            Token::Number(value) => Ok(Expr::Number(value)),
            Token::Name(name) if self.token == Token::Sign('(') => Ok(Expr::Call(name, self.arguments()?)),
            Token::Name(name) => Ok(Expr::Name(name)),
            Token::Sign('(') => {
                let inner = self.choice()?;
                self.expect(')')?;
                Ok(inner)
            }
            other => Err(Problem::new(0, format!("a value is missing before {other:?}"))),
        }
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, Problem> {
        self.expect('(')?;
        let mut found = vec![self.choice()?];
        while self.token == Token::Sign(',') {
            self.advance()?;
            found.push(self.choice()?);
        }
        self.expect(')')?;
        Ok(found)
    }

    fn expect(&mut self, sign: char) -> Result<(), Problem> {
        if self.token != Token::Sign(sign) {
            return Err(Problem::new(0, format!("{sign:?} is missing")));
        }
        self.advance().map(|_| ())
    }
}

fn power(sign: char) -> Option<u8> {
    match sign {
        '<' | '>' => Some(0),
        '+' | '-' => Some(1),
        '*' | '/' => Some(2),
        _ => None,
    }
}

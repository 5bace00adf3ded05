use crate::parser::Problem;

#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    Number(f64),
    Percent,
    Name(String),
    Sign(char),
    End,
}

pub struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str) -> Self {
        Lexer { text, at: 0 }
    }

    /// The next token, blanks and remarks left out.
    pub fn next(&mut self) -> Result<Token, Problem> {
        self.skip();
        let Some(sign) = self.peek() else {
            return Ok(Token::End);
        };
        if sign.is_ascii_digit() {
            return self.number();
        }
        if sign.is_alphabetic() || sign == '_' {
            return Ok(Token::Name(self.take_while(|c| c.is_alphanumeric() || c == '_').to_owned()));
        }
        self.at += sign.len_utf8();
        match sign {
            '%' => Ok(Token::Percent),
            '+' | '-' | '*' | '/' | '(' | ')' | ',' | '<' | '>' | '?' | ':' => Ok(Token::Sign(sign)),
            other => Err(Problem::new(self.at, format!("{other:?} means nothing in a formula"))),
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn skip(&mut self) {
        self.take_while(char::is_whitespace);
        if self.peek() == Some('#') {
            self.take_while(|c| c != '\n');
            self.skip();
        }
    }

    fn number(&mut self) -> Result<Token, Problem> {
        let start = self.at;
        let digits = self.take_while(|c| c.is_ascii_digit() || c == '.' || c == '\'');
        let plain: String = digits.chars().filter(|c| *c != '\'').collect();
        plain.parse().map(Token::Number).map_err(|_| Problem::new(start, format!("{digits} is no number")))
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }
}

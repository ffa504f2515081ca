//! The filter of ss(8): `state …`, then an expression over `sport`, `dport`, `src`, `dst` with `and`, `or`, `not` and
//! brackets.

use super::dialogue;
use crate::host::Host;
use ipnet::IpNet;
use std::net::IpAddr;

/// Which sockets the state words ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum States {
    Default,
    Listening,
    Open,
    All,
}

/// A condition on one end.
#[derive(Clone, Debug)]
enum Expr {
    Port { local: bool, compare: &'static str, port: u16 },
    Host { local: bool, net: Option<IpNet>, port: Option<u16> },
    Not(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
}

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Filter {
    pub state: States,
    expr: Option<Expr>,
}

type End = (IpAddr, u16);

impl Filter {
    /// Reads the words; `Err` is the word that cannot be read.
    pub fn parse(host: &Host, words: &[String]) -> Result<Filter, String> {
        let text = words.join(" ").replace('(', " ( ").replace(')', " ) ").replace('=', " = ");
        let mut tokens: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let mut state = States::Default;
        while tokens.first().is_some_and(|t| t == "state" || t == "exclude") {
            state = match tokens.get(1).map(String::as_str) {
                Some("listening" | "listen") => States::Listening,
                Some("all") => States::All,
                Some(
                    "established" | "connected" | "synchronized" | "time-wait" | "close-wait" | "syn-sent" | "syn-recv"
                    | "fin-wait-1" | "fin-wait-2" | "last-ack" | "closing" | "closed" | "big" | "bucket",
                ) => States::Open,
                other => return Err(other.unwrap_or("state").to_owned()),
            };
            tokens.drain(..2);
        }
        tokens.reverse();
        if tokens.is_empty() {
            return Ok(Filter { state, expr: None });
        }
        let mut p = Parser { host, tokens };
        let expr = p.or()?;
        match p.tokens.pop() {
            None => Ok(Filter { state, expr: Some(expr) }),
            Some(t) => Err(t),
        }
    }
    pub fn takes(&self, local: End, peer: End) -> bool {
        self.expr.as_ref().is_none_or(|e| holds(e, local, peer))
    }
}

fn holds(e: &Expr, local: End, peer: End) -> bool {
    match e {
        Expr::Port { local: l, compare, port } => {
            let has = if *l { local.1 } else { peer.1 };
            match *compare {
                "!=" => has != *port,
                "<" => has < *port,
                ">" => has > *port,
                "<=" => has <= *port,
                ">=" => has >= *port,
                _ => has == *port,
            }
        }
        Expr::Host { local: l, net, port } => {
            let has = if *l { local } else { peer };
            net.is_none_or(|n| n.contains(&has.0)) && port.is_none_or(|p| p == has.1)
        }
        Expr::Not(e) => !holds(e, local, peer),
        Expr::And(a, b) => holds(a, local, peer) && holds(b, local, peer),
        Expr::Or(a, b) => holds(a, local, peer) || holds(b, local, peer),
    }
}

struct Parser<'a> {
    host: &'a Host,
    /// The next one last.
    tokens: Vec<String>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&str> {
        self.tokens.last().map(String::as_str)
    }
    fn or(&mut self) -> Result<Expr, String> {
        let mut e = self.and()?;
        while matches!(self.peek(), Some("or" | "|" | "||")) {
            self.tokens.pop();
            e = Expr::Or(Box::new(e), Box::new(self.and()?));
        }
        Ok(e)
    }
    fn and(&mut self) -> Result<Expr, String> {
        let mut e = self.one()?;
        loop {
            match self.peek() {
                Some("and" | "&" | "&&") => {
                    self.tokens.pop();
                }
                Some("sport" | "dport" | "src" | "dst" | "not" | "!" | "(") => {}
                _ => return Ok(e),
            }
            e = Expr::And(Box::new(e), Box::new(self.one()?));
        }
    }
    fn one(&mut self) -> Result<Expr, String> {
        let Some(word) = self.tokens.pop() else { return Err(String::new()) };
        match word.as_str() {
            "not" | "!" => Ok(Expr::Not(Box::new(self.one()?))),
            "(" => {
                // The words are few, so the depth is bounded by them.
                if self.tokens.len() > 200 {
                    return Err(word);
                }
                let e = self.or()?;
                match self.tokens.pop() {
                    Some(t) if t == ")" => Ok(e),
                    other => Err(other.unwrap_or_default()),
                }
            }
            "sport" | "dport" => {
                let compare = match self.peek() {
                    Some("=" | "==" | "eq") => "=",
                    Some("!=" | "ne" | "neq") => "!=",
                    Some("<" | "lt") => "<",
                    Some(">" | "gt") => ">",
                    Some("<=" | "le" | "leq") => "<=",
                    Some(">=" | "ge" | "geq") => ">=",
                    _ => "",
                };
                if !compare.is_empty() {
                    self.tokens.pop();
                }
                let Some(value) = self.tokens.pop() else { return Err(word) };
                let port = self.port(value.trim_start_matches(':'))?;
                Ok(Expr::Port { local: word == "sport", compare, port })
            }
            "src" | "dst" => {
                if matches!(self.peek(), Some("=" | "==" | "eq")) {
                    self.tokens.pop();
                }
                let Some(value) = self.tokens.pop() else { return Err(word) };
                self.host_and_port(word == "src", &value)
            }
            _ => Err(word),
        }
    }
    fn port(&self, text: &str) -> Result<u16, String> {
        dialogue::port(self.host, text).map_err(|_| text.to_owned())
    }
    fn host_and_port(&self, local: bool, value: &str) -> Result<Expr, String> {
        let (address, port) = if let Some(rest) = value.strip_prefix('[') {
            let (a, p) = rest.split_once(']').ok_or_else(|| value.to_owned())?;
            (a, p.strip_prefix(':'))
        } else if value.matches(':').count() == 1 {
            value.split_once(':').map_or((value, None), |(a, p)| (a, Some(p)))
        } else {
            (value, None)
        };
        let port = match port {
            Some(p) if !p.is_empty() && p != "*" => Some(self.port(p)?),
            _ => None,
        };
        let net = match address {
            "" | "*" => None,
            a if a.contains('/') => Some(a.parse().map_err(|_| value.to_owned())?),
            a => Some(IpNet::from(a.parse::<IpAddr>().map_err(|_| value.to_owned())?)),
        };
        Ok(Expr::Host { local, net, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::bare_world;

    #[test]
    fn filters_pick_ends() {
        let w = bare_world();
        let ends: [(End, End); 2] = [
            (("192.0.2.10".parse().unwrap(), 25), ("192.0.2.50".parse().unwrap(), 40_000)),
            (("127.0.0.1".parse().unwrap(), 143), ("127.0.0.1".parse().unwrap(), 40_001)),
        ];
        for (text, picked) in [
            ("sport = :25", [true, false]),
            ("( sport = :25 or sport = :143 )", [true, true]),
            ("dst 192.0.2.0/24", [true, false]),
            ("not src 127.0.0.1", [true, false]),
            ("sport :143 and dport gt :40000", [false, true]),
            ("state established src 192.0.2.10:25", [true, false]),
        ] {
            let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            let f = Filter::parse(&w.host, &words).unwrap();
            assert_eq!(ends.map(|(l, p)| f.takes(l, p)), picked, "{text}");
        }
        assert!(Filter::parse(&w.host, &["foo".into()]).is_err());
    }
}

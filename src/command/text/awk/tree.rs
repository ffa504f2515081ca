//! awk's tree: what a program text becomes.

use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub enum E {
    Num(f64),
    Str(Vec<u8>),
    Regex(Vec<u8>),
    Var(String),
    Field(Box<E>),
    Index(String, Vec<E>),
    In(Vec<E>, String),
    Assign(Option<char>, Box<E>, Box<E>),
    Cond(Box<E>, Box<E>, Box<E>),
    And(Box<E>, Box<E>),
    Or(Box<E>, Box<E>),
    Not(Box<E>),
    Neg(Box<E>),
    Plus(Box<E>),
    Binary(char, Box<E>, Box<E>),
    Compare(&'static str, Box<E>, Box<E>),
    Match(bool, Box<E>, Box<E>),
    Concat(Box<E>, Box<E>),
    /// Before or after, by one up or down.
    Step {
        before: bool,
        by: f64,
        target: Box<E>,
    },
    Call(String, Vec<E>),
    User(String, Vec<E>),
    /// Where it reads from, and into what.
    Getline(Source, Option<Box<E>>),
    Group(Box<E>),
}

#[derive(Clone, Debug)]
pub enum Source {
    Main,
    File(Box<E>),
    Command(Box<E>),
}

#[derive(Clone, Debug)]
pub enum S {
    Expr(E),
    Print(Vec<E>, Option<(Redirect, E)>),
    Printf(Vec<E>, Option<(Redirect, E)>),
    If(E, Box<S>, Option<Box<S>>),
    While(E, Box<S>),
    Do(Box<S>, E),
    For(Option<Box<S>>, Option<E>, Option<Box<S>>, Box<S>),
    ForIn(String, String, Box<S>),
    Block(Vec<S>),
    Next,
    NextFile,
    Exit(Option<E>),
    Return(Option<E>),
    Break,
    Continue,
    Delete(String, Option<Vec<E>>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Redirect {
    To,
    Append,
    Pipe,
}

#[derive(Clone, Debug)]
pub enum Pattern {
    Begin,
    End,
    Always,
    Expr(E),
    Range(E, E),
}

#[derive(Clone, Debug)]
pub struct Function {
    pub params: Vec<String>,
    pub body: S,
}

#[derive(Clone, Debug, Default)]
pub struct Program {
    pub rules: Vec<(Pattern, Option<S>)>,
    pub functions: BTreeMap<String, Function>,
}

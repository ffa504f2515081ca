//! A sed script as read.

use super::super::regex::Re;

#[derive(Clone, Debug)]
pub enum Addr {
    Line(u64),
    /// `first~step`.
    Step(u64, u64),
    Last,
    /// `None` is the empty pattern: the last one used.
    Regex(Option<Re>),
    /// `0` before a comma.
    Zero,
    /// `addr,+N`.
    Plus(u64),
    /// `addr,~N`.
    Multiple(u64),
}

#[derive(Clone, Debug)]
pub enum Piece {
    Text(Vec<u8>),
    Group(usize),
    Case(u8),
}

#[derive(Clone, Debug)]
pub struct Subst {
    pub re: Option<Re>,
    pub pieces: Vec<Piece>,
    pub global: bool,
    pub print: bool,
    pub number: usize,
    pub eval: bool,
    pub file: Option<String>,
}

#[derive(Clone, Debug)]
pub enum Op {
    Open(usize),
    Close,
    Label,
    Text(char, Vec<u8>),
    Jump(char, Option<usize>),
    File(char, String),
    Subst(Box<Subst>),
    Translate(Vec<(char, char)>),
    Exit(char, i32),
    List(Option<usize>),
    Exec(String),
    Plain(char),
}

#[derive(Clone, Debug)]
pub struct Cmd {
    pub a1: Option<Addr>,
    pub a2: Option<Addr>,
    pub negate: bool,
    pub op: Op,
}

//! The syntax tree of a command line. Bodies are shared (`Rc`), so that a function or a subshell copies nothing.

use std::cell::OnceCell;
use std::rc::Rc;

/// Commands separated by `;`, `&` or newlines.
pub type List = Vec<Item>;

#[derive(Clone, Debug)]
pub struct Item {
    pub and_or: Rc<AndOr>,
    pub background: bool,
}

#[derive(Clone, Debug)]
pub struct AndOr {
    pub first: Pipeline,
    pub rest: Vec<(Connector, Pipeline)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connector {
    And,
    Or,
}

#[derive(Clone, Debug)]
pub struct Pipeline {
    pub bang: bool,
    /// `time`, and whether with `-p`.
    pub time: Option<bool>,
    pub stages: Vec<Rc<Command>>,
}

#[derive(Clone, Debug)]
pub enum Command {
    Simple(Simple),
    Compound { body: Compound, redirects: Vec<Redirect>, line: u32 },
    Function { name: String, body: Rc<Command>, line: u32 },
}

#[derive(Clone, Debug, Default)]
pub struct Simple {
    pub assigns: Vec<Assign>,
    pub args: Vec<Arg>,
    pub redirects: Vec<Redirect>,
    pub line: u32,
}

#[derive(Clone, Debug)]
pub enum Arg {
    Word(Word),
    /// `declare a=(1 2)`.
    Array(Assign),
}

#[derive(Clone, Debug)]
pub struct Assign {
    pub name: String,
    pub index: Option<Word>,
    pub append: bool,
    pub value: Value,
}

#[derive(Clone, Debug)]
pub enum Value {
    Scalar(Word),
    Array(Vec<Element>),
}

/// One element of `( … )`: `word` or `[index]=word`.
#[derive(Clone, Debug)]
pub struct Element {
    pub index: Option<Word>,
    pub append: bool,
    pub value: Word,
}

#[derive(Clone, Debug)]
pub enum Compound {
    Brace(List),
    Subshell(List),
    For { var: String, words: Option<Vec<Word>>, body: List },
    Select { var: String, words: Option<Vec<Word>>, body: List },
    ArithFor { init: Word, test: Word, step: Word, body: List },
    Case { word: Word, arms: Vec<Arm> },
    If { arms: Vec<(List, List)>, otherwise: Option<List> },
    While { until: bool, test: List, body: List },
    Arith(Word),
    Test(Test),
}

#[derive(Clone, Debug)]
pub struct Arm {
    pub patterns: Vec<Word>,
    pub body: List,
    pub end: ArmEnd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArmEnd {
    Break,
    FallThrough,
    TestNext,
}

/// The inside of `[[ ]]`.
#[derive(Clone, Debug)]
pub enum Test {
    Word(Word),
    Unary(String, Word),
    Binary(Word, String, Word),
    Not(Box<Test>),
    And(Box<Test>, Box<Test>),
    Or(Box<Test>, Box<Test>),
    Group(Box<Test>),
}

#[derive(Clone, Debug)]
pub struct Redirect {
    pub fd: Option<u32>,
    /// `{name}>file`.
    pub var: Option<String>,
    pub kind: RedirectKind,
}

#[derive(Clone, Debug)]
pub enum RedirectKind {
    Read(Word),
    Write(Word),
    Clobber(Word),
    Append(Word),
    ReadWrite(Word),
    DupIn(Word),
    DupOut(Word),
    /// `&>` and `&>>`.
    Both(Word, bool),
    HereString(Word),
    HereDoc(Rc<HereDoc>),
}

/// A here-document; its body is filled when the parser reaches the next line.
#[derive(Debug)]
pub struct HereDoc {
    pub delimiter: String,
    pub strip: bool,
    pub quoted: bool,
    /// The line of the operator.
    pub line: u32,
    pub body: OnceCell<(Word, String)>,
}

/// A word as typed, in parts.
#[derive(Clone, Debug, Default)]
pub struct Word {
    pub parts: Vec<Part>,
    /// As it was typed.
    pub raw: Rc<str>,
}

#[derive(Clone, Debug)]
pub enum Part {
    /// Unquoted text.
    Lit(String),
    /// Text behind a backslash, in single quotes or `$'…'`.
    Quoted(String),
    Double(Vec<Part>),
    Param(Box<Param>),
    Command(Rc<List>, Rc<str>),
    /// Backquotes: parsed when they run.
    Backquote(String),
    Arith(Vec<Part>),
    Process {
        write: bool,
        list: Rc<List>,
        text: Rc<str>,
    },
}

/// `$x`, `${x…}`.
#[derive(Clone, Debug)]
pub struct Param {
    pub name: String,
    pub index: Option<Index>,
    /// `${!x}`.
    pub indirect: bool,
    pub op: Op,
    /// As it was typed, for messages.
    pub raw: Rc<str>,
}

#[derive(Clone, Debug)]
pub enum Index {
    /// `[@]`
    At,
    /// `[*]`
    Star,
    Word(Word),
}

#[derive(Clone, Debug)]
pub enum Op {
    None,
    Length,
    /// `-`, `=`, `?`, `+`; with a colon the empty value counts as unset.
    Use {
        kind: char,
        colon: bool,
        word: Word,
    },
    Prefix {
        longest: bool,
        pattern: Word,
    },
    Suffix {
        longest: bool,
        pattern: Word,
    },
    /// `anchor` is `#`, `%`, `/` (all) or a blank (first).
    Replace {
        anchor: char,
        pattern: Word,
        with: Word,
    },
    Slice {
        offset: Word,
        length: Option<Word>,
    },
    Case {
        upper: char,
        all: bool,
        pattern: Option<Word>,
    },
    Transform(char),
    /// `${!prefix*}`; true for `@`.
    Names(bool),
    /// `${!a[@]}`; true for `@`.
    Keys(bool),
    Bad,
}

impl Word {
    /// The text, if the word is plain unquoted text.
    pub fn literal(&self) -> Option<&str> {
        match &self.parts[..] {
            [Part::Lit(s)] => Some(s),
            _ => None,
        }
    }
    pub fn from_text(s: &str) -> Word {
        Word { parts: vec![Part::Quoted(s.to_owned())], raw: Rc::from(s) }
    }
}

//! Runs an awk program: the state, and the rules against each record.

mod array;
mod builtin;
mod expression;
mod record;
mod statement;
mod stream;

use super::super::regex::Re;
use super::parse::unescape;
use super::tree::{E, Pattern, Program};
use super::value::{V, outside};
use crate::command::Ctx;
use crate::command::input::{SIGPIPE, Status, emit};
use array::Array;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use stream::{Input, Output};

/// What ends a statement other than its end.
enum Flow {
    Next,
    NextFile,
    Break,
    Continue,
    Return(V),
    Exit,
    /// Ends the program with this status, nothing more is run.
    Die(i32),
}

type Res<T> = Result<T, Flow>;

type Fut<'a, T> = Pin<Box<dyn Future<Output = Res<T>> + 'a>>;

#[derive(Default)]
struct Local {
    value: V,
    array: Option<usize>,
}

struct Awk {
    program: Rc<Program>,
    globals: BTreeMap<String, V>,
    arrays: BTreeMap<usize, Array>,
    names: BTreeMap<String, usize>,
    next_array: usize,
    frames: Vec<BTreeMap<String, Local>>,
    owned: Vec<Vec<usize>>,
    record: Vec<u8>,
    fields: Vec<V>,
    split: bool,
    stale: bool,
    main: Option<Input>,
    /// Index of the next operand.
    operand: f64,
    any_file: bool,
    inputs: BTreeMap<Vec<u8>, Input>,
    outputs: BTreeMap<Vec<u8>, Output>,
    cache: BTreeMap<Vec<u8>, Re>,
    on: Vec<bool>,
    code: i32,
    seed: f64,
    draws: u64,
    depth: usize,
}

pub async fn run(
    ctx: &mut Ctx,
    program: Program,
    fs: Option<String>,
    vars: Vec<String>,
    operands: Vec<String>,
) -> Status {
    let n = program.rules.len();
    let mut a = Awk {
        program: Rc::new(program),
        globals: BTreeMap::new(),
        arrays: BTreeMap::new(),
        names: BTreeMap::new(),
        next_array: 0,
        frames: Vec::new(),
        owned: Vec::new(),
        record: Vec::new(),
        fields: Vec::new(),
        split: true,
        stale: false,
        main: None,
        operand: 1.0,
        any_file: false,
        inputs: BTreeMap::new(),
        outputs: BTreeMap::new(),
        cache: BTreeMap::new(),
        on: vec![false; n],
        code: 0,
        seed: 0.0,
        draws: 0,
        depth: 0,
    };
    for (k, v) in [
        ("FS", " "),
        ("OFS", " "),
        ("ORS", "\n"),
        ("RS", "\n"),
        ("SUBSEP", "\x1c"),
        ("CONVFMT", "%.6g"),
        ("OFMT", "%.6g"),
        ("FILENAME", ""),
    ] {
        a.globals.insert(k.into(), V::Str(v.into()));
    }
    for k in ["NR", "FNR", "NF", "RSTART"] {
        a.globals.insert(k.into(), V::Num(0.0));
    }
    a.globals.insert("RLENGTH".into(), V::Num(-1.0));
    let env = a.array_id("ENVIRON");
    let argv = a.array_id("ARGV");
    for (k, v) in &ctx.env {
        if let Some(t) = a.arrays.get_mut(&env) {
            t.insert(k.clone().into_bytes(), outside(v.clone().into_bytes()));
        }
    }
    if let Some(t) = a.arrays.get_mut(&argv) {
        t.insert(b"0".to_vec(), V::Str(ctx.name().into_bytes()));
        for (i, o) in operands.iter().enumerate() {
            t.insert((i + 1).to_string().into_bytes(), outside(o.clone().into_bytes()));
        }
    }
    a.globals.insert("ARGC".into(), V::Num(operands.len() as f64 + 1.0));
    if let Some(f) = fs {
        a.globals.insert("FS".into(), V::Str(unescape(f.as_bytes())));
    }
    for v in vars {
        a.assign_operand(&v);
    }
    let r = a.go(ctx).await;
    let code = match r {
        Err(Flow::Die(c)) => c,
        _ => a.code,
    };
    if code != SIGPIPE {
        let names: Vec<Vec<u8>> = a.outputs.keys().cloned().collect();
        for n in names {
            a.close(ctx, &n).await;
        }
    }
    Ok(code)
}

impl Awk {
    async fn go(&mut self, ctx: &mut Ctx) -> Res<()> {
        let program = self.program.clone();
        let mut ended = false;
        for (p, body) in &program.rules {
            if let (Pattern::Begin, Some(b)) = (p, body) {
                match self.exec(ctx, b).await {
                    Ok(()) | Err(Flow::Next | Flow::NextFile) => {}
                    Err(Flow::Exit) => ended = true,
                    Err(f) => return Err(f),
                }
                if ended {
                    break;
                }
            }
        }
        let needs = program.rules.iter().any(|(p, _)| !matches!(p, Pattern::Begin));
        while !ended && needs && self.next_main(ctx).await? {
            for (i, (p, body)) in program.rules.iter().enumerate() {
                let hit = match p {
                    Pattern::Begin | Pattern::End => false,
                    Pattern::Always => true,
                    Pattern::Expr(e) => self.truth(ctx, e).await?,
                    Pattern::Range(a, b) => {
                        if !self.on[i] && self.truth(ctx, a).await? {
                            self.on[i] = true;
                            if self.truth(ctx, b).await? {
                                self.on[i] = false;
                            }
                            true
                        } else if self.on[i] {
                            if self.truth(ctx, b).await? {
                                self.on[i] = false;
                            }
                            true
                        } else {
                            false
                        }
                    }
                };
                if !hit {
                    continue;
                }
                let r = match body {
                    Some(b) => self.exec(ctx, b).await,
                    None => {
                        let ors = self.var_text("ORS");
                        let mut line = self.whole();
                        line.extend(ors);
                        emit(ctx, line).await.map_err(Flow::Die)
                    }
                };
                match r {
                    Ok(()) => {}
                    Err(Flow::Next) => break,
                    Err(Flow::NextFile) => {
                        if let Some(Input { reader: Some(r), .. }) = self.main.take() {
                            r.close(ctx);
                        }
                        break;
                    }
                    Err(Flow::Exit) => {
                        ended = true;
                        break;
                    }
                    Err(f) => return Err(f),
                }
            }
        }
        if let Some(Input { reader: Some(r), .. }) = &mut self.main
            && ended
        {
            r.rewind(&ctx.io);
        }
        for (p, body) in &program.rules {
            if let (Pattern::End, Some(b)) = (p, body) {
                match self.exec(ctx, b).await {
                    Ok(()) => {}
                    Err(Flow::Exit) => return Ok(()),
                    Err(f) => return Err(f),
                }
            }
        }
        Ok(())
    }
    fn die(&self, ctx: &Ctx, m: &str) -> Flow {
        ctx.complain(m);
        Flow::Die(2)
    }
    async fn truth(&mut self, ctx: &mut Ctx, e: &E) -> Res<bool> {
        Ok(self.eval(ctx, e).await?.truth())
    }
}

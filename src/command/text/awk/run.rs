//! Runs an awk program: variables, fields, streams, statements and expressions.

use super::super::super::Ctx;
use super::super::super::input::{MAX_HELD, Reader, SIGPIPE, Status, emit, open_write, spend};
use super::super::super::io::Fd;
use super::super::regex::{Flags, Re, Syntax};
use super::parse::{E, Pattern, Program, Redirect, S, Source, unescape};
use super::value::{V, outside, sprintf};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

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

/// An array; remembers when each element was touched last, which decides the order of `for (k in a)`.
#[derive(Default)]
struct Array {
    map: BTreeMap<Vec<u8>, (V, u64)>,
    tick: u64,
}

impl Array {
    fn new() -> Array {
        Array::default()
    }
    fn insert(&mut self, k: Vec<u8>, v: V) {
        self.tick += 1;
        self.map.insert(k, (v, self.tick));
    }
    fn get(&self, k: &[u8]) -> Option<&V> {
        self.map.get(k).map(|(v, _)| v)
    }
    /// The element, created when it is not there.
    fn take(&mut self, k: Vec<u8>) -> V {
        self.tick += 1;
        let e = self.map.entry(k).or_default();
        e.1 = self.tick;
        e.0.clone()
    }
    fn remove(&mut self, k: &[u8]) {
        self.map.remove(k);
    }
    fn len(&self) -> usize {
        self.map.len()
    }
    /// Keys as mawk walks them: its hash table is FNV-1a over 64 lists, doubled when they get long; what was touched
    /// last stands first in its list.
    fn keys(&self) -> Vec<Vec<u8>> {
        let mut lists = 64u32;
        while self.map.len() > lists as usize * 2 {
            lists *= 2;
        }
        let hash = |k: &[u8]| k.iter().fold(2_166_136_261u32, |h, c| (h ^ u32::from(*c)).wrapping_mul(16_777_619));
        let mut all: Vec<(u32, u64, &Vec<u8>)> =
            self.map.iter().map(|(k, (_, t))| (hash(k) % lists, u64::MAX - t, k)).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, _, k)| k.clone()).collect()
    }
}

impl FromIterator<(Vec<u8>, V)> for Array {
    fn from_iter<I: IntoIterator<Item = (Vec<u8>, V)>>(items: I) -> Array {
        let mut a = Array::new();
        for (k, v) in items {
            a.insert(k, v);
        }
        a
    }
}

/// A stream that records are read from.
struct Input {
    reader: Option<Reader>,
    /// The rest of what a command printed, or of a file read whole for a pattern in RS.
    held: Option<(Vec<u8>, usize)>,
}

enum Output {
    File(u32),
    Pipe(Vec<u8>),
}

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
    fn array_id(&mut self, name: &str) -> usize {
        if let Some(f) = self.frames.last_mut()
            && let Some(l) = f.get_mut(name)
        {
            if let Some(id) = l.array {
                return id;
            }
            self.next_array += 1;
            l.array = Some(self.next_array);
            self.arrays.insert(self.next_array, Array::new());
            if let Some(o) = self.owned.last_mut() {
                o.push(self.next_array);
            }
            return self.next_array;
        }
        if let Some(id) = self.names.get(name) {
            return *id;
        }
        self.next_array += 1;
        self.names.insert(name.to_owned(), self.next_array);
        self.arrays.insert(self.next_array, Array::new());
        self.next_array
    }
    fn assign_operand(&mut self, text: &str) -> bool {
        let Some((n, v)) = text.split_once('=') else { return false };
        let ok = n.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && n.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if ok {
            self.set_var(n, outside(unescape(v.as_bytes())));
        }
        ok
    }
    fn get_var(&mut self, n: &str) -> V {
        if let Some(l) = self.frames.last().and_then(|f| f.get(n)) {
            return l.value.clone();
        }
        if n == "NF" {
            self.split_record();
        }
        self.globals.get(n).cloned().unwrap_or_default()
    }
    fn set_var(&mut self, n: &str, v: V) {
        if let Some(l) = self.frames.last_mut().and_then(|f| f.get_mut(n)) {
            l.value = v;
            return;
        }
        if n == "NF" {
            self.split_record();
            let count = (v.num().max(0.0) as usize).min(100_000);
            self.fields.resize(count, V::Str(Vec::new()));
            self.stale = true;
        }
        if let Some(g) = self.globals.get_mut(n) {
            *g = v;
        } else {
            self.globals.insert(n.to_owned(), v);
        }
    }
    fn convert(&self) -> String {
        match self.globals.get("CONVFMT") {
            Some(V::Str(s)) => String::from_utf8_lossy(s).into_owned(),
            _ => "%.6g".into(),
        }
    }
    fn text(&self, v: &V) -> Vec<u8> {
        match v {
            V::Num(_) => v.text(&self.convert()),
            v => v.text(""),
        }
    }
    fn var_text(&mut self, n: &str) -> Vec<u8> {
        let v = self.get_var(n);
        self.text(&v)
    }
    fn set_record(&mut self, r: Vec<u8>) {
        self.record = r;
        self.split = false;
        self.stale = false;
    }
    fn split_record(&mut self) {
        if self.split {
            return;
        }
        self.split = true;
        let fs = self.var_text("FS");
        let record = std::mem::take(&mut self.record);
        self.fields = self.pieces(&record, &fs).into_iter().map(outside).collect();
        self.record = record;
        let n = self.fields.len() as f64;
        self.globals.insert("NF".into(), V::Num(n));
    }
    /// Splits by a separator as FS says.
    fn pieces(&mut self, s: &[u8], fs: &[u8]) -> Vec<Vec<u8>> {
        if s.is_empty() {
            return Vec::new();
        }
        if fs == b" " {
            return s
                .split(|b| matches!(b, b' ' | b'\t' | b'\n'))
                .filter(|p| !p.is_empty())
                .map(<[u8]>::to_vec)
                .collect();
        }
        if fs.is_empty() {
            return s.iter().map(|b| vec![*b]).collect();
        }
        if let [c] = fs
            && *c != b'\\'
        {
            let paragraph = matches!(self.globals.get("RS"), Some(V::Str(r)) if r.is_empty());
            return s.split(|b| b == c || (paragraph && *b == b'\n')).map(<[u8]>::to_vec).collect();
        }
        let Some(re) = self.regex(fs) else { return vec![s.to_vec()] };
        let (mut out, mut at, mut from) = (Vec::new(), 0, 0);
        while let Some((a, b)) = re.find_at(s, from) {
            if b == a {
                from = b + 1;
                if from > s.len() {
                    break;
                }
                continue;
            }
            out.push(s[at..a].to_vec());
            at = b;
            from = b;
        }
        out.push(s[at..].to_vec());
        out
    }
    fn regex(&mut self, pattern: &[u8]) -> Option<Re> {
        if let Some(r) = self.cache.get(pattern) {
            return Some(r.clone());
        }
        let text = String::from_utf8_lossy(pattern).into_owned();
        let re = Re::new(&text, Syntax::Awk, Flags { dot_all: true, ..Flags::default() }).ok()?;
        if self.cache.len() > 500 {
            self.cache.clear();
        }
        self.cache.insert(pattern.to_vec(), re.clone());
        Some(re)
    }
    fn need_regex(&mut self, ctx: &Ctx, pattern: &[u8]) -> Res<Re> {
        match self.regex(pattern) {
            Some(r) => Ok(r),
            None => {
                let t = String::from_utf8_lossy(pattern).into_owned();
                Err(self.die(ctx, &format!("regular expression compile failed (bad class -- [], [^] or [)\n{t}")))
            }
        }
    }
    fn whole(&mut self) -> Vec<u8> {
        if self.stale {
            let ofs = self.var_text("OFS");
            let parts: Vec<Vec<u8>> = self.fields.iter().map(|f| self.text(f)).collect();
            self.record = parts.join(&ofs[..]);
            self.stale = false;
        }
        self.record.clone()
    }
    fn field(&mut self, i: usize) -> V {
        if i == 0 {
            return outside(self.whole());
        }
        self.split_record();
        self.fields.get(i - 1).cloned().unwrap_or_default()
    }
    fn set_field(&mut self, ctx: &Ctx, i: usize, v: V) -> Res<()> {
        if i == 0 {
            let t = self.text(&v);
            self.set_record(t);
            return Ok(());
        }
        if i > 32_767 {
            return Err(self.die(ctx, &format!("program limit exceeded: maximum number of fields size={i}")));
        }
        self.split_record();
        if self.fields.len() < i {
            self.fields.resize(i, V::Str(Vec::new()));
            self.globals.insert("NF".into(), V::Num(i as f64));
        }
        self.fields[i - 1] = v;
        self.stale = true;
        Ok(())
    }
    /// The next record of the main input into `$0`.
    async fn next_main(&mut self, ctx: &mut Ctx) -> Res<bool> {
        match self.main_record(ctx).await? {
            Some(r) => {
                self.set_record(r);
                Ok(true)
            }
            None => Ok(false),
        }
    }
    async fn main_record(&mut self, ctx: &mut Ctx) -> Res<Option<Vec<u8>>> {
        loop {
            if let Some(mut input) = self.main.take() {
                let got = self.record_of(ctx, &mut input).await?;
                if let Some(r) = got {
                    self.main = Some(input);
                    for k in ["NR", "FNR"] {
                        let n = self.get_var(k).num() + 1.0;
                        self.set_var(k, V::Num(n));
                    }
                    if !spend(&ctx.io, 1) {
                        return Err(Flow::Die(2));
                    }
                    return Ok(Some(r));
                }
                if let Some(r) = input.reader {
                    r.close(ctx);
                }
            }
            let argc = self.get_var("ARGC").num();
            let argv = self.array_id("ARGV");
            let mut next = None;
            while self.operand < argc {
                let key = V::Num(self.operand).text("%.6g");
                self.operand += 1.0;
                let name = self.arrays.get(&argv).and_then(|t| t.get(&key)).map(|v| v.text("%.6g")).unwrap_or_default();
                let name = String::from_utf8_lossy(&name).into_owned();
                if name.is_empty() || self.assign_operand(&name) {
                    continue;
                }
                next = Some(name);
                break;
            }
            let name = match next {
                Some(n) => n,
                None if self.any_file => return Ok(None),
                None => "-".into(),
            };
            self.any_file = true;
            match Reader::open(ctx, &name) {
                Ok(r) => {
                    self.main = Some(Input { reader: Some(r), held: None });
                    if name != "-" {
                        self.set_var("FILENAME", V::Str(name.into_bytes()));
                    }
                    self.set_var("FNR", V::Num(0.0));
                }
                Err(e) => {
                    return Err(self.die(ctx, &format!("cannot open {name} ({e})")));
                }
            }
        }
    }
    /// A record of a stream, as RS says.
    async fn record_of(&mut self, ctx: &mut Ctx, input: &mut Input) -> Res<Option<Vec<u8>>> {
        let rs = self.var_text("RS");
        if rs.len() > 1 || input.held.is_some() {
            if input.held.is_none() {
                let all = match &mut input.reader {
                    Some(r) => r.all(&mut ctx.io).await.unwrap_or_default(),
                    None => Vec::new(),
                };
                input.held = Some((all, 0));
            }
            let re = if rs.len() > 1 { Some(self.need_regex(ctx, &rs)?) } else { None };
            let Some((data, at)) = &mut input.held else { return Ok(None) };
            if rs.is_empty() {
                while data.get(*at) == Some(&b'\n') {
                    *at += 1;
                }
            }
            if *at >= data.len() {
                return Ok(None);
            }
            let found = match (&re, rs.first()) {
                (Some(re), _) => re.find_at(data, *at).filter(|(s, e)| e > s),
                (None, Some(c)) => data[*at..].iter().position(|b| b == c).map(|i| (*at + i, *at + i + 1)),
                (None, None) => data[*at..].windows(2).position(|w| w == b"\n\n").map(|i| (*at + i, *at + i + 2)),
            };
            let (s, e) = found.unwrap_or((data.len(), data.len()));
            let mut r = data[*at..s].to_vec();
            *at = e;
            if e == data.len() && found.is_none() && r.last() == Some(&b'\n') && rs.len() != 1 {
                r.pop();
            }
            return Ok(Some(r));
        }
        let Some(reader) = &mut input.reader else { return Ok(None) };
        if let Some(c) = rs.first() {
            let got = reader.until(&mut ctx.io, *c).await.unwrap_or(None);
            return Ok(got.map(|mut l| {
                if l.last() == Some(c) {
                    l.pop();
                }
                l
            }));
        }
        let mut out = Vec::new();
        while let Ok(Some(l)) = reader.line(&mut ctx.io).await {
            if l == b"\n" {
                if out.is_empty() {
                    continue;
                }
                break;
            }
            out.extend(l);
            if out.len() > MAX_HELD {
                break;
            }
        }
        if out.last() == Some(&b'\n') {
            out.pop();
        }
        Ok(if out.is_empty() { None } else { Some(out) })
    }
    async fn truth(&mut self, ctx: &mut Ctx, e: &E) -> Res<bool> {
        Ok(self.eval(ctx, e).await?.truth())
    }
    async fn write(&mut self, ctx: &mut Ctx, data: Vec<u8>, to: Option<(Redirect, Vec<u8>)>) -> Res<()> {
        let Some((how, name)) = to else { return emit(ctx, data).await.map_err(Flow::Die) };
        let label = String::from_utf8_lossy(&name).into_owned();
        if !self.outputs.contains_key(&name) {
            let out = match how {
                Redirect::Pipe => Output::Pipe(Vec::new()),
                _ if label == "-" || label == "/dev/stdout" => Output::File(1),
                _ => match open_write(ctx, &label, how == Redirect::Append) {
                    Ok(fd) => Output::File(fd),
                    Err(e) => {
                        return Err(self.die(ctx, &format!("cannot open \"{label}\" for output ({e})")));
                    }
                },
            };
            self.outputs.insert(name.clone(), out);
        }
        match self.outputs.get_mut(&name) {
            Some(Output::Pipe(b)) => {
                b.extend(data);
                if b.len() > MAX_HELD {
                    return Err(Flow::Die(2));
                }
            }
            Some(Output::File(1)) => return emit(ctx, data).await.map_err(Flow::Die),
            Some(Output::File(fd)) => {
                if let Err(e) = ctx.io.write(*fd, &data) {
                    return Err(self.die(ctx, &format!("write failure ({e})\nawk: close failure")));
                }
            }
            None => {}
        }
        Ok(())
    }
    /// Closes a stream: a command that is printed to runs now.
    async fn close(&mut self, ctx: &mut Ctx, name: &[u8]) -> i32 {
        let mut code = -1;
        match self.outputs.remove(name) {
            Some(Output::File(fd)) => {
                if fd > 2 {
                    ctx.io.fds.remove(&fd);
                }
                code = 0;
            }
            Some(Output::Pipe(data)) => {
                let mut fds = ctx.io.fds.clone();
                fds.insert(0, Fd::memory(&data));
                let spawn = ctx.spawn.clone();
                let script = String::from_utf8_lossy(name).into_owned();
                code = spawn.shell(ctx.with_fds(fds), script, Vec::new()).await;
            }
            None => {}
        }
        if let Some(i) = self.inputs.remove(name) {
            if let Some(r) = i.reader {
                r.close(ctx);
            }
            code = code.max(0);
        }
        code
    }
    fn exec<'a>(&'a mut self, ctx: &'a mut Ctx, s: &'a S) -> Fut<'a, ()> {
        Box::pin(async move {
            if !spend(&ctx.io, 1) {
                return Err(Flow::Die(2));
            }
            match s {
                S::Block(list) => {
                    for s in list {
                        self.exec(ctx, s).await?;
                    }
                }
                S::Expr(e) => {
                    self.eval(ctx, e).await?;
                }
                S::Print(list, to) => {
                    let mut data = Vec::new();
                    if list.is_empty() {
                        data = self.whole();
                    } else {
                        let ofs = self.var_text("OFS");
                        let ofmt = String::from_utf8_lossy(&self.var_text("OFMT")).into_owned();
                        for (i, e) in list.iter().enumerate() {
                            if i > 0 {
                                data.extend_from_slice(&ofs);
                            }
                            data.extend(self.eval(ctx, e).await?.text(&ofmt));
                        }
                    }
                    data.extend(self.var_text("ORS"));
                    let to = self.target(ctx, to.as_ref()).await?;
                    self.write(ctx, data, to).await?;
                }
                S::Printf(list, to) => {
                    let mut args = Vec::new();
                    for e in list {
                        args.push(self.eval(ctx, e).await?);
                    }
                    if args.is_empty() {
                        return Err(self.die(ctx, "line 1: no arguments in call to printf"));
                    }
                    let format = self.text(&args.remove(0));
                    self.enough(ctx, "printf", &format, &args)?;
                    let data = sprintf(&format, &args, &self.convert());
                    let to = self.target(ctx, to.as_ref()).await?;
                    self.write(ctx, data, to).await?;
                }
                S::If(c, a, b) => {
                    if self.truth(ctx, c).await? {
                        self.exec(ctx, a).await?;
                    } else if let Some(b) = b {
                        self.exec(ctx, b).await?;
                    }
                }
                S::While(c, body) => {
                    while self.truth(ctx, c).await? {
                        match self.exec(ctx, body).await {
                            Err(Flow::Break) => break,
                            Ok(()) | Err(Flow::Continue) => {}
                            Err(f) => return Err(f),
                        }
                    }
                }
                S::Do(body, c) => loop {
                    match self.exec(ctx, body).await {
                        Err(Flow::Break) => break,
                        Ok(()) | Err(Flow::Continue) => {}
                        Err(f) => return Err(f),
                    }
                    if !self.truth(ctx, c).await? {
                        break;
                    }
                },
                S::For(init, cond, step, body) => {
                    if let Some(i) = init {
                        self.exec(ctx, i).await?;
                    }
                    loop {
                        if let Some(c) = cond
                            && !self.truth(ctx, c).await?
                        {
                            break;
                        }
                        match self.exec(ctx, body).await {
                            Err(Flow::Break) => break,
                            Ok(()) | Err(Flow::Continue) => {}
                            Err(f) => return Err(f),
                        }
                        if let Some(s) = step {
                            self.exec(ctx, s).await?;
                        }
                    }
                }
                S::ForIn(v, a, body) => {
                    let id = self.array_id(a);
                    let keys = self.arrays.get(&id).map(Array::keys).unwrap_or_default();
                    for k in keys {
                        self.set_var(v, outside(k));
                        match self.exec(ctx, body).await {
                            Err(Flow::Break) => break,
                            Ok(()) | Err(Flow::Continue) => {}
                            Err(f) => return Err(f),
                        }
                    }
                }
                S::Next => return Err(Flow::Next),
                S::NextFile => return Err(Flow::NextFile),
                S::Break => return Err(Flow::Break),
                S::Continue => return Err(Flow::Continue),
                S::Exit(e) => {
                    if let Some(e) = e {
                        self.code = (self.eval(ctx, e).await?.num() as i64 & 255) as i32;
                    }
                    return Err(Flow::Exit);
                }
                S::Return(e) => {
                    let v = match e {
                        Some(e) => self.eval(ctx, e).await?,
                        None => V::None,
                    };
                    return Err(Flow::Return(v));
                }
                S::Delete(a, keys) => {
                    let key = match keys {
                        Some(k) => Some(self.key(ctx, k).await?),
                        None => None,
                    };
                    let id = self.array_id(a);
                    if let Some(t) = self.arrays.get_mut(&id) {
                        match key {
                            Some(k) => {
                                t.remove(&k);
                            }
                            None => *t = Array::new(),
                        }
                    }
                }
            }
            Ok(())
        })
    }
    /// mawk stops at the first directive that has no argument; `printf` has written what stands before it.
    fn enough(&mut self, ctx: &Ctx, name: &str, format: &[u8], args: &[V]) -> Res<()> {
        let (mut wanted, mut i) = (0, 0);
        while i < format.len() {
            if format[i] == b'%' {
                i += 1;
                if format.get(i) != Some(&b'%') {
                    wanted += 1;
                    if wanted > args.len() {
                        if name == "printf" {
                            ctx.out(sprintf(&format[..i - 1], args, &self.convert()));
                        }
                        let text = String::from_utf8_lossy(format).into_owned();
                        let file = String::from_utf8_lossy(&self.var_text("FILENAME")).into_owned();
                        let (f, n) = (self.get_var("FNR").num(), self.get_var("NR").num());
                        return Err(self.die(
                            ctx,
                            &format!(
                                "run time error: not enough arguments passed to {name}(\"{text}\")\n\tFILENAME=\"{file}\" FNR={f} NR={n}"
                            ),
                        ));
                    }
                }
            }
            i += 1;
        }
        Ok(())
    }
    async fn target(&mut self, ctx: &mut Ctx, to: Option<&(Redirect, E)>) -> Res<Option<(Redirect, Vec<u8>)>> {
        Ok(match to {
            Some((how, e)) => {
                let v = self.eval(ctx, e).await?;
                Some((*how, self.text(&v)))
            }
            None => None,
        })
    }
    async fn key(&mut self, ctx: &mut Ctx, keys: &[E]) -> Res<Vec<u8>> {
        let mut parts = Vec::new();
        for k in keys {
            let v = self.eval(ctx, k).await?;
            parts.push(self.text(&v));
        }
        if parts.len() == 1 {
            return Ok(parts.remove(0));
        }
        let sep = self.var_text("SUBSEP");
        Ok(parts.join(&sep[..]))
    }
    async fn store(&mut self, ctx: &mut Ctx, target: &E, v: V) -> Res<()> {
        match target {
            E::Var(n) => self.set_var(n, v),
            E::Field(e) => {
                let i = self.eval(ctx, e).await?.num();
                if i < 0.0 {
                    return Err(self.die(ctx, &format!("run time error: negative field index ${i}")));
                }
                self.set_field(ctx, i as usize, v)?;
            }
            E::Index(a, keys) => {
                let k = self.key(ctx, keys).await?;
                let id = self.array_id(a);
                if let Some(t) = self.arrays.get_mut(&id) {
                    if t.len() > 1_000_000 {
                        return Err(Flow::Die(2));
                    }
                    t.insert(k, v);
                }
            }
            E::Group(e) => return Box::pin(self.store(ctx, e, v)).await,
            _ => {}
        }
        Ok(())
    }
    fn eval<'a>(&'a mut self, ctx: &'a mut Ctx, e: &'a E) -> Fut<'a, V> {
        Box::pin(async move {
            Ok(match e {
                E::Num(n) => V::Num(*n),
                E::Str(s) => V::Str(s.clone()),
                E::Regex(r) => {
                    let re = self.need_regex(ctx, r)?;
                    let hit = re.is_match(&self.whole());
                    V::Num(f64::from(u8::from(hit)))
                }
                E::Var(n) => self.get_var(n),
                E::Group(e) => self.eval(ctx, e).await?,
                E::Field(e) => {
                    let i = self.eval(ctx, e).await?.num();
                    if i < 0.0 {
                        return Err(self.die(ctx, &format!("run time error: negative field index ${i}")));
                    }
                    self.field(i as usize)
                }
                E::Index(a, keys) => {
                    let k = self.key(ctx, keys).await?;
                    let id = self.array_id(a);
                    // Looking creates the element.
                    match self.arrays.get_mut(&id) {
                        Some(t) => t.take(k),
                        None => V::None,
                    }
                }
                E::In(keys, a) => {
                    let k = self.key(ctx, keys).await?;
                    let id = self.array_id(a);
                    V::Num(f64::from(u8::from(self.arrays.get(&id).is_some_and(|t| t.get(&k).is_some()))))
                }
                E::Assign(op, target, value) => {
                    let mut v = self.eval(ctx, value).await?;
                    if let Some(op) = op {
                        let old = self.eval(ctx, target).await?.num();
                        v = V::Num(arithmetic(*op, old, v.num()));
                    }
                    self.store(ctx, target, v.clone()).await?;
                    v
                }
                E::Cond(c, a, b) => {
                    let pick = if self.truth(ctx, c).await? { a } else { b };
                    self.eval(ctx, pick).await?
                }
                E::And(a, b) => V::Num(f64::from(u8::from(self.truth(ctx, a).await? && self.truth(ctx, b).await?))),
                E::Or(a, b) => V::Num(f64::from(u8::from(self.truth(ctx, a).await? || self.truth(ctx, b).await?))),
                E::Not(a) => V::Num(f64::from(u8::from(!self.truth(ctx, a).await?))),
                E::Neg(a) => V::Num(-self.eval(ctx, a).await?.num()),
                E::Plus(a) => V::Num(self.eval(ctx, a).await?.num()),
                E::Binary(op, a, b) => {
                    let x = self.eval(ctx, a).await?.num();
                    let y = self.eval(ctx, b).await?.num();
                    if y == 0.0 && matches!(op, '/' | '%') {
                        let r = if *op == '/' { x / y } else { f64::NAN };
                        return Ok(V::Num(r));
                    }
                    V::Num(arithmetic(*op, x, y))
                }
                E::Compare(op, a, b) => {
                    let x = self.eval(ctx, a).await?;
                    let y = self.eval(ctx, b).await?;
                    let o = if x.is_text() || y.is_text() {
                        Some(self.text(&x).cmp(&self.text(&y)))
                    } else {
                        x.num().partial_cmp(&y.num())
                    };
                    let yes = match *op {
                        "<" => o.is_some_and(std::cmp::Ordering::is_lt),
                        "<=" => o.is_some_and(std::cmp::Ordering::is_le),
                        "==" => o.is_some_and(std::cmp::Ordering::is_eq),
                        "!=" => o.is_none_or(std::cmp::Ordering::is_ne),
                        ">=" => o.is_some_and(std::cmp::Ordering::is_ge),
                        _ => o.is_some_and(std::cmp::Ordering::is_gt),
                    };
                    V::Num(f64::from(u8::from(yes)))
                }
                E::Match(yes, a, b) => {
                    let v = self.eval(ctx, a).await?;
                    let text = self.text(&v);
                    let re = self.pattern(ctx, b).await?;
                    V::Num(f64::from(u8::from(re.is_match(&text) == *yes)))
                }
                E::Concat(a, b) => {
                    let x = self.eval(ctx, a).await?;
                    let mut s = self.text(&x);
                    let y = self.eval(ctx, b).await?;
                    s.extend(self.text(&y));
                    if s.len() > MAX_HELD {
                        return Err(Flow::Die(2));
                    }
                    if !spend(&ctx.io, 1 + s.len() as u64 / 256) {
                        return Err(Flow::Die(2));
                    }
                    V::Str(s)
                }
                E::Step { before, by, target } => {
                    let old = self.eval(ctx, target).await?.num();
                    self.store(ctx, target, V::Num(old + by)).await?;
                    V::Num(if *before { old + by } else { old })
                }
                E::Getline(source, var) => self.getline(ctx, source, var.as_deref()).await?,
                E::Call(name, args) => self.call(ctx, name, args).await?,
                E::User(name, args) => self.user(ctx, name, args).await?,
            })
        })
    }
    /// A pattern operand: a literal as it stands, else the text of the value.
    async fn pattern(&mut self, ctx: &mut Ctx, e: &E) -> Res<Re> {
        if let E::Regex(r) = e {
            return self.need_regex(ctx, r);
        }
        let v = self.eval(ctx, e).await?;
        let t = self.text(&v);
        self.need_regex(ctx, &t)
    }
    async fn getline(&mut self, ctx: &mut Ctx, source: &Source, var: Option<&E>) -> Res<V> {
        let got = match source {
            Source::Main => self.main_record(ctx).await?,
            Source::File(e) | Source::Command(e) => {
                let v = self.eval(ctx, e).await?;
                let name = self.text(&v);
                let label = String::from_utf8_lossy(&name).into_owned();
                if !self.inputs.contains_key(&name) {
                    let input = if matches!(source, Source::Command(_)) {
                        let store = Rc::new(RefCell::new(VecDeque::new()));
                        let mut fds = ctx.io.fds.clone();
                        fds.insert(1, Fd::Memory(store.clone()));
                        let spawn = ctx.spawn.clone();
                        spawn.shell(ctx.with_fds(fds), label, Vec::new()).await;
                        let data: Vec<u8> = store.borrow().iter().copied().collect();
                        Input { reader: None, held: Some((data, 0)) }
                    } else {
                        match Reader::open(ctx, &label) {
                            Ok(r) => Input { reader: Some(r), held: None },
                            Err(_) => return Ok(V::Num(-1.0)),
                        }
                    };
                    self.inputs.insert(name.clone(), input);
                }
                let Some(mut input) = self.inputs.remove(&name) else { return Ok(V::Num(-1.0)) };
                let got = self.record_of(ctx, &mut input).await?;
                self.inputs.insert(name, input);
                if got.is_some() && matches!(source, Source::Command(_)) {
                    let n = self.get_var("NR").num() + 1.0;
                    self.set_var("NR", V::Num(n));
                }
                got
            }
        };
        if !spend(&ctx.io, 1) {
            return Err(Flow::Die(2));
        }
        match got {
            None => Ok(V::Num(0.0)),
            Some(r) => {
                match var {
                    Some(t) => self.store(ctx, t, outside(r)).await?,
                    None => self.set_record(r),
                }
                Ok(V::Num(1.0))
            }
        }
    }
    async fn user(&mut self, ctx: &mut Ctx, name: &str, args: &[E]) -> Res<V> {
        let program = self.program.clone();
        let Some(f) = program.functions.get(name) else { return Ok(V::None) };
        if args.len() > f.params.len() {
            return Err(self.die(ctx, &format!("line 1: too many arguments in call to {name}")));
        }
        self.depth += 1;
        // Each call stands on the real stack, which is small in a test or a browser.
        if self.depth > 40 {
            return Err(self.die(ctx, "run time error: function call nesting too deep"));
        }
        let mut frame = BTreeMap::new();
        for (i, p) in f.params.iter().enumerate() {
            let local = match args.get(i) {
                Some(E::Var(n)) => {
                    let array = Some(self.array_id(n));
                    Local { value: self.get_var(n), array }
                }
                Some(e) => Local { value: self.eval(ctx, e).await?, array: None },
                None => Local::default(),
            };
            frame.insert(p.clone(), local);
        }
        self.frames.push(frame);
        self.owned.push(Vec::new());
        let r = self.exec(ctx, &f.body).await;
        self.frames.pop();
        for id in self.owned.pop().unwrap_or_default() {
            self.arrays.remove(&id);
        }
        self.depth -= 1;
        match r {
            Ok(()) => Ok(V::None),
            Err(Flow::Return(v)) => Ok(v),
            Err(f) => Err(f),
        }
    }
    async fn call(&mut self, ctx: &mut Ctx, name: &str, args: &[E]) -> Res<V> {
        match name {
            "sub" | "gsub" => return self.substitute(ctx, name == "gsub", args).await,
            "split" => {
                let Some(E::Var(a)) = args.get(1) else {
                    return Err(self.die(ctx, "line 1: type error in arg(2) in call to split"));
                };
                let v = self.eval(ctx, &args[0]).await?;
                let text = self.text(&v);
                let sep = match args.get(2) {
                    None => self.var_text("FS"),
                    Some(E::Regex(r)) => r.clone(),
                    Some(e) => {
                        let v = self.eval(ctx, e).await?;
                        self.text(&v)
                    }
                };
                let parts = self.pieces(&text, &sep);
                let n = parts.len();
                let id = self.array_id(a);
                let t: Array = parts
                    .into_iter()
                    .enumerate()
                    .map(|(i, p)| ((i + 1).to_string().into_bytes(), outside(p)))
                    .collect();
                self.arrays.insert(id, t);
                return Ok(V::Num(n as f64));
            }
            "length" => {
                if let Some(E::Var(n)) = args.first() {
                    let known = self.frames.last().and_then(|f| f.get(n)).map(|l| l.array);
                    let id = match known {
                        Some(a) => a,
                        None => self.names.get(n).copied(),
                    };
                    if let Some(t) = id.and_then(|i| self.arrays.get(&i)).filter(|t| t.len() > 0) {
                        return Ok(V::Num(t.len() as f64));
                    }
                }
                let t = match args.first() {
                    Some(e) => {
                        let v = self.eval(ctx, e).await?;
                        self.text(&v)
                    }
                    None => self.whole(),
                };
                return Ok(V::Num(t.len() as f64));
            }
            "match" => {
                if args.len() < 2 {
                    return Err(self.die(ctx, "line 1: wrong number of arguments in call to match"));
                }
                let v = self.eval(ctx, &args[0]).await?;
                let text = self.text(&v);
                let re = self.pattern(ctx, &args[1]).await?;
                let (s, n) = re.find_at(&text, 0).map_or((0.0, -1.0), |(s, e)| (s as f64 + 1.0, (e - s) as f64));
                self.set_var("RSTART", V::Num(s));
                self.set_var("RLENGTH", V::Num(n));
                return Ok(V::Num(s));
            }
            _ => {}
        }
        let mut v = Vec::new();
        for a in args {
            v.push(self.eval(ctx, a).await?);
        }
        let n = |i: usize| v.get(i).map_or(0.0, V::num);
        let text = |i: usize| v.get(i).map_or_else(Vec::new, |x| self.text(x));
        Ok(match name {
            "substr" => {
                let s = text(0);
                let (from, len) = (n(1), if v.len() > 2 { n(2) } else { f64::MAX });
                V::Str(substr(&s, from, len))
            }
            "index" => {
                let (s, t) = (text(0), text(1));
                let at = if t.is_empty() {
                    Some(0).filter(|_| !s.is_empty())
                } else {
                    s.windows(t.len()).position(|w| w == t)
                };
                V::Num(at.map_or(0.0, |i| i as f64 + 1.0))
            }
            "tolower" => V::Str(text(0).to_ascii_lowercase()),
            "toupper" => V::Str(text(0).to_ascii_uppercase()),
            "sprintf" => {
                let format = text(0);
                self.enough(ctx, "sprintf", &format, v.get(1..).unwrap_or(&[]))?;
                V::Str(sprintf(&format, v.get(1..).unwrap_or(&[]), &self.convert()))
            }
            "sin" => V::Num(n(0).sin()),
            "cos" => V::Num(n(0).cos()),
            "atan2" => V::Num(n(0).atan2(n(1))),
            "exp" => V::Num(n(0).exp()),
            "log" => V::Num(n(0).ln()),
            "sqrt" => V::Num(n(0).sqrt()),
            "int" => V::Num(n(0).trunc()),
            "rand" => {
                self.draws += 1;
                let chance = ctx.io.world.borrow().host.chance;
                let x = chance.value("awk", &format!("{} {}", self.seed, self.draws));
                V::Num((x >> 11) as f64 / (1u64 << 53) as f64)
            }
            "srand" => {
                let old = self.seed;
                self.seed = if v.is_empty() { ctx.io.world.borrow().now().secs() as f64 } else { n(0) };
                self.draws = 0;
                V::Num(old)
            }
            "systime" => V::Num(ctx.io.world.borrow().now().secs() as f64),
            "strftime" => {
                let format = if v.is_empty() { "%c".into() } else { String::from_utf8_lossy(&text(0)).into_owned() };
                let t = if v.len() > 1 {
                    crate::base::Time::from_secs((n(1) as i64).clamp(-60_000_000_000, 250_000_000_000))
                } else {
                    ctx.io.world.borrow().now()
                };
                V::Str(super::super::super::system::date::format(t, &format).into_bytes())
            }
            "system" => {
                let script = String::from_utf8_lossy(&text(0)).into_owned();
                let spawn = ctx.spawn.clone();
                let code = spawn.shell(ctx.clone(), script, Vec::new()).await;
                V::Num(f64::from(code))
            }
            "close" => {
                let name = text(0);
                V::Num(f64::from(self.close(ctx, &name).await))
            }
            "(list)" => {
                let sep = self.var_text("SUBSEP");
                let parts: Vec<Vec<u8>> = v.iter().map(|x| self.text(x)).collect();
                V::Str(parts.join(&sep[..]))
            }
            _ => V::Num(0.0),
        })
    }
    async fn substitute(&mut self, ctx: &mut Ctx, global: bool, args: &[E]) -> Res<V> {
        if args.len() < 2 {
            return Err(self.die(ctx, "line 1: wrong number of arguments in call to sub"));
        }
        let re = self.pattern(ctx, &args[0]).await?;
        let v = self.eval(ctx, &args[1]).await?;
        let rhs = self.text(&v);
        let zero = E::Field(Box::new(E::Num(0.0)));
        let target = args.get(2).unwrap_or(&zero);
        let v = self.eval(ctx, target).await?;
        let text = self.text(&v);
        let (mut out, mut at, mut from, mut count) = (Vec::new(), 0, 0, 0);
        let mut last = usize::MAX;
        while from <= text.len()
            && let Some((s, e)) = re.find_at(&text, from)
        {
            if s == e && s == last {
                from = s + 1;
                continue;
            }
            out.extend_from_slice(&text[at..s]);
            let mut i = 0;
            while i < rhs.len() {
                match rhs[i] {
                    b'\\' if matches!(rhs.get(i + 1), Some(b'&' | b'\\')) => {
                        out.push(rhs[i + 1]);
                        i += 1;
                    }
                    b'&' => out.extend_from_slice(&text[s..e]),
                    c => out.push(c),
                }
                i += 1;
            }
            count += 1;
            at = e;
            last = e;
            from = if e == s { e + 1 } else { e };
            if !global {
                break;
            }
        }
        if count > 0 {
            out.extend_from_slice(&text[at.min(text.len())..]);
            self.store(ctx, target, V::Str(out)).await?;
        }
        Ok(V::Num(f64::from(count)))
    }
}

fn arithmetic(op: char, x: f64, y: f64) -> f64 {
    match op {
        '+' => x + y,
        '-' => x - y,
        '*' => x * y,
        '/' => x / y,
        '%' => x % y,
        _ => x.powf(y),
    }
}

/// By bytes, rounded as mawk rounds. This version lengthens the piece by what lies before the text, and so do we.
fn substr(s: &[u8], from: f64, len: f64) -> Vec<u8> {
    if from.is_nan() || len.is_nan() {
        return Vec::new();
    }
    let start = from.round_ties_even();
    let len = if start < 1.0 { len - start } else { len };
    let end = if len >= f64::MAX { f64::INFINITY } else { start.max(1.0) + len.round_ties_even() };
    let a = (start.max(1.0) - 1.0).min(s.len() as f64) as usize;
    let b = (end - 1.0).clamp(a as f64, s.len() as f64) as usize;
    s[a..b.max(a)].to_vec()
}

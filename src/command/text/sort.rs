//! sort(1) and uniq(1) in the C.UTF-8 locale (bytes decide). Left out: `-T`, `-S`, `--parallel` (accepted), `-R`'s chance
//! (it orders by a hash).

use super::super::Ctx;
use super::super::input::{Lines, Reader, Status, emit, open_write, spend, status};
use super::super::opt::{Parsed, extra_operand, getopt, quote, quotef};
use std::cmp::Ordering;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Order {
    blanks: bool,
    dictionary: bool,
    fold: bool,
    general: bool,
    printing: bool,
    month: bool,
    human: bool,
    numeric: bool,
    reverse: bool,
    version: bool,
    random: bool,
}

impl Order {
    fn set(&mut self, c: char) -> bool {
        match c {
            'b' => self.blanks = true,
            'd' => self.dictionary = true,
            'f' => self.fold = true,
            'g' => self.general = true,
            'i' => self.printing = true,
            'M' => self.month = true,
            'h' => self.human = true,
            'n' => self.numeric = true,
            'r' => self.reverse = true,
            'V' => self.version = true,
            'R' => self.random = true,
            _ => return false,
        }
        true
    }
    fn plain(self) -> bool {
        self == Order::default()
    }
}

#[derive(Clone, Debug)]
struct Key {
    start: (usize, usize),
    end: Option<(usize, usize)>,
    order: Order,
    start_blanks: bool,
    end_blanks: bool,
}

struct Sort {
    keys: Vec<Key>,
    global: Order,
    tab: Option<u8>,
    stable: bool,
    unique: bool,
}

fn bad_key(ctx: &Ctx, what: &str, spec: &str) -> i32 {
    ctx.complain(format!("{what}: invalid field specification {}", quote(spec)));
    2
}

fn key(ctx: &Ctx, spec: &str) -> Result<Key, i32> {
    let (from, to) = spec.split_once(',').map_or((spec, None), |(a, b)| (a, Some(b)));
    let mut k = Key { start: (0, 1), end: None, order: Order::default(), start_blanks: false, end_blanks: false };
    let number = |s: &str| -> (Option<usize>, usize) {
        let n = s.bytes().take_while(u8::is_ascii_digit).count();
        (s[..n].parse().ok(), n)
    };
    let mut part = |s: &str, is_end: bool| -> Result<(usize, usize), i32> {
        let (f, n) = number(s);
        let Some(f) = f else {
            let what = format!("invalid number {}", if is_end { "after ','" } else { "at field start" });
            ctx.complain(format!("{what}: invalid count at start of {}", quote(s)));
            return Err(2);
        };
        if f == 0 {
            return Err(bad_key(ctx, "field number is zero", spec));
        }
        let mut rest = &s[n..];
        let mut c = usize::from(!is_end);
        if let Some(r) = rest.strip_prefix('.') {
            let (v, n) = number(r);
            let Some(v) = v else {
                ctx.complain(format!("invalid number after '.': invalid count at start of {}", quote(r)));
                return Err(2);
            };
            if v == 0 && !is_end {
                return Err(bad_key(ctx, "character offset is zero", spec));
            }
            c = v;
            rest = &r[n..];
        }
        for ch in rest.chars() {
            if !k.order.set(ch) {
                return Err(bad_key(ctx, "stray character in field spec", spec));
            }
            if ch == 'b' {
                if is_end { k.end_blanks = true } else { k.start_blanks = true }
            }
        }
        Ok((f, c))
    };
    if number(from).0 == Some(0) {
        return Err(bad_key(ctx, "field number is zero", spec));
    }
    let start = part(from, false)?;
    let end = match to {
        Some(t) => Some(part(t, true)?),
        None => None,
    };
    k.start = start;
    k.end = end;
    k.order.blanks = false;
    Ok(k)
}

fn blank(b: u8) -> bool {
    b == b' ' || b == b'\t' || b == b'\n'
}

impl Sort {
    fn field_start(&self, l: &[u8], n: usize) -> usize {
        let mut at = 0;
        for _ in 1..n {
            match self.tab {
                Some(t) => match l[at..].iter().position(|b| *b == t) {
                    Some(i) => at += i + 1,
                    None => return l.len(),
                },
                None => {
                    at += l[at..].iter().take_while(|b| blank(**b)).count();
                    at += l[at..].iter().take_while(|b| !blank(**b)).count();
                }
            }
        }
        at.min(l.len())
    }
    fn field_end(&self, l: &[u8], n: usize) -> usize {
        let mut at = self.field_start(l, n);
        match self.tab {
            Some(t) => l[at..].iter().position(|b| *b == t).map_or(l.len(), |i| at + i),
            None => {
                at += l[at..].iter().take_while(|b| blank(**b)).count();
                at + l[at..].iter().take_while(|b| !blank(**b)).count()
            }
        }
    }
    fn slice<'a>(&self, l: &'a [u8], k: &Key) -> &'a [u8] {
        let skip = |mut at: usize, on: bool| {
            if on {
                at += l[at..].iter().take_while(|b| blank(**b)).count();
            }
            at
        };
        let inherit = k.order.plain() && !k.start_blanks && !k.end_blanks;
        let sb = k.start_blanks || (inherit && self.global.blanks);
        let eb = k.end_blanks || (inherit && self.global.blanks);
        let s = (skip(self.field_start(l, k.start.0), sb) + k.start.1 - 1).min(l.len());
        let e = match k.end {
            None => l.len(),
            Some((f, 0)) => self.field_end(l, f),
            Some((f, c)) => (skip(self.field_start(l, f), eb) + c).min(l.len()),
        };
        &l[s..e.max(s)]
    }
    fn by_keys(&self, a: &[u8], b: &[u8]) -> Ordering {
        for k in &self.keys {
            let order = if k.order.plain() && !k.start_blanks && !k.end_blanks { self.global } else { k.order };
            let o = compare(self.slice(a, k), self.slice(b, k), order);
            if o != Ordering::Equal {
                return if order.reverse { o.reverse() } else { o };
            }
        }
        if self.keys.is_empty() {
            let o = compare(a, b, self.global);
            return if self.global.reverse { o.reverse() } else { o };
        }
        Ordering::Equal
    }
    fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        let o = self.by_keys(a, b);
        if o != Ordering::Equal || self.stable || self.unique {
            return o;
        }
        let last = a.cmp(b);
        if self.global.reverse { last.reverse() } else { last }
    }
}

fn compare(a: &[u8], b: &[u8], o: Order) -> Ordering {
    if o.numeric {
        return numeric(a, b);
    }
    if o.general {
        let (x, y) = (general(a), general(b));
        return x.is_some().cmp(&y.is_some()).then(x.partial_cmp(&y).unwrap_or(Ordering::Equal));
    }
    if o.human {
        return human(a).partial_cmp(&human(b)).unwrap_or(Ordering::Equal);
    }
    if o.month {
        return month(a).cmp(&month(b));
    }
    if o.version {
        return version(a, b);
    }
    if o.random {
        let hash = |s: &[u8]| {
            s.iter().fold(0xcbf2_9ce4_8422_2325_u64, |h, c| (h ^ u64::from(*c)).wrapping_mul(0x100_0000_01b3))
        };
        return hash(a).cmp(&hash(b));
    }
    if !(o.dictionary || o.fold || o.printing || o.blanks) {
        return a.cmp(b);
    }
    let view = |s: &[u8]| -> Vec<u8> {
        let s = if o.blanks { &s[s.iter().take_while(|b| blank(**b)).count()..] } else { s };
        s.iter()
            .filter(|c| !o.dictionary || c.is_ascii_alphanumeric() || blank(**c))
            .filter(|c| !o.printing || (32..127).contains(*c))
            .map(|c| if o.fold { c.to_ascii_uppercase() } else { *c })
            .collect()
    };
    view(a).cmp(&view(b))
}

fn trim(s: &[u8]) -> &[u8] {
    &s[s.iter().take_while(|b| blank(**b)).count()..]
}

/// Compares by leading decimal numbers of any length, as strings of digits.
fn numeric(a: &[u8], b: &[u8]) -> Ordering {
    fn parts(s: &[u8]) -> (bool, &[u8], &[u8]) {
        let s = trim(s);
        let (neg, s) = s.strip_prefix(b"-").map_or((false, s), |r| (true, r));
        let n = s.iter().take_while(|c| c.is_ascii_digit()).count();
        let int = &s[..n];
        let int = &int[int.iter().take_while(|c| **c == b'0').count()..];
        let frac =
            s[n..].strip_prefix(b".").map_or(&[][..], |f| &f[..f.iter().take_while(|c| c.is_ascii_digit()).count()]);
        let keep = frac.iter().rposition(|c| *c != b'0').map_or(0, |i| i + 1);
        (neg && !(int.is_empty() && keep == 0), int, &frac[..keep])
    }
    let ((na, ia, fa), (nb, ib, fb)) = (parts(a), parts(b));
    if na != nb {
        return nb.cmp(&na);
    }
    let o = ia.len().cmp(&ib.len()).then_with(|| ia.cmp(ib)).then_with(|| fa.cmp(fb));
    if na { o.reverse() } else { o }
}

fn general(s: &[u8]) -> Option<f64> {
    let t = String::from_utf8_lossy(trim(s)).into_owned();
    (1..=t.len()).rev().filter(|n| t.is_char_boundary(*n)).find_map(|n| t[..n].parse().ok())
}

fn human(s: &[u8]) -> (i32, f64) {
    let t = trim(s);
    let n = t.iter().take_while(|c| c.is_ascii_digit() || matches!(c, b'.' | b'-')).count();
    let v: f64 = String::from_utf8_lossy(&t[..n]).parse().unwrap_or(0.0);
    let unit = t
        .get(n)
        .and_then(|u| b"KMGTPEZY".iter().position(|x| *x == u.to_ascii_uppercase()))
        .map_or(0, |i| i as i32 + 1);
    if v == 0.0 {
        (0, 0.0)
    } else if v < 0.0 {
        (-unit - 1, v)
    } else {
        (unit + 1, v)
    }
}

fn month(s: &[u8]) -> usize {
    let t = trim(s);
    let Some(head) = t.get(..3) else { return 0 };
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    crate::base::time::MONTHS.iter().position(|m| m.to_ascii_lowercase() == head).map_or(0, |i| i + 1)
}

/// Version order as `ls -v` has it: runs of digits by value, the rest by bytes with letters first.
pub fn version(a: &[u8], b: &[u8]) -> Ordering {
    fn rank(c: Option<u8>) -> i32 {
        match c {
            None => 0,
            Some(b'~') => -1,
            Some(c) if c.is_ascii_digit() => 0,
            Some(c) if c.is_ascii_alphabetic() => i32::from(c),
            Some(c) => i32::from(c) + 256,
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        while (i < a.len() && !a[i].is_ascii_digit()) || (j < b.len() && !b[j].is_ascii_digit()) {
            let (x, y) = (rank(a.get(i).copied()), rank(b.get(j).copied()));
            if x != y {
                return x.cmp(&y);
            }
            i += 1;
            j += 1;
        }
        let run = |s: &[u8], mut at: usize| {
            while s.get(at) == Some(&b'0') {
                at += 1;
            }
            let start = at;
            while s.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            (start.min(s.len()), at.min(s.len()))
        };
        let ((s1, e1), (s2, e2)) = (run(a, i), run(b, j));
        let o = (e1 - s1).cmp(&(e2 - s2)).then_with(|| a[s1..e1].cmp(&b[s2..e2]));
        if o != Ordering::Equal {
            return o;
        }
        i = e1.max(i);
        j = e2.max(j);
        if i >= a.len() && j >= b.len() {
            break;
        }
    }
    Ordering::Equal
}

impl Sort {
    /// `-m`: the files, which begin at `starts`, are taken as sorted: the least of their first lines comes next.
    fn merge(&self, lines: &[Vec<u8>], starts: &[usize]) -> Vec<Vec<u8>> {
        let ends = starts.iter().skip(1).copied().chain([lines.len()]);
        let mut heads: Vec<_> = starts.iter().zip(ends).map(|(s, e)| *s..e).collect();
        let mut out = Vec::with_capacity(lines.len());
        while let Some(next) = heads
            .iter_mut()
            .filter(|r| r.start < r.end)
            .min_by(|a, b| self.compare(&lines[a.start], &lines[b.start]))
            .and_then(Iterator::next)
        {
            out.push(lines[next].clone());
        }
        out
    }
}

/// sort(1).
pub async fn sort(ctx: &mut Ctx) -> i32 {
    status(sort_run(ctx).await)
}

const SPEC: &str = "b|ignore-leading-blanks d|dictionary-order f|ignore-case g|general-numeric-sort i|ignore-nonprinting \
    M|month-sort h|human-numeric-sort n|numeric-sort R|random-sort r|reverse |sort= V|version-sort c|check=? C \
    |debug k|key= m|merge o|output= s|stable S|buffer-size= t|field-separator= T|temporary-directory= u|unique \
    z|zero-terminated |batch-size= |compress-program= |files0-from= |parallel= |random-source=";

fn settings(ctx: &Ctx, p: &Parsed) -> Result<Sort, i32> {
    let mut s = Sort { keys: Vec::new(), global: Order::default(), tab: None, stable: p.has("s"), unique: p.has("u") };
    for (k, v) in &p.opts {
        let v = v.as_deref().unwrap_or("");
        match k.as_str() {
            "k" => s.keys.push(key(ctx, v)?),
            "t" => {
                s.tab = Some(match v.as_bytes() {
                    [] => {
                        ctx.complain("empty tab");
                        return Err(2);
                    }
                    [c] => *c,
                    b"\\0" => 0,
                    _ => {
                        ctx.complain(format!("multi-character tab {}", quote(v)));
                        return Err(2);
                    }
                });
            }
            "sort" => {
                let c = match v {
                    "numeric" => 'n',
                    "version" => 'V',
                    "month" => 'M',
                    "human-numeric" => 'h',
                    "general-numeric" => 'g',
                    _ => 'R',
                };
                s.global.set(c);
            }
            k if k.len() == 1 => {
                s.global.set(k.chars().next().unwrap_or(' '));
            }
            _ => {}
        }
    }
    Ok(s)
}

async fn sort_run(ctx: &mut Ctx) -> Status {
    // `-c` takes no attached value, `--check` may.
    let p = getopt(ctx, &SPEC.replace("c|check=? C", "c |check=? C"), 2)?;
    let s = settings(ctx, &p)?;
    let end = if p.has("z") { 0 } else { b'\n' };
    let names = if p.args.is_empty() { vec!["-".to_owned()] } else { p.args.clone() };
    let check = p.has("c") || p.has("C") || p.has("check");
    let quiet = p.has("C") || p.value("check").is_some_and(|v| v == "quiet" || v == "silent");
    if check && let Some(extra) = names.get(1) {
        ctx.complain(format!("extra operand {} not allowed with -c", quote(extra)));
        return Err(2);
    }
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let mut starts = Vec::new();
    for name in &names {
        starts.push(lines.len());
        let mut r = match Reader::open(ctx, name) {
            Ok(r) => r,
            Err(e) => {
                ctx.complain(format!("cannot read: {}: {e}", quotef(name)));
                return Err(2);
            }
        };
        let mut size = 0;
        loop {
            match r.until(&mut ctx.io, end).await {
                Ok(Some(mut l)) => {
                    if l.last() == Some(&end) {
                        l.pop();
                    }
                    size += l.len();
                    lines.push(l);
                    if size > super::super::input::MAX_HELD || !spend(&ctx.io, 1) {
                        break;
                    }
                }
                Ok(None) => break,
                Err(e) => {
                    ctx.complain(format!("read failed: {}: {e}", quotef(name)));
                    return Err(2);
                }
            }
        }
        r.close(ctx);
    }
    if check {
        for (i, w) in lines.windows(2).enumerate() {
            let o = s.compare(&w[0], &w[1]);
            if o == Ordering::Greater || (s.unique && o == Ordering::Equal) {
                if !quiet {
                    let shown = String::from_utf8_lossy(&w[1]).into_owned();
                    ctx.complain(format!("{}:{}: disorder: {shown}", names[0], i + 2));
                }
                return Ok(1);
            }
        }
        return Ok(0);
    }
    if p.has("m") {
        lines = s.merge(&lines, &starts);
    } else {
        lines.sort_by(|a, b| s.compare(a, b));
    }
    if s.unique {
        lines.dedup_by(|b, a| s.by_keys(a, b) == Ordering::Equal);
    }
    let mut out_fd = None;
    if let Some(o) = p.value("o") {
        match open_write(ctx, o, false) {
            Ok(fd) => out_fd = Some(fd),
            Err(e) => {
                ctx.complain(format!("open failed: {}: {e}", quotef(o)));
                return Err(2);
            }
        }
    }
    for mut l in lines {
        l.push(end);
        match out_fd {
            Some(fd) => {
                if let Err(e) = ctx.io.write(fd, &l) {
                    ctx.complain(format!("write failed: {}: {e}", p.value("o").unwrap_or("")));
                    return Err(2);
                }
            }
            None => emit(ctx, &l).await?,
        }
    }
    Ok(0)
}

/// uniq(1).
pub async fn uniq(ctx: &mut Ctx) -> i32 {
    status(uniq_run(ctx).await)
}

async fn uniq_run(ctx: &mut Ctx) -> Status {
    let spec = "c|count d|repeated D |all-repeated=? f|skip-fields= |group=? i|ignore-case s|skip-chars= u|unique \
                z|zero-terminated w|check-chars=";
    let p = getopt(ctx, spec, 1)?;
    let mut nums = [0usize, 0, usize::MAX];
    for (slot, (k, what)) in
        [("f", "fields to skip"), ("s", "bytes to skip"), ("w", "bytes to compare")].iter().enumerate()
    {
        if let Some(v) = p.value(k) {
            match v.parse() {
                Ok(n) => nums[slot] = n,
                Err(_) => {
                    ctx.complain(format!("{v}: invalid number of {what}"));
                    return Err(1);
                }
            }
        }
    }
    if let Some(x) = p.args.get(2) {
        return Err(extra_operand(ctx, x));
    }
    let view = |l: &[u8]| -> Vec<u8> {
        let mut at = 0;
        for _ in 0..nums[0] {
            at += l[at..].iter().take_while(|b| blank(**b)).count();
            at += l[at..].iter().take_while(|b| !blank(**b)).count();
        }
        let rest = &l[(at + nums[1]).min(l.len())..];
        let rest = &rest[..rest.len().min(nums[2])];
        if p.has("i") { rest.to_ascii_lowercase() } else { rest.to_vec() }
    };
    let input: Vec<String> = p.args.iter().take(1).cloned().collect();
    let mut out_fd = 1;
    if let Some(o) = p.args.get(1).filter(|o| *o != "-") {
        match open_write(ctx, o, false) {
            Ok(fd) => out_fd = fd,
            Err(e) => {
                ctx.complain(format!("{}: {e}", quotef(o)));
                return Err(1);
            }
        }
    }
    let end = if p.has("z") { 0 } else { b'\n' };
    let mut lines = Lines::new(&input);
    lines.end = end;
    let (count, repeated, unique) = (p.has("c"), p.has("d"), p.has("u"));
    let all = p.has("D") || p.has("all-repeated");
    let method = p.value("all-repeated").unwrap_or("none").to_owned();
    let mut group: Vec<Vec<u8>> = Vec::new();
    let (mut held, mut n, mut groups) = (Vec::new(), 0u64, 0);
    loop {
        let next = lines.next(ctx).await.map(|mut l| {
            if l.last() == Some(&end) {
                l.pop();
            }
            l
        });
        let same = n > 0 && next.as_ref().is_some_and(|l| view(l) == view(&held));
        if same {
            n += 1;
            if all && let Some(l) = next {
                group.push(l);
            }
            continue;
        }
        if n > 0 {
            let mut out = Vec::new();
            if all {
                if n > 1 {
                    if (method == "separate" && groups > 0) || method == "prepend" {
                        out.push(end);
                    }
                    groups += 1;
                    for l in &group {
                        out.extend_from_slice(l);
                        out.push(end);
                    }
                }
            } else if !(repeated && n < 2) && !(unique && n > 1) {
                if count {
                    out.extend_from_slice(format!("{n:7} ").as_bytes());
                }
                out.extend_from_slice(&held);
                out.push(end);
            }
            if out_fd == 1 {
                emit(ctx, &out).await?;
            } else if let Err(e) = ctx.io.write(out_fd, &out) {
                ctx.complain(format!("write error: {e}"));
                return Err(1);
            }
        }
        let Some(l) = next else { break };
        if all {
            group = vec![l.clone()];
        }
        held = l;
        n = 1;
    }
    Ok(lines.status)
}

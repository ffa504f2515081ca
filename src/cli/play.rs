//! `maillab play`: a session at the terminal or from a script, recorded as it is played.

use super::store::{self, Outcome, Store};
use super::{Context, Done, Failure, environment, labs, print};
use crate::base::Chance;
use crate::grading::tape::script_line;
use crate::grading::worlds::Worlds;
use crate::grading::{Report, page};
use crate::lab::{LabFile, catalogue};
use crate::machine::{Input, Output, State};
use crate::repl::{self, End};
use crate::session::{Head, Journal, Mode, Options, Recorded, Session, journal, regrade};
use clap::ArgMatches;
use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;

/// Writes the session file; every line is handed to the system before the answer shows, so a killed program loses nothing.
struct OnDisk {
    files: Vec<File>,
}

impl Journal for OnDisk {
    fn write(&mut self, line: &str) {
        let text = format!("{line}\n");
        self.files.retain_mut(|f| f.write_all(text.as_bytes()).is_ok());
    }
}

/// Where the inputs come from.
enum Source {
    Terminal,
    Lines(Vec<String>),
    Stdin,
}

pub(super) fn run(ctx: &Context, m: &ArgMatches) -> Done {
    let store = Store::open(ctx.lang);
    let source = match m.get_many::<String>("command") {
        Some(lines) => Source::Lines(lines.flat_map(|l| l.split('\n')).map(str::to_owned).collect()),
        None if environment::interactive() => Source::Terminal,
        None => Source::Stdin,
    };
    let key = match m.get_one::<String>("case") {
        Some(k) => k.clone(),
        None if m.get_flag("resume") => last_case(ctx, &store)?,
        None => next_case(&store),
    };
    let chosen = labs::choose(ctx, &key)?;
    let mode = if m.get_one::<String>("mode").is_some_and(|s| s == "exam") { Mode::Exam } else { Mode::Learn };
    let record = m.get_one::<String>("record").map(PathBuf::from);
    let html = m.get_one::<String>("html").map(PathBuf::from);
    let mut options = Options {
        student: m.get_one::<String>("student").cloned().unwrap_or_default(),
        mode,
        lang: ctx.lang,
        terminal: matches!(source, Source::Terminal),
        size: environment::size(),
        plain: ctx.plain,
    };
    let (session, path) = if m.get_flag("resume") {
        resume(ctx, &store, &chosen, &mut options, record.as_deref())?
    } else {
        let seed = m.get_one::<u64>("seed").copied().unwrap_or_else(|| fresh_seed(&source));
        start(ctx, &store, &chosen, seed, &options, record.as_deref())?
    };
    let resumed = m.get_flag("resume");
    let session = Rc::new(RefCell::new(session));
    let first = {
        let s = session.borrow();
        if resumed { s.resumed() } else { s.welcome() }
    };
    let ended = match source {
        Source::Terminal => at_terminal(&session, first)?,
        Source::Lines(lines) => {
            scripted(&session, &first, lines.into_iter());
            true
        }
        Source::Stdin => {
            let stdin = std::io::stdin().lock();
            scripted(
                &session,
                &first,
                stdin.split(b'\n').map_while(Result::ok).map(|l| String::from_utf8_lossy(&l).into_owned()),
            );
            true
        }
    };
    let done = finish(ctx, &store, &session.borrow(), &chosen.file, &path, html.as_deref(), ended);
    // The program ends now: nobody needs the worlds to be taken apart.
    std::mem::forget(session);
    done
}

/// At the terminal every case is a new one; a script gets the same world each time.
fn fresh_seed(source: &Source) -> u64 {
    match source {
        Source::Terminal => Chance::new(store::now().0 as u64).value("seed", "") % 10_000,
        _ => 1,
    }
}

/// The first case in order that was not passed yet, else the first.
pub(super) fn next_case(store: &Store) -> String {
    let passed: Vec<String> = store.results().into_iter().filter(|r| r.passed).map(|r| r.lab).collect();
    let ids = catalogue::ids();
    ids.iter().find(|id| !passed.iter().any(|p| p == *id)).or(ids.first()).map_or_else(String::new, |s| (*s).to_owned())
}

fn open(path: &Path, ctx: &Context) -> Result<File, Failure> {
    OpenOptions::new().create(true).append(true).open(path).map_err(|e| cannot(ctx, path, &e))
}

fn cannot(ctx: &Context, path: &Path, e: &std::io::Error) -> Failure {
    let p = path.display();
    Failure(ctx.lang.pick(
        format!("no puedo escribir {p}: {e}\n  elige otro sitio con --record"),
        format!("cannot write {p}: {e}\n  choose another place with --record"),
    ))
}

fn start(
    ctx: &Context,
    store: &Store,
    chosen: &labs::Chosen,
    seed: u64,
    options: &Options,
    record: Option<&Path>,
) -> Result<(Session, PathBuf), Failure> {
    let file = &chosen.file;
    let path = store.new_session(&file.id, seed)?;
    let mut files = vec![open(&path, ctx)?];
    if let Some(r) = record {
        files.push(File::create(r).map_err(|e| cannot(ctx, r, &e))?);
    }
    let mut journal = OnDisk { files };
    journal.write(&Session::head(&file.id, &file.hash, seed, options).line());
    let worlds = Rc::new(Worlds::new(file.at(seed)));
    Ok((Session::new(worlds, chosen.number, options, Box::new(journal)), path))
}

/// A recorded session that was not handed in.
pub(super) struct Unfinished {
    path: PathBuf,
    text: String,
    pub recorded: Recorded,
}

impl Unfinished {
    /// How many lines were typed.
    pub(super) fn lines(&self) -> usize {
        self.recorded.inputs.iter().filter(|i| matches!(i, Input::Line(_))).count()
    }
}

/// The newest session that was not handed in: of this lab, else of any case in which something was typed.
pub(super) fn unfinished(store: &Store, lab: Option<&str>) -> Option<Unfinished> {
    let finished: Vec<String> = store.results().into_iter().map(|r| r.session).collect();
    store.sessions().into_iter().filter(|p| !finished.iter().any(|f| Path::new(f) == p)).find_map(|path| {
        let u = read(path)?;
        let head = &u.recorded.head;
        let wanted = match lab {
            Some(id) => head.lab == id,
            None => u.lines() > 0 && catalogue::find(&head.lab).is_some_and(|f| regrade::fits(&u.recorded, &f).is_ok()),
        };
        wanted.then_some(u)
    })
}

fn read(path: PathBuf) -> Option<Unfinished> {
    let text = String::from_utf8_lossy(&std::fs::read(&path).ok()?).into_owned();
    let recorded = journal::read(&text).ok()?;
    Some(Unfinished { path, text, recorded })
}

/// The case that was played last and not handed in.
fn last_case(ctx: &Context, store: &Store) -> Result<String, Failure> {
    unfinished(store, None).map(|u| u.recorded.head.lab).ok_or_else(|| {
        Failure(ctx.lang.pick(
            "no hay ninguna sesión a medias; maillab play empieza una".to_owned(),
            "there is no session to go on with; maillab play starts one".to_owned(),
        ))
    })
}

/// Goes on with the file that is named, else with the newest session of this lab that was not handed in.
fn resume(
    ctx: &Context,
    store: &Store,
    chosen: &labs::Chosen,
    options: &mut Options,
    record: Option<&Path>,
) -> Result<(Session, PathBuf), Failure> {
    let handed_in = |p: &Path| store.results().iter().any(|r| Path::new(&r.session) == p);
    let named = record.filter(|r| r.exists() && !handed_in(r)).and_then(|r| read(r.to_path_buf()));
    let named = named.filter(|u| u.recorded.head.lab == chosen.file.id);
    let Some(Unfinished { path, text, recorded }) = named.or_else(|| unfinished(store, Some(&chosen.file.id))) else {
        return Err(Failure(ctx.lang.pick(
            "no hay ninguna sesión empezada de ese caso; maillab play CASO la empieza".to_owned(),
            "there is no session of that case to go on with; maillab play CASE starts one".to_owned(),
        )));
    };
    if let Err(why) = regrade::fits(&recorded, &chosen.file) {
        return Err(Failure(format!("{}: {}", path.display(), why.text(ctx.lang))));
    }
    mend(&path, recorded.intact < text.len()).map_err(|e| cannot(ctx, &path, &e))?;
    // As it began: a replay of the whole must give the same bytes.
    let Head { seed, student, mode, lang, terminal, size, .. } = recorded.head.clone();
    *options = Options { student, mode, lang, terminal, size, plain: options.plain };
    let worlds = Rc::new(Worlds::new(chosen.file.at(seed)));
    let mut files = vec![open(&path, ctx)?];
    if let Some(r) = record.filter(|r| *r != path) {
        let mut copy = File::create(r).map_err(|e| cannot(ctx, r, &e))?;
        let whole = std::fs::read(&path).map_err(|e| cannot(ctx, &path, &e))?;
        copy.write_all(&whole).map_err(|e| cannot(ctx, r, &e))?;
        files.push(copy);
    }
    let session = regrade::resume(&recorded, worlds, chosen.number, options, Box::new(OnDisk { files }));
    Ok((session, path))
}

/// A last line that was cut off when the program was killed is no input: it goes. One that is whole gets its newline.
fn mend(path: &Path, torn: bool) -> std::io::Result<()> {
    let bytes = std::fs::read(path)?;
    let mut file = OpenOptions::new().append(true).open(path)?;
    match bytes.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1) {
        n if n == bytes.len() => Ok(()),
        n if torn => file.set_len(n as u64),
        _ => file.write_all(b"\n"),
    }
}

impl repl::Driver for Session {
    fn input(&mut self, input: Input) -> Output {
        Session::input(self, input)
    }
    fn complete(&mut self, line: &str, pos: usize) -> (usize, Vec<String>) {
        Session::complete(self, line, pos)
    }
    fn history(&self) -> Vec<String> {
        self.lines()
    }
    fn size(&self) -> (u16, u16) {
        self.machine().size()
    }
}

/// Whether the session has ended for good (handed in); `exit` and a closed terminal keep it for later.
fn at_terminal(session: &Rc<RefCell<Session>>, first: Output) -> Result<bool, Failure> {
    match repl::run(session.clone(), first) {
        Ok(End::Exited) => Ok(session.borrow().report().is_some()),
        Ok(End::Gone) => Ok(false),
        Err(e) => Err(Failure(e.to_string())),
    }
}

/// Takes lines as typed; the end of input submits.
fn scripted(session: &Rc<RefCell<Session>>, first: &Output, lines: impl Iterator<Item = String>) {
    let mut shown = repl::show(&first.chunks).is_ok();
    let mut s = session.borrow_mut();
    for line in lines {
        let out = s.input(script_line(&line));
        shown = shown && repl::show(&out.chunks).is_ok();
        if s.report().is_some() {
            return;
        }
        debug_assert!(out.state != State::Following || !line.is_empty());
    }
    let out = s.finish();
    let _ = repl::show(&out.chunks);
}

fn finish(
    ctx: &Context,
    store: &Store,
    session: &Session,
    file: &LabFile,
    path: &Path,
    html: Option<&Path>,
    ended: bool,
) -> Done {
    let Some(report) = session.report() else {
        if !ended {
            let id = catalogue::number(&file.id).map_or_else(|| file.id.clone(), |n| n.to_string());
            print(&ctx.lang.pick(
                format!("\nGuardado. Para seguir: maillab play {id} --resume\n"),
                format!("\nSaved. To go on: maillab play {id} --resume\n"),
            ));
        }
        return Ok(ExitCode::from(1));
    };
    store.add_result(&outcome(report, session.objectives(), path))?;
    if let Some(h) = html {
        std::fs::write(h, page::render(&[report])).map_err(|e| cannot(ctx, h, &e))?;
    }
    Ok(ExitCode::from(u8::from(!report.passed)))
}

/// A play as one line of the results.
fn outcome(r: &Report, objectives: Vec<String>, path: &Path) -> Outcome {
    let lost = r.parts.iter().flat_map(|(_, p)| &p.losses).flat_map(|l| &l.rows);
    let mut weak: Vec<String> = lost.map(|row| row.split_whitespace().next().unwrap_or("").to_owned()).collect();
    weak.retain(|w| !w.is_empty());
    Outcome {
        lab: r.lab.clone(),
        seed: r.seed,
        mode: if r.exam { "exam" } else { "learn" }.into(),
        student: Some(r.student.clone()).filter(|s| !s.is_empty()),
        score: r.score,
        passed: r.passed,
        at: store::now().secs(),
        objectives,
        weak,
        session: path.display().to_string(),
    }
}

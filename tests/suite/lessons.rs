//! Lessons hold what they say: every command block of every lesson runs, in both languages, and shows it; so does every
//! command of the source text, and its table of codes is ours row by row.

use maillab::base::{Lang, Span};
use maillab::codes;
use maillab::lesson::{self, Command, Lesson, Part};
use maillab::machine::{Input, Machine, State};
use serde::Deserialize;

/// The host of a lesson with its past.
fn host(l: &Lesson) -> Machine {
    let mut m = Machine::new(l.world());
    for line in &l.head.setup {
        let (text, status) = typed(&mut m, line, &[]);
        // swaks ends with 24 when a recipient is refused.
        assert!(matches!(status, 0 | 24), "{}: setup: {line}: {text}", l.head.id);
    }
    m
}

/// Types a line, what its program reads, and an interrupt if it does not end: what was shown, and the exit status.
fn typed(m: &mut Machine, line: &str, input: &[String]) -> (String, i32) {
    let mut out = m.input(Input::Line(line.to_owned()));
    let mut text = out.text();
    for l in input {
        out = m.input(Input::Line(l.clone()));
        text.push_str(&out.text());
    }
    for end in [Input::Tick(Span::secs(3)), Input::Interrupt] {
        if !matches!(out.state, State::Prompt(_)) {
            out = m.input(end);
            text.push_str(&out.text());
        }
    }
    assert!(matches!(out.state, State::Prompt(_)), "{line}: {:?}\n{text}", out.state);
    let status = m.input(Input::Line("echo $?".into())).text();
    (text, status.trim().parse().unwrap())
}

/// The answer holds what is said of it; and the model has the program.
fn holds(what: &str, text: &str, status: i32, shows: &[String], lacks: &[String], expected: i32) {
    assert!(!text.contains("not simulated") && !text.contains("command not found"), "{what}\n{text}");
    for s in shows {
        assert!(text.contains(s.as_str()), "{what}: no {s:?} in\n{text}");
    }
    for s in lacks {
        assert!(!text.contains(s.as_str()), "{what}: {s:?} in\n{text}");
    }
    assert_eq!(status, expected, "{what}\n{text}");
}

#[test]
fn every_block_of_every_lesson_shows_what_the_lesson_says() {
    for lang in [Lang::Es, Lang::En] {
        for l in lesson::all(lang).unwrap() {
            let mut m = host(&l);
            for Command { line, shows, lacks, status } in l.blocks().flatten() {
                let (text, got) = typed(&mut m, line, &[]);
                holds(&format!("{} ({lang}): {line}", l.head.id), &text, got, shows, lacks, *status);
                assert!(!(shows.is_empty() && lacks.is_empty() && *status == 0), "{line}: the lesson claims nothing");
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    line: String,
    #[serde(default)]
    status: i32,
    #[serde(default)]
    shows: Vec<String>,
    #[serde(default)]
    lacks: Vec<String>,
    #[serde(default)]
    typed: Vec<String>,
    #[serde(default)]
    follows: bool,
    /// What the log says of it afterwards.
    log: Option<String>,
}

#[derive(Deserialize)]
struct Rows {
    command: Vec<Row>,
}

#[test]
fn every_command_of_the_source_text_answers() {
    let rows: Rows = toml::from_str(include_str!("../data/seed_commands.toml")).unwrap();
    let first = lesson::all(Lang::Es).unwrap().remove(0);
    let mut m = host(&first);
    for r in &rows.command {
        let lines = |m: &Machine| m.world().borrow().host.fs.read_text("/var/log/mail.log").unwrap_or_default();
        let before = lines(&m).len();
        let (text, status) = typed(&mut m, &r.line, &r.typed);
        let status = if r.follows { 0 } else { status };
        holds(&r.line, &text, status, &r.shows, &r.lacks, r.status);
        if let Some(said) = &r.log {
            assert!(lines(&m)[before..].contains(said.as_str()), "{}: {}", r.line, &lines(&m)[before..]);
        }
    }
}

/// The rows of the source text's table: code, meaning, description, what the sender does.
const TABLE: &str = "\
2xx|Éxito|Comando aceptado correctamente|Ninguna
220|Service ready|Servidor listo para conexión|Continuar
221|Closing connection|Cierre normal|Terminar
250|OK|Acción completada|Continuar
251|User not local|Usuario no local, reenvío|Aceptar
3xx|Intermedio|Comando aceptado, se necesita más información|Enviar datos
354|Start mail input|Comenzar a enviar datos|Enviar mensaje
4xx|Error Temporal|Fallo transitorio, reintentar más tarde|Encolar y reintentar
421|Service not available|Servicio temporalmente no disponible|Reintentar después
450|Mailbox unavailable|Buzón ocupado temporalmente|Reintentar después
451|Action aborted|Error local en procesamiento|Reintentar después
452|Insufficient storage|Insuficiente espacio en disco|Reintentar después
5xx|Error Permanente|Fallo fatal, no reintentar|Generar bounce
500|Syntax error|Comando no reconocido|Reportar error
501|Syntax error in parameters|Parámetros incorrectos|Reportar error
502|Command not implemented|Comando no implementado|Reportar error
550|Mailbox unavailable|Usuario no encontrado|Bounce al remitente
551|User not local|Usuario no local, sin reenvío|Bounce al remitente
552|Exceeded storage|Cuota de buzón excedida|Bounce al remitente
553|Mailbox name invalid|Nombre de buzón inválido|Bounce al remitente
554|Transaction failed|Transacción fallida|Bounce al remitente";

#[test]
fn the_table_has_every_row_of_the_source_text() {
    for line in TABLE.lines() {
        let cells: Vec<&str> = line.split('|').collect();
        let row = codes::ROWS.iter().find(|r| r.key == cells[0]).unwrap_or_else(|| panic!("no row {line}"));
        let ours = [row.key, row.meaning.es, row.description.es, row.action.es];
        assert_eq!(ours[..], cells[..]);
        for english in [row.meaning.en, row.description.en, row.action.en] {
            assert!(!english.is_empty(), "{line}");
        }
    }
}

/// What else the source text names: each is a word of some lesson.
#[test]
fn the_lessons_cover_the_words_of_the_source_text() {
    for lang in [Lang::Es, Lang::En] {
        let all = lesson::all(lang).unwrap();
        let mut text = String::new();
        for part in all.iter().flat_map(|l| l.screens.iter().flatten()) {
            match part {
                Part::Text(t) => text.push_str(t),
                Part::Run(c) => c.iter().for_each(|c| text.push_str(&c.line)),
                Part::Question(q) => text.push_str(&q.text),
            }
        }
        let text = text.to_lowercase();
        for word in [
            "mynetworks",
            "main.cf",
            "maildir",
            "postsuper -d all",
            "expunge",
            "quota get",
            "mail.err",
            "maillog",
            "journalctl",
            "status=sent",
            "status=deferred",
            "status=bounced",
            "client=",
            "message-id=",
            "nrcpt=",
            "removed",
            "dns",
            "mx",
            "sieve",
            "spam",
            "postfix check",
            "postqueue -f",
            "newaliases",
            "doveadm reload",
            "4xx",
            "5xx",
            "bounce",
            "454",
            "452",
            "552",
            "251",
            "551",
            "421",
        ] {
            assert!(text.contains(word), "{lang}: no lesson says {word}");
        }
    }
}

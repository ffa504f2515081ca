//! The command line: subcommands and options in both languages, and clap's complaints worded in the user's.

use crate::base::Lang;
use clap::builder::PossibleValuesParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command};

fn text(name: &'static str, help: String) -> Arg {
    Arg::new(name).help(help)
}
fn option(name: &'static str, value: &'static str, help: String) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}
fn flag(name: &'static str, help: String) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

/// The whole command line in a language.
pub fn command(lang: Lang) -> Command {
    let t = |es: &str, en: &str| lang.pick(es, en).to_owned();
    let json = || flag("json", t("salida en JSON", "print JSON"));
    let seed = || {
        option(
            "seed",
            "N",
            t("semilla: nombres, direcciones y horas del caso", "seed: names, addresses and times of the case"),
        )
        .value_parser(clap::value_parser!(u64))
    };
    let lines =
        || Arg::new("command").short('c').value_name("LINE").action(ArgAction::Append).allow_hyphen_values(true);
    let files = || text("file", t("ficheros", "files")).value_name("FILE").num_args(1..).required(true);
    let play = Command::new("play")
        .about(t("Juega un caso", "Play a case"))
        .arg(
            text("case", t("número, nombre o fichero; sin él, el siguiente", "number, id or file; none: the next one"))
                .value_name("CASE"),
        )
        .arg(seed())
        .arg(option("student", "ID", t("quién juega", "who plays")))
        .arg(
            option("mode", "MODE", t("aprender (con pistas) o examen", "learn (with hints) or exam"))
                .value_parser(PossibleValuesParser::new(["learn", "exam"]))
                .default_value("learn"),
        )
        .arg(flag("resume", t("continúa donde quedó", "go on where it was left")))
        .arg(option("record", "FILE", t("graba la sesión en este fichero", "record the session in this file")))
        .arg(option("html", "FILE", t("escribe el informe como página", "write the report as a page")))
        .arg(
            lines().help(t("línea que se da por tecleada; se puede repetir", "a line taken as typed; may be repeated")),
        );
    let ledger = || {
        option(
            "ledger",
            "FILE",
            t(
                "en qué difiere el modelo a sabiendas; sin él, la lista que trae el programa",
                "where the model knowingly differs; without it, the list within the program",
            ),
        )
    };
    let dev_files = |name: &'static str, about: String| {
        Command::new(name)
            .about(about)
            .arg(files())
            .arg(flag("diff", t("muestra las diferencias", "show the differences")))
            .arg(json())
            .arg(ledger())
    };
    let dev = Command::new("dev")
        .about(t(
            "Para desarrolladores: el modelo frente a los programas reales",
            "For developers: the model against the real programs",
        ))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(dev_files("smtp-case", t("diálogos SMTP grabados", "recorded SMTP dialogues")))
        .subcommand(dev_files("capture", t("órdenes grabadas", "recorded commands")))
        .subcommand(dev_files("shell-case", t("líneas de bash grabadas", "recorded bash lines")))
        .subcommand(
            Command::new("peer")
                .about(t("datos de prueba de Postfix", "Postfix's own test data"))
                .arg(
                    text(
                        "suite",
                        t(
                            "smtpd-check, table, expand, format-tv o resolve",
                            "smtpd-check, table, expand, format-tv or resolve",
                        ),
                    )
                    .required(true),
                )
                .arg(
                    text(
                        "args",
                        t(
                            "TIPO:FICHERO (de table) y el fichero .in; sin él, la entrada estándar",
                            "TYPE:FILE (of table) and the .in file; without it, standard input",
                        ),
                    )
                    .num_args(0..),
                )
                .arg(option(
                    "ref",
                    "FILE",
                    t("compara la salida con este fichero", "compare the output with this file"),
                ))
                .arg(ledger()),
        )
        .subcommand(
            Command::new("lab-log")
                .about(t(
                    "juega una solución de un caso, escribe su log y dice lo que el modelo cuenta de él",
                    "play a lab's solution, write its log, and say what the model counts of it",
                ))
                .arg(
                    text("case", t("número, nombre o fichero", "number, id or file")).value_name("CASE").required(true),
                )
                .arg(seed())
                .arg(option(
                    "play",
                    "ID",
                    t(
                        "qué solución o caso; sin él, la primera solución",
                        "which solution or case; none: the first solution",
                    ),
                ))
                .arg(
                    lines()
                        .help(t("línea que se teclea en vez de la solución", "a line typed in place of the solution")),
                )
                .arg(option("mail", "FILE", t("dónde escribir mail.log", "where to write mail.log")))
                .arg(option("auth", "FILE", t("dónde escribir auth.log", "where to write auth.log")))
                .arg(json()),
        )
        .subcommand(
            Command::new("log-coverage")
                .about(t(
                    "qué mensajes de log puede producir el modelo, y qué casos y grabaciones los producen",
                    "which log messages the model can produce, and which cases and recordings produce them",
                ))
                .arg(
                    text(
                        "file",
                        t(
                            "diálogos y órdenes grabados que también se juegan",
                            "recorded dialogues and commands to play, too",
                        ),
                    )
                    .value_name("FILE")
                    .num_args(0..),
                )
                .arg(
                    option("seeds", "N", t("cuántas semillas", "how many seeds"))
                        .value_parser(clap::value_parser!(u64).range(1..=1000))
                        .default_value("2"),
                )
                .arg(flag("all", t("también quién produce cada uno", "also who produces each")))
                .arg(json()),
        )
        .subcommand(
            Command::new("shell")
                .about(t("un prompt en el servidor base, sin caso", "a prompt on the base host, without a case"))
                .arg(seed())
                .arg(lines().help(t("línea que se ejecuta; se puede repetir", "a line to run; may be repeated"))),
        );
    let root = Command::new("maillab")
        .version(env!("CARGO_PKG_VERSION"))
        .about(t(
            "Simulador de averías de correo: un servidor Postfix y Dovecot que hay que diagnosticar, reparar y explicar",
            "A flight simulator for postmasters: a Postfix and Dovecot host to diagnose, repair and explain",
        ))
        .disable_help_subcommand(true)
        .arg(
            option("lang", "LANG", t("idioma: es o en", "language: es or en"))
                .value_parser(PossibleValuesParser::new(["es", "en"]))
                .global(true),
        )
        .arg(flag("plain", t("sin colores ni líneas, para lectores de pantalla", "no colours or lines, for screen readers")).global(true))
        .subcommand(
            Command::new("list")
                .about(t("Casos y lecciones", "Cases and lessons"))
                .arg(flag("ids", t("muestra los nombres de los casos (dan pistas)", "show the ids of the cases (they give answers away)")))
                .arg(json()),
        )
        .subcommand(play)
        .subcommand(
            Command::new("lesson")
                .about(t("Lecciones, pantalla a pantalla", "Lessons, screen by screen"))
                .arg(text("name", t("qué lección; sin ella, la lista", "which lesson; none: the list")).value_name("NAME")),
        )
        .subcommand(
            Command::new("codes")
                .about(t("La tabla de códigos SMTP", "The SMTP reply-code table"))
                .arg(text("code", t("un código, o una clase como 4xx", "a code, or a class such as 4xx")).value_name("CODE"))
                .arg(json()),
        )
        .subcommand(Command::new("drill").about(t("Repaso espaciado de códigos y órdenes", "Spaced repetition of codes and commands")))
        .subcommand(Command::new("progress").about(t("Qué se ha superado", "What was passed")).arg(json()))
        .subcommand(
            Command::new("replay")
                .about(t("Vuelve a reproducir una sesión grabada", "Play a recorded session again"))
                .arg(text("file", t("la sesión", "the session")).value_name("FILE").required(true))
                .arg(option("to", "N", t("solo hasta la entrada N", "only up to input N")).value_parser(clap::value_parser!(usize))),
        )
        .subcommand(
            Command::new("grade")
                .about(t("Califica sesiones grabadas reproduciéndolas", "Grade recorded sessions by replaying them"))
                .arg(files())
                .arg(json())
                .arg(flag("csv", t("salida en CSV", "print CSV")))
                .arg(option("html", "FILE", t("escribe los informes como página", "write the reports as a page"))),
        )
        .subcommand(
            Command::new("check")
                .about(t("La prueba de un caso", "The proof of a lab"))
                .arg(text("path", t("casos (fichero, carpeta o nombre); sin ellos, todos", "labs (file, folder or id); none: all")).value_name("PATH").num_args(0..))
                .arg(
                    option("seeds", "N", t("cuántas semillas", "how many seeds"))
                        .value_parser(clap::value_parser!(u64).range(1..=1000))
                        .default_value("20"),
                ),
        )
        .subcommand(
            Command::new("new")
                .about(t("Un caso nuevo del que partir", "A new lab to start from"))
                .arg(text("id", t("su nombre: letras, cifras y guiones", "its id: letters, digits and hyphens")).value_name("ID").required(true)),
        )
        .subcommand(Command::new("schema").about(t("El JSON Schema de los casos", "The JSON Schema of the lab format")))
        .subcommand(dev)
        .subcommand(
            Command::new("completions")
                .about(t("Completado para el intérprete de órdenes", "Completions for a shell"))
                .arg(text("shell", t("qué intérprete", "which shell")).required(true).value_parser(clap::value_parser!(clap_complete::Shell))),
        );
    localized(root, lang)
}

/// Headings and the texts of the options that clap adds by itself.
fn localized(root: Command, lang: Lang) -> Command {
    let template = lang.pick(
        "{about-with-newline}\nUso: {usage}\n\n{all-args}{after-help}",
        "{about-with-newline}\nUsage: {usage}\n\n{all-args}{after-help}",
    );
    fn each(c: Command, lang: Lang, template: &'static str) -> Command {
        let names: Vec<String> = c.get_subcommands().map(|s| s.get_name().to_owned()).collect();
        let help = Arg::new("help").short('h').long("help").action(ArgAction::Help);
        let mut c = c
            .help_template(template)
            .disable_help_flag(true)
            .arg(help.help(lang.pick("esta ayuda", "this help")))
            .subcommand_help_heading(lang.pick("Órdenes", "Commands"))
            .next_help_heading(lang.pick("Opciones", "Options"));
        for n in names {
            c = c.mut_subcommand(n, |s| each(s, lang, template));
        }
        let args: Vec<String> = c.get_arguments().map(|a| a.get_id().to_string()).collect();
        for a in args {
            c = c.mut_arg(a, |a| {
                let heading = if a.is_positional() {
                    lang.pick("Argumentos", "Arguments")
                } else {
                    lang.pick("Opciones", "Options")
                };
                a.help_heading(heading)
            });
        }
        c
    }
    let version = Arg::new("version").short('V').long("version").action(ArgAction::Version);
    let root = root.disable_version_flag(true).arg(version.help(lang.pick("la versión", "the version")));
    each(root, lang, template)
}

/// The help as clap lays it out, with the words that clap does not let us set.
pub fn help(rendered: &str, lang: Lang) -> String {
    if lang == Lang::En {
        return rendered.to_owned();
    }
    [("[possible values: ", "[vale: "), ("[default: ", "[por defecto: "), ("[OPTIONS]", "[OPCIONES]")]
        .into_iter()
        .fold(rendered.replace("[COMMAND]", "[ORDEN]").replace("<COMMAND>", "<ORDEN>"), |s, (en, es)| s.replace(en, es))
}

/// What is wrong with the command line, in the user's language, with the next step.
pub fn complaint(e: &clap::Error, lang: Lang) -> String {
    let get = |k| match e.get(k) {
        Some(ContextValue::String(s)) => s.clone(),
        Some(ContextValue::Strings(v)) => v.join(", "),
        _ => String::new(),
    };
    if lang == Lang::En {
        let all = e.to_string();
        return all.strip_prefix("error: ").unwrap_or(&all).trim_end().to_owned();
    }
    let arg = get(ContextKind::InvalidArg);
    let what = match e.kind() {
        ErrorKind::InvalidSubcommand => format!("no hay ninguna orden «{}»", get(ContextKind::InvalidSubcommand)),
        ErrorKind::UnknownArgument => format!("sobra «{arg}»"),
        ErrorKind::MissingRequiredArgument => format!("falta {arg}"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let valid = get(ContextKind::ValidValue);
            let value = get(ContextKind::InvalidValue);
            let options = if valid.is_empty() { String::new() } else { format!(" (vale: {valid})") };
            if value.is_empty() {
                format!("{arg} necesita un valor{options}")
            } else {
                format!("«{value}» no vale para {arg}{options}")
            }
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "falta la orden".into(),
        ErrorKind::ArgumentConflict => format!("{arg} no puede ir con {}", get(ContextKind::PriorArg)),
        _ => return e.to_string().trim_end().to_owned(),
    };
    let near =
        [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue].map(get).concat();
    let near = if near.is_empty() { String::new() } else { format!("\n  ¿querías decir «{near}»?") };
    format!("{what}{near}\n  maillab --help lo explica")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound_in_both_languages() {
        for lang in [Lang::Es, Lang::En] {
            command(lang).debug_assert();
        }
        let help = command(Lang::Es).render_help().to_string();
        assert!(help.contains("Uso: maillab") && help.contains("Órdenes:"), "{help}");
        assert!(!help.contains("Usage") && !help.contains("Commands:") && !help.contains("Print"), "{help}");
    }

    #[test]
    fn complaints_say_what_to_do() {
        for (args, es) in [
            (vec!["maillab", "plai"], "no hay ninguna orden «plai»"),
            (vec!["maillab", "play", "--mode", "x"], "«x» no vale para --mode <MODE> (vale: learn, exam)"),
            (vec!["maillab", "grade"], "falta <FILE>..."),
            (vec!["maillab", "list", "--jsn"], "sobra «--jsn»"),
        ] {
            let e = command(Lang::Es).try_get_matches_from(args).unwrap_err();
            assert!(complaint(&e, Lang::Es).starts_with(es), "{}", complaint(&e, Lang::Es));
        }
    }
}

//! `[[rival]]`, `[diagnosis]`, `[[evidence]]`, `[[goal]]`, `[[keep]]`, `[may]`: what is graded.

use crate::base::Span;
use crate::codes::{Decider, Outcome, Stage, Who};
use crate::lab::diagnostic::Diagnostic;
use crate::lab::read::{Field, Reader, block, kinds, words};
use crate::lab::schema::host::Patch;
use crate::lab::tree::Node;
use crate::lab::values::{
    CauseId, CodeKey, Enhanced, EventKind, Id, Machine, Mailbox, MisconceptionId, Size, Text, When,
};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

words! {
    /// What a rival disputes.
    pub enum RivalOf {
        /// Another code fits the ticket as well.
        "code" Code,
        /// The same code and the same line, for another reason.
        "cause" Cause,
    }
}

block! {
    /// Another host that fits the ticket as well.
    pub struct Rival {
        /// Its name.
        req id: Id,
        /// What it is, in a few words, as the report names it.
        req name: Text,
        /// What it disputes.
        req of: RivalOf,
        /// Its cause, as the catalogue names it.
        req cause: CauseId,
        /// The code that would be right there.
        opt code: CodeKey,
        /// The enhanced code that would be right there.
        opt enhanced: Enhanced,
        /// The difference to the host as `[host]` leaves it, in place of the fault's.
        req patch: Vec<Patch>,
        /// Told to those who did not rule it out or who chose it.
        req feedback: Text,
        /// What tells it from the fault: a command line.
        req tell: String,
        /// What somebody who chose it believes, by name: `452-is-always-disk`.
        req misconception: MisconceptionId,
    }
}

block! {
    /// The right answer.
    pub struct Diagnosis {
        /// The event asked about: "the message from marta to maria of 09:58".
        req event: Text,
        /// The row of the table; without it the question has no code.
        opt code: CodeKey,
        /// The stage, when the code has several rows.
        opt stage: Option<Stage>,
        /// The enhanced code; without it the question has none.
        opt enhanced: Enhanced,
        /// Who decided.
        opt by: Option<Decider>,
        /// What happens to the message.
        opt action: Option<Outcome>,
        /// Who has it.
        opt who: Option<Who>,
        /// The cause.
        req cause: CauseId,
        /// Answers that are as right.
        opt also: Vec<Answer>,
        /// Answers that earn half.
        opt half: Vec<HalfRight>,
        /// Wrong answers that deserve a word, first of all those that the source text suggests.
        opt wrong: Vec<WrongAnswer>,
    }
}

words! {
    /// A field of the diagnosis.
    pub enum DiagnosisField {
        /// The reply code.
        "code" Code,
        /// The enhanced code.
        "enhanced" Enhanced,
        /// Who decided.
        "by" By,
        /// What happens to the message.
        "action" Action,
        /// Who has it.
        "who" Who,
        /// The cause.
        "cause" Cause,
    }
}

block! {
    /// An answer that is as right as the expected one.
    pub struct Answer {
        /// Which field.
        req field: DiagnosisField,
        /// The answer, as the flags of `lab diagnose` write it; `none` for none.
        req value: String,
    }
}

block! {
    /// An answer that earns half of its field.
    pub struct HalfRight {
        /// Which field.
        req field: DiagnosisField,
        /// The answer.
        req value: String,
        /// Why only half.
        req feedback: Text,
        /// What somebody who answers this believes, by name.
        opt misconception: Option<MisconceptionId>,
    }
}

block! {
    /// A wrong answer that deserves a word.
    pub struct WrongAnswer {
        /// Which field.
        req field: DiagnosisField,
        /// The answer.
        req value: String,
        /// Why it is wrong.
        req feedback: Text,
        /// The erratum of the source text that suggests it, by its number.
        opt erratum: Option<u32>,
        /// What somebody who answers this believes, by name.
        opt misconception: Option<MisconceptionId>,
    }
}

kinds! {
    /// A fact that a quoted line may render.
    pub enum EvidenceFact also ["id", "why"] {
        /// An event of the log.
        "log" Log {
            /// The kind of event, `delivery.status`.
            req event: EventKind,
            /// Facts that it must have, each as one of the event's fields.
            opt fields: BTreeMap<String, String>,
        },
        /// A value of the configuration, shown by a program that reads it or by the file itself.
        "config" Config {
            /// The parameter or setting.
            req name: String,
            /// What its value has in it; empty: any value.
            opt value: String,
        },
        /// What a program answered.
        "command" Command {
            /// The programs that answer so.
            req programs: Vec<String>,
            /// What the quoted line has in it.
            opt shows: String,
            /// What the whole answer lacks, when that is the fact.
            opt lacks: String,
        },
        /// A reply in a dialogue that the learner held.
        "reply" Reply {
            /// The reply code.
            req code: CodeKey,
            /// The enhanced code.
            opt enhanced: Enhanced,
            /// At which stage.
            opt stage: Option<Stage>,
        },
        /// A notice of non-delivery in a mailbox.
        "bounce" Bounce {
            /// In whose mailbox.
            opt user: String,
            /// About which recipient.
            opt to: Mailbox,
            /// The enhanced code in it.
            opt enhanced: Enhanced,
        },
    }
}

/// A fact that bears the verdict.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Its name, for hints that are skipped once it was seen.
    pub id: Id,
    pub fact: EvidenceFact,
    /// Why it bears the verdict, for the report.
    pub why: Text,
    pub span: std::ops::Range<usize>,
}

impl Field for Evidence {
    fn expected() -> String {
        "a table with `id`, `why` and a `kind` of fact".into()
    }
    fn missing() -> Self {
        Evidence::default()
    }
    fn read(node: &Node, r: &mut Reader) -> Self {
        let (id, why) = named(node, r, "why");
        Evidence { id, fact: EvidenceFact::read(node, r), why, span: node.span.clone() }
    }
    fn schema(defs: &mut Map<String, Json>) -> Json {
        EvidenceFact::schema(defs)
    }
}

/// The `id` and the text that every fact and probe has beside its kind.
fn named(node: &Node, r: &mut Reader, text: &str) -> (Id, Text) {
    let id = node.get("id").map(|n| Id::read(n, r));
    let words = node.get(text).map(|n| Text::read(n, r));
    for (there, key) in [(id.is_some(), "id"), (words.is_some(), text)] {
        if !there {
            r.report(Diagnostic::error(node.span.clone(), format!("missing key `{key}`")).label("in this block"));
        }
    }
    (id.unwrap_or_default(), words.unwrap_or_default())
}

kinds! {
    /// A question to the host, asked by using it as its users do.
    pub enum Probe also ["id", "name"] {
        /// A new message from outside (or from a user) ends in the right mailbox.
        "arrives" Arrives {
            /// From which machine.
            req client: Machine,
            /// The envelope sender.
            req sender: Mailbox,
            /// The recipient's address.
            req to: Mailbox,
            /// The users whose mailboxes must have it.
            req mailbox: Vec<String>,
            /// How large it is.
            opt size: Option<Size>,
        },
        /// The door says no: at RCPT, with one of these codes.
        "refused" Refused {
            /// From which machine.
            req client: Machine,
            /// The envelope sender.
            req sender: Mailbox,
            /// The recipient's address.
            req to: Mailbox,
            /// The codes that are right; none: any that starts with 4 or 5.
            opt codes: Vec<CodeKey>,
        },
        /// Mail of a trusted machine goes out to somebody else's server.
        "relayed" Relayed {
            /// From which machine.
            req client: Machine,
            /// The envelope sender.
            req sender: Mailbox,
            /// The recipient's address, outside.
            req to: Mailbox,
        },
        /// A user sends by port 587 with a password.
        "submission" Submission {
            /// From which machine.
            req client: Machine,
            /// Who.
            req user: String,
            /// The password; `clave-USER` if not given.
            opt password: Option<String>,
            /// To whom.
            req to: Mailbox,
        },
        /// A user reads mail by IMAP on port 993.
        "imap" Imap {
            /// From which machine.
            req client: Machine,
            /// Who.
            req user: String,
            /// The password; `clave-USER` if not given.
            opt password: Option<String>,
        },
        /// A port answers, or must not.
        "port" Port {
            /// From which machine.
            req client: Machine,
            /// Which.
            req port: u32,
            /// It must not answer.
            opt closed: bool,
        },
        /// A service does its work.
        "service" Service {
            /// The unit whose processes must run, `postfix@-`.
            req unit: String,
        },
        /// What the queue holds of such mail.
        "queue" Queue {
            /// Only mail of this sender.
            opt sender: Mailbox,
            /// Only mail to this recipient.
            opt to: Mailbox,
            /// It must hold some; else it must hold none.
            opt present: bool,
        },
        /// Mail that was there is there still.
        "kept" Kept {
            /// Whose mailbox.
            req user: String,
            /// How many of the messages of the start may be missing.
            opt missing: u32,
        },
        /// Mailboxes have a limit.
        "limited" Limited {
            /// Whose.
            req users: Vec<String>,
        },
        /// A setting, where nothing else can show it.
        "setting" Setting {
            /// The parameter of main.cf.
            req name: String,
            /// Its value, expanded.
            req value: String,
        },
    }
}

/// A state of the world that must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Goal {
    pub id: Id,
    /// What holds, as the report says it: "a new message reaches maria".
    pub name: Text,
    pub probe: Probe,
    pub span: std::ops::Range<usize>,
}

impl Field for Goal {
    fn expected() -> String {
        "a table with `id`, `name` and a `kind` of probe".into()
    }
    fn missing() -> Self {
        Goal::default()
    }
    fn read(node: &Node, r: &mut Reader) -> Self {
        let (id, name) = named(node, r, "name");
        Goal { id, name, probe: Probe::read(node, r), span: node.span.clone() }
    }
    fn schema(defs: &mut Map<String, Json>) -> Json {
        Probe::schema(defs)
    }
}

block! {
    /// What may be deleted or changed without harm.
    pub struct May {
        /// Queued mail of these senders may be deleted.
        opt delete_from: Vec<Mailbox>,
        /// Queued mail that came in from these machines or networks may be deleted.
        opt delete_client: Vec<String>,
        /// Mail in these folders may be deleted, `maria/Trash`.
        opt delete_mail: Vec<String>,
        /// Queued mail older than this instant may be deleted.
        opt delete_before: Option<When>,
        /// Longer than this nothing may stand still; 15 minutes if not given.
        opt outage: Option<Span>,
    }
}

//! Finds the lab that an argument names: a number, an id, or a file.

use super::{Context, Failure};
use crate::lab::{self, LabFile, catalogue};
use std::fs;
use std::path::Path;

/// A lab, and its number if it is one of the embedded ones.
pub struct Chosen {
    pub file: LabFile,
    pub number: Option<usize>,
}

/// The lab of an argument.
pub fn choose(ctx: &Context, key: &str) -> Result<Chosen, Failure> {
    if Path::new(key).extension().is_some_and(|e| e == "toml") || key.contains('/') {
        return from_file(ctx, Path::new(key));
    }
    match catalogue::find(key) {
        Some(file) => Ok(Chosen { number: catalogue::number(&file.id), file }),
        None => Err(Failure(unknown(ctx, key))),
    }
}

fn unknown(ctx: &Context, key: &str) -> String {
    let near = match catalogue::suggest(key) {
        Some(n) => ctx.lang.pick(format!("\n  ¿querías decir «{n}»?"), format!("\n  did you mean `{n}`?")),
        None => String::new(),
    };
    ctx.lang.pick(
        format!("no hay ningún caso «{key}»{near}\n  maillab list los enseña"),
        format!("there is no case `{key}`{near}\n  maillab list shows them"),
    )
}

fn from_file(ctx: &Context, path: &Path) -> Result<Chosen, Failure> {
    let text = fs::read_to_string(path).map_err(|e| Failure(format!("{}: {e}", path.display())))?;
    match LabFile::load(&text) {
        Ok(file) => {
            let embedded = catalogue::text(&file.id).is_some_and(|t| t == text);
            Ok(Chosen { number: catalogue::number(&file.id).filter(|_| embedded), file })
        }
        Err(found) => {
            let shown = lab::render(&found, &path.display().to_string(), &text, false);
            let next = ctx.lang.pick("maillab check FICHERO los explica todos", "maillab check FILE explains them all");
            Err(Failure(format!("{}\n{shown}\n  {next}", path.display())))
        }
    }
}

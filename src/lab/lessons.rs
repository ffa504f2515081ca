//! The lessons inside the binary, as far as a lab knows of them: by id, with the name to type and the title in each language.

use crate::base::Lang;
use include_dir::{Dir, include_dir};
use serde::Deserialize;

/// `LANG/NN-ID.md`.
pub static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/lessons");

#[derive(Deserialize)]
struct Head {
    id: String,
    name: String,
    title: String,
}

/// The name and the title of a lesson in a language.
pub fn find(id: &str, lang: Lang) -> Option<(String, String)> {
    let heads = FILES.get_dir(lang.to_string())?.files().filter_map(|f| {
        let (head, _) = f.contents_utf8()?.strip_prefix("+++\n")?.split_once("\n+++\n")?;
        toml::from_str::<Head>(head).ok()
    });
    heads.into_iter().find(|h| h.id == id).map(|h| (h.name, h.title))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::catalogue;

    #[test]
    fn every_lesson_that_a_lab_names_is_there() {
        for id in catalogue::ids() {
            for l in catalogue::find(id).unwrap().at(1).lessons.clone() {
                for lang in [Lang::Es, Lang::En] {
                    assert!(find(&l, lang).is_some(), "{id}: {l}");
                }
            }
        }
        assert_eq!(find("log-line", Lang::Es).unwrap().0, "linea-de-log");
    }
}

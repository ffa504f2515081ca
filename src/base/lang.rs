//! The two languages of the interface, and a text that exists in both.

use std::fmt;

/// A language of the interface. What a simulated program prints has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    Es,
    #[default]
    En,
}

impl Lang {
    /// Reads `es`, `en`, or a locale such as `es_ES.UTF-8`; anything else is none of them.
    pub fn parse(s: &str) -> Option<Lang> {
        match s.get(..2) {
            Some("es") => Some(Lang::Es),
            Some("en") => Some(Lang::En),
            _ => None,
        }
    }
    /// One of two texts.
    pub fn pick<T>(self, es: T, en: T) -> T {
        match self {
            Lang::Es => es,
            Lang::En => en,
        }
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.pick("es", "en"))
    }
}

/// A fixed text in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    pub es: &'static str,
    pub en: &'static str,
}

impl Text {
    pub const fn new(es: &'static str, en: &'static str) -> Text {
        Text { es, en }
    }
    /// The same words in both (`Service ready` is what the source table says in Spanish, too).
    pub const fn same(s: &'static str) -> Text {
        Text { es: s, en: s }
    }
    pub fn get(self, lang: Lang) -> &'static str {
        lang.pick(self.es, self.en)
    }
}

//! The table for a terminal and as JSON.

use super::{ROWS, Row, rows};
use crate::base::Lang;
use serde_json::{Value, json};

/// Words of the interface that only this table needs.
fn word(lang: Lang, es: &'static str, en: &'static str) -> &'static str {
    lang.pick(es, en)
}

/// Breaks a text into lines of at most `width` characters at spaces; a longer word stands alone.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for w in text.split_whitespace() {
        match lines.last_mut() {
            Some(l) if l.chars().count() + 1 + w.chars().count() <= width => {
                l.push(' ');
                l.push_str(w);
            }
            _ => lines.push(w.to_owned()),
        }
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

/// A text padded to `width` characters.
fn cell(s: &str, width: usize) -> String {
    format!("{s}{}", " ".repeat(width.saturating_sub(s.chars().count())))
}

/// Texts side by side, each wrapped in its column.
fn columns(cells: &[(&str, usize)]) -> String {
    let wrapped: Vec<Vec<String>> = cells.iter().map(|(t, w)| wrap(t, *w)).collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
    let mut out = String::new();
    for i in 0..height {
        let line: Vec<String> =
            wrapped.iter().zip(cells).map(|(l, (_, w))| cell(l.get(i).map_or("", String::as_str), *w)).collect();
        out.push_str(line.join(" ").trim_end());
        out.push('\n');
    }
    out
}

/// The whole table, at most `width` columns; what does not fit its column is wrapped.
pub fn overview(lang: Lang, width: usize) -> String {
    let width = width.clamp(60, 160);
    let rest = width - 2 - 12 - 3;
    let (a, b) = (rest * 30 / 100, rest * 42 / 100);
    let c = rest - a - b;
    let mut out = columns(&[
        (word(lang, "Código", "Code"), 14),
        (word(lang, "Significado", "Meaning"), a),
        (word(lang, "Descripción", "Description"), b),
        (word(lang, "Acción del emisor", "Sender's action"), c),
    ]);
    for r in ROWS {
        let mark = if r.origin == super::Origin::Added { "+" } else { " " };
        let texts = [(r.key, 12), (r.meaning.get(lang), a), (r.description.get(lang), b), (r.action.get(lang), c)];
        for (i, l) in columns(&texts).lines().enumerate() {
            out.push_str(format!("{} {l}", if i == 0 { mark } else { " " }).trim_end());
            out.push('\n');
        }
    }
    out.push('\n');
    out.push_str(word(
        lang,
        "+ añadido a la tabla · maillab codes CÓDIGO: la fila entera\n",
        "+ added to the table · maillab codes CODE: the whole row\n",
    ));
    out
}

/// One row in full.
pub fn row(r: &Row, lang: Lang, width: usize) -> String {
    let width = width.clamp(40, 160);
    let mut out = String::new();
    for (i, l) in wrap(&r.line(lang), width).into_iter().enumerate() {
        out.push_str(if i == 0 { "" } else { "    " });
        out.push_str(&l);
        out.push('\n');
    }
    let mut field = |name: &str, text: &str| {
        let indent = 16;
        for (i, l) in wrap(text, width - indent).into_iter().enumerate() {
            let head = if i == 0 { format!("  {}", cell(name, indent - 2)) } else { " ".repeat(indent) };
            out.push_str(format!("{head}{l}").trim_end());
            out.push('\n');
        }
    };
    field(word(lang, "clase", "class"), r.class.text().get(lang));
    field(word(lang, "mensaje", "message"), r.action_id.outcome().text().get(lang));
    let stages: Vec<&str> = r.stages.iter().map(|s| s.text().get(lang)).collect();
    field(word(lang, "cuándo", "when"), &stages.join(", "));
    field(word(lang, "quién aquí", "said here by"), r.said_by.get(lang));
    for e in r.enhanced {
        field(e.code, e.text.get(lang));
    }
    if let Some(e) = r.erratum {
        field(word(lang, "ojo", "mind"), e.get(lang));
    }
    out
}

/// The rows of a code, an enhanced code, a class or an outcome by name; else the class row of a code that has none.
pub fn found(key: &str) -> Vec<&'static Row> {
    let key = key.to_lowercase();
    let mut found: Vec<&Row> = rows(&key).collect();
    if found.is_empty() {
        found = super::enhanced(&key).into_iter().map(|(r, _)| r).collect();
    }
    if found.is_empty() {
        found.extend(key.parse().ok().filter(|_| key.len() == 3).and_then(super::class_row));
    }
    found
}

/// What `maillab codes CODE` prints; `None` when the table has nothing of it.
pub fn one(key: &str, lang: Lang, width: usize) -> Option<String> {
    let found = found(key);
    if found.is_empty() {
        return None;
    }
    Some(found.into_iter().map(|r| row(r, lang, width)).collect::<Vec<_>>().join("\n"))
}

/// A row as JSON, both languages.
pub fn row_json(r: &Row) -> Value {
    let t = |t: crate::base::Text| json!({"es": t.es, "en": t.en});
    json!({
        "code": r.key,
        "origin": if r.origin == super::Origin::Seed { "seed" } else { "added" },
        "class": r.class.id(),
        "meaning": t(r.meaning),
        "description": t(r.description),
        "action": t(r.action),
        "action_id": r.action_id.id(),
        "outcome": r.action_id.outcome().id(),
        "stages": r.stages.iter().map(|s| s.id()).collect::<Vec<_>>(),
        "said_by": t(r.said_by),
        "enhanced": r.enhanced.iter().map(|e| json!({"code": e.code, "text": t(e.text)})).collect::<Vec<_>>(),
        "erratum": r.erratum.map(t),
    })
}

/// The whole table as JSON.
pub fn json() -> Value {
    Value::Array(ROWS.iter().map(row_json).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_keeps_its_width() {
        for lang in [Lang::Es, Lang::En] {
            for width in [60, 80, 120] {
                let text = overview(lang, width);
                assert!(text.lines().all(|l| l.chars().count() <= width), "{width}");
                assert!(!text.contains('…'), "a cell is wrapped, never cut");
                let words = |s: &str| s.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
                let all = words(&text);
                for w in ROWS.iter().flat_map(|r| words(r.description.get(lang))) {
                    assert!(all.contains(&w), "{width}: {w}");
                }
            }
            for r in ROWS {
                for l in row(r, lang, 80).lines() {
                    assert!(l.chars().count() <= 80, "{l}");
                }
            }
        }
    }

    #[test]
    fn one_row_by_code_enhanced_or_class() {
        for (key, want) in [
            ("552", "Exceeded storage"),
            ("5.3.4", "Exceeded storage"),
            ("456", "Error Temporal"),
            ("refused", "Conexión rechazada"),
            ("5xx", "Generar bounce"),
        ] {
            assert!(one(key, Lang::Es, 80).unwrap().contains(want), "{key}");
        }
        assert!(one("999", Lang::Es, 80).is_none());
        assert_eq!(json().as_array().unwrap().len(), ROWS.len());
    }
}

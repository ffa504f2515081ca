//! doveadm's formatters: table, tab, flow, pager, json.

use std::fmt::Write;

/// A column of output.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The name in JSON.
    pub key: &'static str,
    pub title: &'static str,
    pub right: bool,
    /// Takes half of the room that is left on the line.
    pub expand: bool,
    /// The table and the flow show the bare value.
    pub hide_title: bool,
}

/// A column with its title for a key.
pub const fn column(key: &'static str, title: &'static str) -> Column {
    Column { key, title, right: false, expand: false, hide_title: false }
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Table,
    Tab,
    Flow,
    Pager,
    Json,
}

impl Format {
    pub fn parse(name: &str) -> Option<Format> {
        Some(match name {
            "table" => Format::Table,
            "tab" => Format::Tab,
            "flow" => Format::Flow,
            "pager" => Format::Pager,
            "json" => Format::Json,
            _ => return None,
        })
    }
}

fn table(columns: &[Column], rows: &[Vec<String>], width: usize) -> String {
    let chars = |s: &str| s.chars().count();
    let mut lengths: Vec<usize> = columns.iter().map(|c| chars(c.title)).collect();
    for row in rows {
        for (l, v) in lengths.iter_mut().zip(row) {
            *l = (*l).max(chars(v));
        }
    }
    let total: usize = lengths.iter().sum::<usize>() + columns.len().saturating_sub(1);
    if total > width {
        let least = rows.iter().filter_map(|r| r.last()).map(|v| chars(v)).max().unwrap_or(0);
        if let Some(last) = lengths.last_mut() {
            *last = last.saturating_sub(total - width).max(least);
        }
    } else {
        let share = (width - total) / (columns.iter().filter(|c| c.expand).count() + 1);
        for (l, _) in lengths.iter_mut().zip(columns).filter(|(_, c)| c.expand) {
            *l += share;
        }
    }
    let mut out = String::new();
    let titles: Vec<String> = columns.iter().map(|c| c.title.to_owned()).collect();
    for row in std::iter::once(&titles).chain(rows) {
        for (i, ((v, c), l)) in row.iter().zip(columns).zip(&lengths).enumerate() {
            if i > 0 {
                out.push(' ');
            }
            let _ = if c.right { write!(out, "{v:>l$}") } else { write!(out, "{v:<l$}") };
        }
        out.push('\n');
    }
    out
}

fn json(columns: &[Column], rows: &[Vec<String>]) -> String {
    let row = |r: &Vec<String>| {
        let fields: Vec<String> = r
            .iter()
            .zip(columns)
            .map(|(v, c)| format!("\"{}\":{}", c.key, serde_json::Value::from(v.as_str())))
            .collect();
        format!("{{{}}}", fields.join(","))
    };
    let all: Vec<String> = rows.iter().map(row).collect();
    format!("[{}]", all.join(","))
}

/// Writes rows in a format; `width` is the terminal's.
pub fn render(format: Format, columns: &[Column], rows: &[Vec<String>], width: usize) -> String {
    let titled = |r: &Vec<String>, sep: &str| -> Vec<String> {
        r.iter()
            .zip(columns)
            .map(|(v, c)| if c.hide_title { v.clone() } else { format!("{}{sep}{v}", c.title) })
            .collect()
    };
    match format {
        Format::Table => table(columns, rows, width),
        Format::Tab => {
            let head: Vec<&str> = columns.iter().map(|c| c.title).collect();
            let body: String = rows.iter().map(|r| r.join("\t") + "\n").collect();
            format!("{}\n{body}", head.join("\t"))
        }
        Format::Flow => rows.iter().map(|r| titled(r, "=").join(" ") + "\n").collect(),
        Format::Pager => rows.iter().map(|r| titled(r, ": ").join("\n") + "\n").collect::<Vec<_>>().join("\u{c}\n"),
        Format::Json => json(columns, rows),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Widths measured on the real doveadm on terminals of 160 and 80 columns.
    #[test]
    fn the_table_takes_half_of_the_room() {
        let right = |k, t| Column { right: true, ..column(k, t) };
        let quota = [
            column("root", "Quota name"),
            column("type", "Type"),
            right("value", "Value"),
            right("limit", "Limit"),
            Column { expand: true, ..right("percent", "%") },
        ];
        let row: Vec<String> = ["User quota", "STORAGE", "1", "1048576", "0"].map(str::to_owned).to_vec();
        for (rows, width, expected) in [(vec![row.clone()], 160, 97), (vec![], 160, 94), (vec![row], 80, 57)] {
            let text = table(&quota, &rows, width);
            assert_eq!(text.lines().next().map(str::len), Some(expected));
        }
    }
}

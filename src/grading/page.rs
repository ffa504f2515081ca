//! The report as one HTML page that needs nothing else: time line, diagnosis beside the table, the two paths.

use super::report::{Loss, Report};
use super::text;
use crate::i18n::{self, Catalogue, fill};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#222;\
background:#fff}h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem;border-bottom:1px solid #ccc}table{border-collapse:\
collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #ddd}code,.log{\
font-family:ui-monospace,monospace;font-size:.85rem;overflow-wrap:anywhere}.ok{color:#06643b}.bad{color:#a11}.cmd{background:\
#eef4ff}.score{font-size:1.6rem;font-weight:600}.cols{display:grid;grid-template-columns:1fr 1fr;gap:1.5rem}\
@media(max-width:40rem){.cols{grid-template-columns:1fr}}@media(prefers-color-scheme:dark){body{background:#16181c;color:#ddd}\
.cmd{background:#1d2a44}.ok{color:#5c9}.bad{color:#f77}td,th{border-color:#333}}";

/// A text made safe for HTML.
pub fn escape(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    for c in s.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() && c != '\n' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// One page for one or more reports.
pub fn render(reports: &[&Report]) -> String {
    let lang = reports.first().map_or_else(Default::default, |r| r.lang);
    let title = reports.first().map_or_else(|| "maillab".to_owned(), |r| format!("maillab · {}", r.lab));
    let body: String = reports.iter().map(|r| one(r)).collect();
    format!(
        "<!doctype html>\n<html lang=\"{lang}\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>{}</title>\n<style>{STYLE}</style>\n{body}</html>\n",
        escape(&title)
    )
}

fn one(r: &Report) -> String {
    let t = i18n::of(r.lang);
    let mut out = String::new();
    out.push_str(&format!("<h1>{}</h1>\n", escape(&text::heading(r))));
    let (class, word) = if r.passed { ("ok", t.passed) } else { ("bad", t.not_passed) };
    out.push_str(&format!(
        "<p class=\"score {class}\">{word} · {}/100 · {} {}</p>\n<p>{} · {} · {}</p>\n",
        r.score,
        t.grade_word,
        r.grade10(),
        fill(t.minutes_word, &[&r.minutes]),
        text::lines(t, r.lines),
        text::hints(t, r.hints.len())
    ));
    if !r.lacks.is_empty() {
        out.push_str(&format!("<p>{}</p>\n", escape(&fill(t.why_not_passed, &[&r.lacks.join(", ")]))));
    }
    answers(&mut out, t, r);
    parts(&mut out, t, r);
    paths(&mut out, t, r);
    out.push_str(&format!("<h2>{}</h2>\n<table>\n", t.page_timeline));
    for m in &r.timeline {
        let (class, who) = match m.line {
            Some(l) => (" class=\"cmd\"", fill(t.line_ref, &[&l])),
            None => ("", t.page_mail.to_owned()),
        };
        out.push_str(&format!(
            "<tr{class}><td>{}<td>{}<td class=\"log\">{}\n",
            m.time.syslog(),
            escape(&who),
            escape(&m.text)
        ));
    }
    out.push_str(&format!("</table>\n<p><small>{}</small></p>\n", escape(t.disclaimer)));
    out
}

fn answers(out: &mut String, t: &Catalogue, r: &Report) {
    out.push_str(&format!("<h2>{}</h2>\n<div class=\"cols\"><table>\n", t.part_verdict));
    out.push_str(&format!("<tr><th><th>{}<th>{}\n", t.page_yours, t.page_right));
    for (field, said, right) in &r.answers {
        let class = if said == right { "ok" } else { "bad" };
        out.push_str(&format!(
            "<tr><td>{}<td class=\"{class}\">{}<td>{}\n",
            escape(field),
            escape(said),
            escape(right)
        ));
    }
    out.push_str(&format!("</table><div><b>{}</b><ul>", t.page_table));
    for row in &r.rows {
        out.push_str(&format!("<li>{}</li>", escape(row)));
    }
    out.push_str("</ul></div></div>\n");
}

fn parts(out: &mut String, t: &Catalogue, r: &Report) {
    out.push_str("<table>\n");
    for (part, p) in &r.parts {
        let name = match part {
            super::score::Part::Verdict => t.part_verdict,
            super::score::Part::Cause => t.part_cause,
            super::score::Part::Evidence => t.part_evidence,
            super::score::Part::Repair => t.part_repair,
            super::score::Part::Harm => t.part_harm,
        };
        out.push_str(&format!("<tr><th>{name}<td>{}/{}<td>", p.points, p.max));
        for g in &p.good {
            out.push_str(&format!("<span class=\"ok\">✓ {}</span><br>", escape(g)));
        }
        for n in &p.notes {
            out.push_str(&format!("<span class=\"log\">{}</span><br>", escape(n)));
        }
        for rule in p.rules.iter().filter(|r| !r.by.is_empty()) {
            out.push_str(&format!("<span class=\"ok\">{} {}</span><br>", t.ruled_out, escape(&rule.name)));
            for (l, shows) in &rule.by {
                out.push_str(&format!("<span class=\"log\">{}</span><br>", escape(&fill(t.line_seen, &[l, shows]))));
            }
        }
        for l in &p.losses {
            loss(out, t, l);
        }
        out.push('\n');
    }
    if r.hint_price > 0 {
        let all: Vec<String> = r.hints.iter().map(|(h, p)| format!("{h} (−{p})")).collect();
        out.push_str(&format!("<tr><th>{}<td>−{}<td>{}\n", t.part_hints, r.hint_price, escape(&all.join(" · "))));
    }
    out.push_str("</table>\n");
}

fn loss(out: &mut String, t: &Catalogue, l: &Loss) {
    out.push_str(&format!("<span class=\"bad\">−{} {}</span><br>", l.points, escape(&l.text)));
    if let Some(n) = l.line {
        let q = l.quote.as_deref().unwrap_or("");
        out.push_str(&format!("<span class=\"log\">{}</span><br>", escape(&fill(t.line_seen, &[&n, &q]))));
    } else if let Some(q) = &l.quote {
        out.push_str(&format!("<span class=\"log\">{}</span><br>", escape(q)));
    }
    if let Some(f) = &l.feedback {
        out.push_str(&format!("{}<br>", escape(f)));
    }
    for row in &l.rows {
        out.push_str(&format!("<small>{} {}</small><br>", t.table_word, escape(row)));
    }
}

fn paths(out: &mut String, t: &Catalogue, r: &Report) {
    out.push_str(&format!("<h2>{}</h2>\n<p>{}</p>\n<div class=\"cols\"><ol>\n", t.path_word, escape(&r.debrief)));
    for m in r.timeline.iter().filter(|m| m.line.is_some()) {
        out.push_str(&format!("<li value=\"{}\"><code>{}</code></li>\n", m.line.unwrap_or(0), escape(&m.text)));
    }
    out.push_str("</ol><ol>\n");
    for (run, why) in &r.expert {
        out.push_str(&format!("<li><code>{}</code><br>{}</li>\n", escape(run), escape(why)));
    }
    out.push_str("</ol></div>\n");
    for b in &r.beliefs {
        out.push_str(&format!("<p>{}: {}</p>\n", t.belief_word, escape(b)));
    }
}

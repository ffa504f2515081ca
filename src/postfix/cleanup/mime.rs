//! The structure of a message's body, as the checks see it (`mime_state.c`): parts, their headers, nested messages.
//!
//! A boundary is known by how a line begins; what follows a boundary, up to an empty line, is a part's header, and the head of
//! an attached message is a nested one. Left out: the limits on depth, boundary length and header size.

use super::header::header_name;

/// One stretch of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A line of content, and where it begins within its part.
    Line(String, usize),
    /// A header of a part, folded lines joined by `\n`.
    Part(String),
    /// A header of an attached message.
    Nested(String),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum In {
    Body,
    Part,
    Nested,
}

/// The parameter of a Content-Type, unquoted.
fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|p| {
        let (n, v) = p.split_once('=')?;
        n.trim().eq_ignore_ascii_case(name).then(|| v.trim().trim_matches('"').to_owned())
    })
}

/// What a Content-Type opens: the boundary of a multipart, or an attached message.
#[derive(Default)]
struct Kind {
    boundary: Option<String>,
    message: bool,
}

fn look(kind: &mut Kind, header: &str) {
    let Some((name, value)) = header.split_once(':') else { return };
    if !name.trim_end().eq_ignore_ascii_case("content-type") {
        return;
    }
    let flat = value.replace('\n', " ");
    let media = flat.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if media.starts_with("multipart/") {
        kind.boundary = parameter(&flat, "boundary");
    }
    kind.message = matches!(media.as_str(), "message/rfc822" | "message/global" | "message/external-body");
}

/// Takes a body apart. `headers` are the message's own; the body begins with the empty line.
pub fn pieces(headers: &[String], body: &str) -> Vec<Piece> {
    let mut kind = Kind::default();
    headers.iter().for_each(|h| look(&mut kind, h));
    let mut out: Vec<Piece> = Vec::new();
    let mut stack: Vec<String> = Vec::new();
    let mut at = In::Body;
    let mut offset = 0;
    let mut lines = body.lines();
    if let Some(first) = lines.next() {
        out.push(Piece::Line(first.to_owned(), 0));
        at = enter(&mut kind, &mut stack);
    }
    for line in lines {
        if at != In::Body {
            let folded = line.starts_with([' ', '\t']);
            match out.last_mut() {
                Some(Piece::Part(h) | Piece::Nested(h)) if folded => {
                    h.push('\n');
                    h.push_str(line);
                    continue;
                }
                _ => {}
            }
            if header_name(line).is_some() {
                out.push(if at == In::Part { Piece::Part(line.into()) } else { Piece::Nested(line.into()) });
                continue;
            }
            for p in out.iter().rev().take_while(|p| !matches!(p, Piece::Line(..))) {
                if let Piece::Part(h) | Piece::Nested(h) = p {
                    look(&mut kind, h);
                }
            }
            offset = 0;
            at = enter(&mut kind, &mut stack);
            if line.is_empty() {
                out.push(Piece::Line(String::new(), 0));
                continue;
            }
            at = In::Body;
        }
        if let Some(rest) = line.strip_prefix("--")
            && let Some(n) = stack.iter().rposition(|b| rest.starts_with(b.as_str()))
        {
            stack.truncate(n + 1);
            if rest[stack[n].len()..].starts_with("--") {
                stack.pop();
            } else {
                at = In::Part;
            }
        }
        out.push(Piece::Line(line.to_owned(), offset));
        offset += line.len() + 1;
    }
    out
}

/// What a head leads into.
fn enter(kind: &mut Kind, stack: &mut Vec<String>) -> In {
    let k = std::mem::take(kind);
    if let Some(b) = k.boundary.filter(|b| !b.is_empty()) {
        stack.push(b);
    }
    if k.message { In::Nested } else { In::Body }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_nested_messages() {
        let body =
            "\npre\n--b\nContent-Type: x;\n\ty\n\nhola\n--b\nContent-Type: message/rfc822\n\nSubject: s\n\nz\n--b--\n";
        let got = pieces(&["Content-Type: multipart/mixed; boundary=\"b\"".to_owned()], body);
        let shown: Vec<String> = got
            .iter()
            .map(|p| match p {
                Piece::Line(l, at) => format!("{at} {l}"),
                Piece::Part(h) => format!("P {h}"),
                Piece::Nested(h) => format!("N {h}"),
            })
            .collect();
        let want = [
            "0 ",
            "0 pre",
            "4 --b",
            "P Content-Type: x;\n\ty",
            "0 ",
            "0 hola",
            "5 --b",
            "P Content-Type: message/rfc822",
            "0 ",
            "N Subject: s",
            "0 ",
            "0 z",
            "2 --b--",
        ];
        assert_eq!(shown, want);
    }
}

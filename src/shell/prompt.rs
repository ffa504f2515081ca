//! The prompt, the history and its expansion, and whether a text is a whole command.

use super::parse::Parser;
use super::state::Shell;

/// No more lines than this are kept.
const MAX_HISTORY: usize = 1000;

/// A command of several lines as the history keeps it (`cmdhist`): joined by `; `, but inside quotes and with a here-document.
pub fn one_line(text: &str) -> String {
    let mut lines = text.split('\n');
    let mut out = lines.next().unwrap_or("").to_owned();
    if text.contains("<<") {
        return text.to_owned();
    }
    for l in lines {
        let end = out.trim_end();
        let word = end.rsplit([' ', '\t', ';', '\n']).next().unwrap_or("");
        let goes_on = end.ends_with(['{', '(', '|', '&', ';']) || ["do", "then", "else", "in"].contains(&word);
        if quoted(&out) {
            out.push('\n');
        } else if out.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1 {
            out.pop();
        } else {
            out.push_str(if goes_on { " " } else { "; " });
        }
        out.push_str(l);
    }
    out
}

/// Whether a quote is open at the end.
fn quoted(text: &str) -> bool {
    let mut open: Option<char> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (open, c) {
            (None | Some('"'), '\\') => {
                chars.next();
            }
            (None, '\'' | '"') => open = Some(c),
            (Some(o), c) if o == c => open = None,
            _ => {}
        }
    }
    open.is_some()
}

impl Shell {
    /// The prompt for a new line, or for the rest of one.
    pub fn prompt(&self, more: bool) -> String {
        let ps = self.value(if more { "PS2" } else { "PS1" }).unwrap_or_default();
        let mut out = String::new();
        let mut chars = ps.chars();
        while let Some(c) = chars.next() {
            if c != '\\' {
                out.push(c);
                continue;
            }
            let now = self.world.borrow().now().civil();
            let host = self.value("HOSTNAME").unwrap_or_else(|| self.world.borrow().host.name.clone());
            match chars.next() {
                Some('u') => out.push_str(&self.value("USER").unwrap_or_else(|| "root".into())),
                Some('h') => out.push_str(host.split('.').next().unwrap_or("")),
                Some('H') => out.push_str(&host),
                Some('w') => out.push_str(&self.tilde_path(&self.cwd)),
                Some('W') => {
                    let t = self.tilde_path(&self.cwd);
                    out.push_str(if t == "/" { "/" } else { t.rsplit('/').next().unwrap_or("") });
                }
                Some('$') => out.push(if self.cred.uid == 0 { '#' } else { '$' }),
                Some('t') => out.push_str(&format!("{:02}:{:02}:{:02}", now.hour, now.minute, now.second)),
                Some('A') => out.push_str(&format!("{:02}:{:02}", now.hour, now.minute)),
                Some('n') => out.push('\n'),
                Some('s') => out.push_str("bash"),
                Some('!' | '#') => out.push_str(&(self.history.len() + 1).to_string()),
                Some('j') => out.push_str(&self.jobs.len().to_string()),
                Some('e') => out.push('\x1b'),
                Some('[' | ']') => {}
                Some('\\') => out.push('\\'),
                Some(c) => {
                    out.push('\\');
                    out.push(c);
                }
                None => out.push('\\'),
            }
        }
        out.replace("$?", &self.status.to_string())
    }
    /// Whether more lines are needed.
    pub fn is_incomplete(&self, text: &str) -> bool {
        let body = text.trim_end_matches('\n');
        if body.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1 {
            return true;
        }
        let mut p = Parser::script(text, self.settings());
        p.strict_here = true;
        loop {
            match p.next_command() {
                Ok(Some(_)) => {}
                Ok(None) => return false,
                Err(e) => return e.is_incomplete(),
            }
        }
    }
    /// Puts a line into the history, as HISTCONTROL=ignoreboth does.
    pub fn remember(&mut self, line: &str) {
        let ignore = self.value("HISTCONTROL").unwrap_or_default();
        let spaces = ignore.contains("ignorespace") || ignore.contains("ignoreboth");
        let doubles = ignore.contains("ignoredups") || ignore.contains("ignoreboth");
        if line.trim().is_empty() || spaces && line.starts_with(' ') {
            return;
        }
        if doubles && self.history.last().is_some_and(|l| l == line) {
            return;
        }
        self.history.push(line.to_owned());
        if self.history.len() > MAX_HISTORY {
            self.history.remove(0);
        }
    }
    /// History expansion: `!!`, `!$`, `!*`, `!^`, `!n`, `!-n`, `!text`, `!?text?`, `^a^b`. The new line if something was
    /// replaced; `Err` is the message.
    pub fn history_expand(&self, line: &str) -> Result<Option<String>, String> {
        if !self.option("histexpand") {
            return Ok(None);
        }
        if let Some(rest) = line.strip_prefix('^') {
            let mut f = rest.splitn(3, '^');
            let (a, b) = (f.next().unwrap_or(""), f.next().unwrap_or(""));
            return match self.history.last().filter(|l| l.contains(a) && !a.is_empty()) {
                Some(l) => Ok(Some(l.replacen(a, b, 1))),
                None => Err(format!(":s{line}: substitution failed")),
            };
        }
        if !line.contains('!') {
            return Ok(None);
        }
        let c: Vec<char> = line.chars().collect();
        let mut out = String::new();
        let (mut i, mut single, mut double, mut changed) = (0, false, false, false);
        while i < c.len() {
            match c[i] {
                '\\' if !single && i + 1 < c.len() => {
                    out.push('\\');
                    out.push(c[i + 1]);
                    i += 2;
                    continue;
                }
                '\'' if !double => single = !single,
                '"' if !single => double = !double,
                '!' if !single => {
                    let next = c.get(i + 1).copied();
                    let literal =
                        next.is_none_or(|n| n.is_whitespace() || n == '=' || n == '(' || (n == '"' && double));
                    let dollar = i > 0 && (c[i - 1] == '$' || c[i - 1] == '{' && i > 1 && c[i - 2] == '$');
                    if !literal && !dollar {
                        let (text, used) = self.event(&c[i + 1..])?;
                        out.push_str(&text);
                        changed = true;
                        i += 1 + used;
                        continue;
                    }
                }
                _ => {}
            }
            out.push(c[i]);
            i += 1;
        }
        Ok(changed.then_some(out))
    }
    /// The text of an event designator behind `!`, and its length.
    fn event(&self, c: &[char]) -> Result<(String, usize), String> {
        let n = self.history.len();
        let missing = |used: usize| format!("!{}: event not found", c[..used].iter().collect::<String>());
        let last = || self.history.last().cloned();
        let (line, mut used) = match c[0] {
            '!' => (last().ok_or_else(|| missing(1))?, 1),
            '$' | '^' | '*' => (last().ok_or_else(|| missing(1))?, 0),
            '?' => {
                let end = c[1..].iter().position(|x| *x == '?').map_or(c.len(), |p| p + 1);
                let part: String = c[1..end].iter().collect();
                let used = (end + 1).min(c.len());
                (self.history.iter().rev().find(|l| l.contains(&part)).cloned().ok_or_else(|| missing(used))?, used)
            }
            x if x.is_ascii_digit() || x == '-' && c.get(1).is_some_and(char::is_ascii_digit) => {
                let mut used = 1;
                while c.get(used).is_some_and(char::is_ascii_digit) {
                    used += 1;
                }
                let k: i64 = c[..used].iter().collect::<String>().parse().unwrap_or(0);
                let at = if k < 0 { n as i64 + k } else { k - 1 };
                let l = usize::try_from(at).ok().and_then(|i| self.history.get(i).cloned());
                (l.ok_or_else(|| missing(used))?, used)
            }
            _ => {
                let mut used = 0;
                while c.get(used).is_some_and(|x| !x.is_whitespace() && !":;&|()<>\"'".contains(*x)) {
                    used += 1;
                }
                let part: String = c[..used].iter().collect();
                (self.history.iter().rev().find(|l| l.starts_with(&part)).cloned().ok_or_else(|| missing(used))?, used)
            }
        };
        let mut designator = None;
        if c.get(used) == Some(&':') && c.get(used + 1).is_some_and(|x| "$^*".contains(*x) || x.is_ascii_digit()) {
            designator = Some(c[used + 1]);
            used += 2;
        } else if c.get(used).is_some_and(|x| "$^*".contains(*x)) {
            designator = Some(c[used]);
            used += 1;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let text = match designator {
            None => line.clone(),
            Some('$') => (*words.last().unwrap_or(&"")).to_owned(),
            Some('^') => (*words.get(1).unwrap_or(&"")).to_owned(),
            Some('*') => words.get(1..).unwrap_or(&[]).join(" "),
            Some(d) => (*words.get(d.to_digit(10).unwrap_or(0) as usize).unwrap_or(&"")).to_owned(),
        };
        Ok((text, used))
    }
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn the_history_joins_the_lines_of_a_command() {
        for (typed, expected) in [
            ("ls", "ls"),
            ("for i in 1 2; do\necho $i\ndone", "for i in 1 2; do echo $i; done"),
            ("if true\nthen\nls\nfi", "if true; then ls; fi"),
            ("echo 'a\nb'\n", "echo 'a\nb'; "),
            ("echo a \\\nb", "echo a b"),
            ("ls |\nwc", "ls | wc"),
            ("cat <<EOF\nhola\nEOF", "cat <<EOF\nhola\nEOF"),
        ] {
            assert_eq!(one_line(typed), expected, "{typed:?}");
        }
    }
}

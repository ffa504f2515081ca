//! The DNS world that the host's resolver sees: a zone of records and of failures.
//!
//! The text form is one record a line, `name type value`; type `ERR` with `SERVFAIL`, `DROP`, `REFUSED` or `NXDOMAIN`
//! fails the name and all below it.
//! A name that is not there does not exist; a name that exists without the type asked has no data.

use imbl::OrdMap;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The values in zone order: addresses, `10 mail.x`, text.
    Data(Vec<String>),
    NoData,
    NxDomain,
    ServFail,
    Refused,
    /// No answer at all.
    Timeout,
}

#[derive(Clone, Debug, Default)]
pub struct Zone {
    /// Lower-case name to (type, value) pairs.
    records: OrdMap<String, Vec<(String, String)>>,
    /// The names that fail, and all below them, in the order in which they were added.
    failing: Vec<String>,
}

fn key(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

impl Zone {
    /// Reads zone text; blank lines and `#` comments are passed over, lines that are no record are ignored.
    pub fn parse(text: &str) -> Zone {
        let mut z = Zone::default();
        for line in text.lines() {
            z.add_line(line);
        }
        z
    }
    pub fn add_line(&mut self, line: &str) {
        let line = line.trim();
        if line.starts_with('#') {
            return;
        }
        let mut w = line.splitn(3, char::is_whitespace);
        if let (Some(n), Some(t), Some(v)) = (w.next(), w.next(), w.next()) {
            self.add(n, t, v.trim());
        }
    }
    pub fn add(&mut self, name: &str, rtype: &str, value: &str) {
        if rtype.eq_ignore_ascii_case("ERR") {
            self.failing.push(key(name));
        }
        self.records.entry(key(name)).or_default().push((rtype.to_ascii_uppercase(), value.to_owned()));
    }
    /// Removes the records of a name, or only those of one type.
    pub fn remove(&mut self, name: &str, rtype: Option<&str>) {
        let k = key(name);
        match rtype {
            None => {
                self.records.remove(&k);
            }
            Some(t) => {
                if let Some(v) = self.records.get_mut(&k) {
                    v.retain(|(x, _)| !x.eq_ignore_ascii_case(t));
                }
            }
        }
        let fails = |f: &String| self.records.get(f).is_some_and(|rr| rr.iter().any(|(t, _)| t == "ERR"));
        self.failing.retain(fails);
    }
    /// One query. The name is absolute (a trailing dot changes nothing).
    pub fn query(&self, name: &str, rtype: &str) -> Answer {
        let k = key(name);
        if let Some(e) = self.failure(&k) {
            return match e {
                "SERVFAIL" => Answer::ServFail,
                "REFUSED" => Answer::Refused,
                "DROP" => Answer::Timeout,
                _ => Answer::NxDomain,
            };
        }
        let Some(rr) = self.records.get(&k) else {
            let suffix = format!(".{k}");
            let below = self.records.keys().any(|n| n.ends_with(&suffix));
            return if below { Answer::NoData } else { Answer::NxDomain };
        };
        let hits: Vec<String> = rr.iter().filter(|(t, _)| t == rtype).map(|(_, v)| v.clone()).collect();
        if hits.is_empty() { Answer::NoData } else { Answer::Data(hits) }
    }
    /// How a name fails: by its own record, or that of the nearest domain above it.
    fn failure(&self, name: &str) -> Option<&str> {
        let above =
            |f: &&String| name.strip_suffix(f.as_str()).is_some_and(|head| head.is_empty() || head.ends_with('.'));
        let nearest = self.failing.iter().filter(above).max_by_key(|f| f.len())?;
        self.records.get(nearest)?.iter().find(|(t, _)| t == "ERR").map(|(_, e)| e.as_str())
    }
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Vec<(String, String)>)> {
        self.records.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fails_as_the_nearest_above_it() {
        let mut z = Zone::parse("a.test A 192.0.2.1\nx.a.test A 192.0.2.2\ntest ERR SERVFAIL\nx.a.test ERR DROP\n");
        assert_eq!(z.query("A.test.", "A"), Answer::ServFail);
        assert_eq!(z.query("y.x.a.test", "A"), Answer::Timeout);
        assert_eq!(z.query("atest", "A"), Answer::NxDomain);
        z.remove("x.a.test", Some("err"));
        assert_eq!(z.query("x.a.test", "A"), Answer::ServFail);
        z.remove("test", None);
        assert_eq!(z.query("x.a.test", "A"), Answer::Data(vec!["192.0.2.2".into()]));
        assert_eq!(z.query("x.a.test", "MX"), Answer::NoData);
    }
}

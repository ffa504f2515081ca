//! `limited`: mailboxes have a quota, as `doveadm quota get` shows it.

use super::{Found, run};
use crate::sim::World;

pub fn ask(w: &mut World, users: &[String]) -> Found {
    for u in users {
        let name: String = u.chars().filter(|c| c.is_ascii_alphanumeric() || "._-@".contains(*c)).collect();
        let (status, out) = run(w, &format!("doveadm -f tab quota get -u {name}"));
        if status != 0 || !has_limit(&out) {
            return Found::new(false, format!("{name}: {}", out.lines().last().unwrap_or("no quota")));
        }
    }
    Found::new(true, "")
}

/// Whether a table of `doveadm -f tab` has a limit above 0 for storage: quota name, type, value, limit, percent.
fn has_limit(table: &str) -> bool {
    table.lines().any(|l| {
        let f: Vec<&str> = l.split('\t').collect();
        f.get(1) == Some(&"STORAGE") && f.get(3).and_then(|n| n.parse::<u64>().ok()).is_some_and(|n| n > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::has_limit;

    #[test]
    fn limits() {
        for (table, expected) in [
            ("Quota name\tType\tValue\tLimit\t%\nUser quota\tSTORAGE\t21000\t20480\t102\n", true),
            ("Quota name\tType\tValue\tLimit\t%\nUser quota\tSTORAGE\t21000\t-\t0\n", false),
            ("", false),
        ] {
            assert_eq!(has_limit(table), expected, "{table}");
        }
    }
}

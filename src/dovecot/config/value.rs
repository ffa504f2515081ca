//! Values of settings: what is accepted, and the canonical form in which doveconf shows them.

use super::schema::Kind;

/// Checks a value and gives its canonical form, or the complaint.
pub fn canonical(kind: Kind, value: &str) -> Result<String, String> {
    match kind {
        Kind::Bool => match value {
            v if v.eq_ignore_ascii_case("yes") || v.eq_ignore_ascii_case("y") || v == "1" => Ok("yes".into()),
            v if v.eq_ignore_ascii_case("no") => Ok("no".into()),
            v => Err(format!("Invalid boolean value: {v} (use yes or no)")),
        },
        Kind::Uint => match value.parse::<u64>() {
            Ok(n) if value.bytes().all(|b| b.is_ascii_digit()) => Ok(n.to_string()),
            _ => Err(format!("Invalid number {value}: Not a valid number")),
        },
        Kind::Octal => {
            let octal = value.starts_with('0') && value.bytes().all(|b| (b'0'..=b'7').contains(&b));
            let n = if octal { u32::from_str_radix(value, 8).ok() } else { value.parse().ok() };
            n.map(|n| format!("0{n:o}")).ok_or_else(|| format!("Invalid number {value}: Not a valid number"))
        }
        Kind::Port => value.parse::<u16>().map(|n| n.to_string()).map_err(|_| format!("Invalid port number {value}")),
        Kind::Time => Ok(show_time(seconds(value)?)),
        Kind::Size => Ok(show_size(bytes(value)?)),
        Kind::Str => Ok(value.to_owned()),
        Kind::Enum(words) => {
            if words.contains(&value) {
                Ok(value.to_owned())
            } else {
                Err(format!("Invalid value: {value}"))
            }
        }
    }
}

fn number_and_unit(value: &str) -> Option<(u64, &str)> {
    let end = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    Some((value[..end].parse().ok()?, value[end..].trim_start_matches(' ')))
}

/// A time interval in seconds.
pub fn seconds(value: &str) -> Result<u64, String> {
    let (n, unit) = number_and_unit(value).ok_or_else(|| format!("Invalid time interval: {value}"))?;
    if unit.is_empty() {
        return if n == 0 {
            Ok(0)
        } else {
            Err(format!("Time interval '{value}' is missing units (add e.g. 's' for seconds)"))
        };
    }
    let u = unit.to_ascii_lowercase();
    if u.starts_with("ms") || u.starts_with("milli") {
        return Ok(n / 1000);
    }
    let scale = [
        ("seconds", 1),
        ("secs", 1),
        ("minutes", 60),
        ("mins", 60),
        ("hours", 3600),
        ("days", 86_400),
        ("weeks", 604_800),
    ]
    .into_iter()
    .find(|(w, _)| w.starts_with(&u))
    .map(|(_, s)| s)
    .ok_or_else(|| format!("Invalid time interval: {value}"))?;
    Ok(n.saturating_mul(scale))
}

/// A size in bytes.
pub fn bytes(value: &str) -> Result<u64, String> {
    let (n, unit) = number_and_unit(value).ok_or_else(|| format!("Invalid size: {value}"))?;
    let u = unit.to_ascii_lowercase();
    let shift = match u.strip_suffix("ib").or(u.strip_suffix('b')).unwrap_or(&u) {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        _ => return Err(format!("Invalid size: {value}")),
    };
    Ok(n.saturating_mul(1 << shift))
}

fn show_time(n: u64) -> String {
    let (scale, unit) = match n {
        0 => return "0".into(),
        n if n % 604_800 == 0 => (604_800, "weeks"),
        n if n % 86_400 == 0 => (86_400, "days"),
        n if n % 3600 == 0 => (3600, "hours"),
        n if n % 60 == 0 => (60, "mins"),
        _ => (1, "secs"),
    };
    format!("{} {unit}", n / scale)
}

fn show_size(n: u64) -> String {
    if n == 0 {
        return "0".into();
    }
    for (shift, unit) in [(40, "T"), (30, "G"), (20, "M"), (10, "k")] {
        if n.trailing_zeros() >= shift {
            return format!("{} {unit}", n >> shift);
        }
    }
    format!("{n} B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_as_doveconf_checks_them() {
        for (kind, value, expected) in [
            (Kind::Bool, "quizas", Err("Invalid boolean value: quizas (use yes or no)")),
            (Kind::Uint, "muchos", Err("Invalid number muchos: Not a valid number")),
            (Kind::Time, "5 lunas", Err("Invalid time interval: 5 lunas")),
            (Kind::Time, "5", Err("Time interval '5' is missing units (add e.g. 's' for seconds)")),
            (Kind::Time, "90 secs", Ok("90 secs")),
            (Kind::Time, "30d", Ok("30 days")),
            (Kind::Size, "1Q", Err("Invalid size: 1Q")),
            (Kind::Size, "1024M", Ok("1 G")),
            (Kind::Size, "512M", Ok("512 M")),
            (Kind::Port, "abc", Err("Invalid port number abc")),
            (Kind::Octal, "99", Ok("0143")),
            (Kind::Enum(&["yes", "no"]), "quizas", Err("Invalid value: quizas")),
        ] {
            assert_eq!(canonical(kind, value).as_deref().map_err(String::as_str), expected, "{value}");
        }
    }
}

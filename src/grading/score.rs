//! The points: weights of the parts that a lab has, shares earned, and their sum.
//!
//! Weights are those of the course (verdict 30, cause 15, evidence 20, repair 25, no harm 10). Parts that a lab does not
//! have are left out and the rest weighs 100 by the largest remainder. Shares are thousandths, so sums are exact.

/// The smallest parts that earn points by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leaf {
    Code,
    Enhanced,
    By,
    Action,
    Who,
    Cause,
    Line,
    Rivals,
    Repair,
    Harm,
}

/// A row of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Verdict,
    Cause,
    Evidence,
    Repair,
    Harm,
}

impl Leaf {
    pub const ALL: [Leaf; 10] = [
        Leaf::Code,
        Leaf::Enhanced,
        Leaf::By,
        Leaf::Action,
        Leaf::Who,
        Leaf::Cause,
        Leaf::Line,
        Leaf::Rivals,
        Leaf::Repair,
        Leaf::Harm,
    ];
    /// Points in a lab that has every part.
    pub fn weight(self) -> u32 {
        match self {
            Leaf::Code => 10,
            Leaf::Enhanced => 4,
            Leaf::By => 6,
            Leaf::Action => 6,
            Leaf::Who => 4,
            Leaf::Cause => 15,
            Leaf::Line => 8,
            Leaf::Rivals => 12,
            Leaf::Repair => 25,
            Leaf::Harm => 10,
        }
    }
    pub fn part(self) -> Part {
        match self {
            Leaf::Code | Leaf::Enhanced | Leaf::By | Leaf::Action | Leaf::Who => Part::Verdict,
            Leaf::Cause => Part::Cause,
            Leaf::Line | Leaf::Rivals => Part::Evidence,
            Leaf::Repair => Part::Repair,
            Leaf::Harm => Part::Harm,
        }
    }
}

impl Part {
    pub const ALL: [Part; 5] = [Part::Verdict, Part::Cause, Part::Evidence, Part::Repair, Part::Harm];
    pub fn id(self) -> &'static str {
        match self {
            Part::Verdict => "verdict",
            Part::Cause => "cause",
            Part::Evidence => "evidence",
            Part::Repair => "repair",
            Part::Harm => "harm",
        }
    }
}

/// What the present parts weigh; the sum is 100. Largest remainder, ties to the earlier part.
pub fn weights(present: &[Leaf]) -> Vec<(Leaf, u32)> {
    let total: u32 = present.iter().map(|l| l.weight()).sum();
    if total == 0 {
        return Vec::new();
    }
    let mut out: Vec<(Leaf, u32)> = present.iter().map(|l| (*l, l.weight() * 100 / total)).collect();
    let mut by_rest: Vec<usize> = (0..present.len()).collect();
    by_rest.sort_by_key(|i| std::cmp::Reverse(present[*i].weight() * 100 % total));
    let missing = 100 - out.iter().map(|(_, w)| w).sum::<u32>();
    for i in by_rest.into_iter().take(missing as usize) {
        out[i].1 += 1;
    }
    out
}

/// All of a part.
pub const FULL: u32 = 1000;

/// Points for a share of a weight, rounded half up; less than the whole never gives the whole.
pub fn points(weight: u32, share: u32) -> u32 {
    if share >= FULL {
        return weight;
    }
    ((weight * share + FULL / 2) / FULL).min(weight.saturating_sub(1))
}

/// What a later diagnosis adds: at most half of what the first one missed.
pub fn later(first: u32, later: u32) -> u32 {
    if later > first { first + (later - first) / 2 } else { first }
}

/// The Spanish grade of a score: `8,6`, `10`, `0`.
pub fn grade10(score: u32, comma: char) -> String {
    if score.is_multiple_of(10) { (score / 10).to_string() } else { format!("{}{comma}{}", score / 10, score % 10) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_the_course_s_and_always_sum_to_100() {
        assert!(weights(&Leaf::ALL).iter().all(|(l, w)| l.weight() == *w));
        for drop in 0..Leaf::ALL.len() {
            let some: Vec<Leaf> = Leaf::ALL.into_iter().filter(|l| *l as usize != drop).collect();
            assert_eq!(weights(&some).iter().map(|(_, w)| w).sum::<u32>(), 100);
        }
        let healthy: Vec<Leaf> = Leaf::ALL.into_iter().filter(|l| *l != Leaf::Repair).collect();
        let by_name = |l| weights(&healthy).into_iter().find(|(x, _)| *x == l).unwrap().1;
        // Of 75: 98 whole points, and the two left go to 10.67 and the first 13.33. 10 → 13.33, 4 → 5.33, 6 → 8, 15 → 20, 8 → 10.67, 12 → 16
        assert_eq!((by_name(Leaf::Code), by_name(Leaf::Cause), by_name(Leaf::Line)), (14, 20, 11));
    }

    #[test]
    fn shares() {
        for (weight, share, expected) in
            [(10, 400, 4), (6, 500, 3), (12, 500, 6), (12, 999, 11), (12, 1000, 12), (4, 0, 0)]
        {
            assert_eq!(points(weight, share), expected, "{weight} {share}");
        }
        assert_eq!((later(0, 1000), later(400, 1000), later(1000, 0)), (500, 700, 1000));
        assert_eq!((grade10(86, ','), grade10(100, '.'), grade10(0, ',')), ("8,6".into(), "10".into(), "0".into()));
    }
}

//! Which lines a sed command is for.

use super::super::regex::Re;
use super::Sed;
use super::input::Input;
use super::script::Addr;
use crate::command::Ctx;

impl Sed {
    fn regex_hits(&mut self, ctx: &Ctx, re: Option<&Re>) -> Result<bool, i32> {
        if let Some(re) = re {
            self.last_re = Some(re.clone());
        }
        match &self.last_re {
            Some(re) => Ok(re.is_match(&self.space)),
            None => {
                ctx.complain("no previous regular expression");
                Err(1)
            }
        }
    }
    async fn hits(&mut self, ctx: &mut Ctx, input: &mut Input, a: &Addr) -> Result<bool, i32> {
        Ok(match a {
            Addr::Line(n) => self.number == *n,
            Addr::Step(first, 0) => self.number == *first,
            Addr::Step(first, step) => self.number >= *first && (self.number - first).is_multiple_of(*step),
            Addr::Last => input.is_last(ctx).await,
            Addr::Regex(re) => {
                let re = re.clone();
                self.regex_hits(ctx, re.as_ref())?
            }
            _ => false,
        })
    }
    pub(super) async fn selected(&mut self, ctx: &mut Ctx, input: &mut Input, i: usize) -> Result<bool, i32> {
        let (a1, a2) = (self.cmds[i].a1.clone(), self.cmds[i].a2.clone());
        let Some(a1) = a1 else { return Ok(true) };
        let Some(a2) = a2 else { return self.hits(ctx, input, &a1).await };
        if matches!(a1, Addr::Zero) && !self.started[i] {
            self.started[i] = true;
            self.ranges[i] = Some(None);
        }
        if let Some(range) = self.ranges[i] {
            let over = match (&a2, range) {
                (_, Some(n)) => {
                    if self.number >= n {
                        self.ranges[i] = None;
                    }
                    // A line number already passed: only the first line was in the range.
                    return Ok(self.number <= n);
                }
                (a, None) => self.hits(ctx, input, a).await?,
            };
            if over {
                self.ranges[i] = None;
            }
            return Ok(true);
        }
        if !self.hits(ctx, input, &a1).await? {
            return Ok(false);
        }
        let end = match &a2 {
            Addr::Line(n) => Some(*n),
            Addr::Plus(n) => Some(self.number + n),
            Addr::Multiple(0) => Some(self.number),
            Addr::Multiple(n) => Some(self.number.div_ceil(*n) * n),
            _ => None,
        };
        self.ranges[i] = match end {
            Some(n) if n <= self.number => None,
            Some(n) => Some(Some(n)),
            None if matches!(a2, Addr::Last) && input.is_last(ctx).await => None,
            None => Some(None),
        };
        Ok(true)
    }
}

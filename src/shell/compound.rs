//! Compound commands: `if`, loops, `case`, `select`, groups, `(( ))`.

use super::ast::{Arm, ArmEnd, Compound, List, Word};
use super::pattern::Pattern;
use super::state::{Flow, R, Shell};
use std::rc::Rc;

impl Shell {
    pub(super) async fn compound(&mut self, c: &Compound) -> R {
        match c {
            Compound::Brace(list) => self.list(list).await,
            Compound::Subshell(list) => {
                let sub = self.subshell();
                let status = sub.run_subshell(Rc::new(list.clone())).await;
                self.check_interrupt()?;
                Ok(status)
            }
            Compound::If { arms, otherwise } => {
                for (test, body) in arms {
                    if self.condition(test).await? == 0 {
                        return self.list(body).await;
                    }
                }
                match otherwise {
                    Some(body) => self.list(body).await,
                    None => Ok(0),
                }
            }
            Compound::While { until, test, body } => {
                let mut status = 0;
                self.loops += 1;
                let r = loop {
                    self.step().await?;
                    match self.condition(test).await {
                        Ok(s) if (s == 0) == *until => break Ok(status),
                        Ok(_) => {}
                        Err(f) => match loop_flow(f) {
                            Some(Ok(())) => continue,
                            None => break Ok(status),
                            Some(Err(f)) => break Err(f),
                        },
                    }
                    match self.list(body).await {
                        Ok(s) => status = s,
                        Err(f) => match loop_flow(f) {
                            Some(Ok(())) => {}
                            None => break Ok(0),
                            Some(Err(f)) => break Err(f),
                        },
                    }
                };
                self.loops -= 1;
                r
            }
            Compound::For { var, words, body } => {
                if !super::vars::is_name(var) {
                    self.complain(format!("`{var}': not a valid identifier"));
                    return Ok(1);
                }
                let raw = match words {
                    Some(w) => w.iter().map(|w| w.raw.to_string()).collect::<Vec<_>>().join(" "),
                    None => "\"$@\"".into(),
                };
                let words = match words {
                    Some(w) => self.expand_words(w).await?,
                    None => self.args.clone(),
                };
                self.loops += 1;
                let r = self.for_loop(var, words, body, &raw).await;
                self.loops -= 1;
                r
            }
            Compound::ArithFor { init, test, step, body } => {
                self.loops += 1;
                let r = self.arith_for(init, test, step, body).await;
                self.loops -= 1;
                match r {
                    Err(Flow::Discard(s)) => Ok(s),
                    r => r,
                }
            }
            Compound::Select { var, words, body } => {
                let words = match words {
                    Some(w) => self.expand_words(w).await?,
                    None => self.args.clone(),
                };
                self.loops += 1;
                let r = self.select(var, &words, body).await;
                self.loops -= 1;
                r
            }
            Compound::Case { word, arms } => self.case(word, arms).await,
            Compound::Arith(w) => {
                if self.option("xtrace") {
                    self.trace(&format!("(( {} ))", w.raw)).await;
                }
                let mut f = self.fields(super::expand::Splitting::Whole);
                self.parts(&w.parts, &mut f, true).await?;
                let text = f.cur.text;
                match self.arithmetic(&text) {
                    Ok(v) => Ok(i32::from(v == 0)),
                    Err(e) => {
                        self.complain(format!("((: {e}"));
                        Ok(1)
                    }
                }
            }
            Compound::Test(t) => self.conditional(t).await,
        }
    }
    /// A step of a loop: may be the point where an endless one is stopped.
    pub(super) async fn step(&mut self) -> R<()> {
        let k = self.kernel.clone();
        k.unless_interrupted(self.background, k.step()).await.ok_or(Flow::Interrupt)
    }
    async fn condition(&mut self, list: &List) -> R {
        self.lenient += 1;
        let r = self.list(list).await;
        self.lenient -= 1;
        r
    }
    async fn for_loop(&mut self, var: &str, words: Vec<String>, body: &List, raw: &str) -> R {
        let mut status = 0;
        for w in words {
            self.step().await?;
            if self.option("xtrace") {
                self.trace(&format!("for {var} in {raw}")).await;
            }
            if self.assign(var, &w).is_err() {
                return Err(Flow::Discard(1));
            }
            match self.list(body).await {
                Ok(s) => status = s,
                Err(f) => match loop_flow(f) {
                    Some(Ok(())) => status = 0,
                    None => return Ok(0),
                    Some(Err(f)) => return Err(f),
                },
            }
        }
        Ok(status)
    }
    async fn arith_for(&mut self, init: &Word, test: &Word, step: &Word, body: &List) -> R {
        let mut status = 0;
        self.expand_arith(&init.parts).await?;
        loop {
            self.step().await?;
            if !test.raw.trim().is_empty() && self.expand_arith(&test.parts).await? == 0 {
                return Ok(status);
            }
            match self.list(body).await {
                Ok(s) => status = s,
                Err(f) => match loop_flow(f) {
                    Some(Ok(())) => status = 0,
                    None => return Ok(0),
                    Some(Err(f)) => return Err(f),
                },
            }
            self.expand_arith(&step.parts).await?;
        }
    }
    async fn select(&mut self, var: &str, words: &[String], body: &List) -> R {
        let width = words.len().to_string().len();
        let menu: String = words.iter().enumerate().map(|(i, w)| format!("{:width$}) {w}\n", i + 1)).collect();
        let mut show = true;
        let mut status = 0;
        loop {
            self.step().await?;
            if show {
                let _ = self.write(2, &menu);
            }
            let prompt = self.value("PS3").unwrap_or_else(|| "#? ".into());
            let _ = self.write(2, &prompt);
            let Some(line) = self.read_line_raw(0, Some('\n'), None).await? else {
                self.out("\n");
                return Ok(1);
            };
            let line = line.0.trim().to_owned();
            show = line.is_empty();
            if show {
                continue;
            }
            let _ = self.assign("REPLY", &line);
            let picked = line.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).and_then(|i| words.get(i));
            if self.assign(var, picked.map_or("", String::as_str)).is_err() {
                return Ok(1);
            }
            match self.list(body).await {
                Ok(s) => status = s,
                Err(f) => match loop_flow(f) {
                    Some(Ok(())) => {}
                    None => return Ok(status),
                    Some(Err(f)) => return Err(f),
                },
            }
        }
    }
    async fn case(&mut self, word: &Word, arms: &[Arm]) -> R {
        if self.option("xtrace") {
            self.trace(&format!("case {} in", word.raw)).await;
        }
        let text = self.expand_whole(word).await?;
        let mut status = 0;
        let mut fall = false;
        for arm in arms {
            let mut hit = fall;
            for p in &arm.patterns {
                if hit {
                    break;
                }
                let pat = self.expand_pattern(p).await?;
                hit = Pattern::new(&pat, true).nocase(self.is_shopt("nocasematch")).matches(&text);
            }
            if hit {
                status = self.list(&arm.body).await?;
                match arm.end {
                    ArmEnd::Break => return Ok(status),
                    ArmEnd::FallThrough => fall = true,
                    ArmEnd::TestNext => fall = false,
                }
            }
        }
        Ok(status)
    }
}

/// What a flow means for the loop it reaches: `None` ends the loop, `Some(Ok)` goes on, `Some(Err)` goes further up.
fn loop_flow(f: Flow) -> Option<Result<(), Flow>> {
    match f {
        Flow::Break(1) => None,
        Flow::Break(n) => Some(Err(Flow::Break(n - 1))),
        Flow::Continue(1) => Some(Ok(())),
        Flow::Continue(n) => Some(Err(Flow::Continue(n - 1))),
        f => Some(Err(f)),
    }
}

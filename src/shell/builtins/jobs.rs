//! `jobs`, `wait`, `fg`, `bg`, `kill`, `disown`.

use super::super::state::{Flow, Job, Mode, R, Shell};
use super::Call;
use super::control::{SIGNALS, signal, signal_list};

impl Shell {
    /// A signal to this shell itself: its trap, or what the signal does.
    async fn signalled(&mut self, sig: u32) -> R<()> {
        let name = SIGNALS.get((sig as usize).wrapping_sub(1)).map_or(String::new(), |s| format!("SIG{s}"));
        if let Some(action) = self.traps.get(&name).cloned() {
            let status = self.status;
            if !action.is_empty() {
                self.run_trap(&action).await?;
            }
            self.status = status;
            return Ok(());
        }
        let harmless =
            matches!(sig, 17 | 18 | 23 | 28) || self.mode == Mode::Interactive && matches!(sig, 2 | 3 | 15 | 20);
        if harmless { Ok(()) } else { Err(Flow::Exit(128 + sig as i32)) }
    }
    /// Takes note of jobs that have ended.
    pub fn reap(&mut self) {
        let finished = self.kernel.finished.borrow();
        let running = self.kernel.background.borrow();
        for j in &mut self.jobs {
            if j.status.is_none() {
                if let Some(s) = finished.get(&j.pid) {
                    j.status = Some(*s);
                } else if !running.iter().any(|(p, _)| *p == j.pid) && !self.kernel.polling.get() {
                    j.status = Some(0);
                }
            }
        }
    }
    fn marks(&self, id: u32) -> char {
        let mut ids: Vec<u32> = self.jobs.iter().map(|j| j.id).collect();
        ids.sort_unstable();
        match ids.iter().rev().position(|i| *i == id) {
            Some(0) => '+',
            Some(1) => '-',
            _ => ' ',
        }
    }
    fn job_line(&self, j: &Job, long: bool) -> String {
        let state = match j.status {
            None => "Running".to_owned(),
            Some(0) => "Done".into(),
            Some(129) => "Hangup".into(),
            Some(137) => "Killed".into(),
            Some(143) => "Terminated".into(),
            Some(n) => format!("Exit {n}"),
        };
        let tail = if j.status.is_none() { " &" } else { "" };
        let mark = self.marks(j.id);
        if long {
            format!("[{}]{mark} {:5} {state:<23} {}{tail}\n", j.id, j.pid, j.text)
        } else {
            format!("[{}]{mark}  {state:<23} {}{tail}\n", j.id, j.text)
        }
    }
    /// What an interactive shell says before its prompt about jobs that ended.
    pub fn notices(&mut self) -> String {
        self.reap();
        let text = self.jobs.iter().filter(|j| j.status.is_some()).map(|j| self.job_line(j, false)).collect();
        self.jobs.retain(|j| j.status.is_none());
        text
    }
    /// The job that `%1`, `%%`, `%-`, `%name` means.
    fn job_spec(&self, spec: &str) -> Option<usize> {
        let s = spec.strip_prefix('%')?;
        let mut order: Vec<usize> = (0..self.jobs.len()).collect();
        order.sort_by_key(|i| self.jobs[*i].id);
        match s {
            "" | "%" | "+" => order.last().copied(),
            "-" => order.iter().rev().nth(1).or(order.last()).copied(),
            s => match s.parse::<u32>() {
                Ok(n) => self.jobs.iter().position(|j| j.id == n),
                Err(_) => match s.strip_prefix('?') {
                    Some(part) => self.jobs.iter().position(|j| j.text.contains(part)),
                    None => self.jobs.iter().position(|j| j.text.starts_with(s)),
                },
            },
        }
    }
}

pub fn jobs(sh: &mut Shell, c: Call<'_>) -> R {
    sh.reap();
    let (mut long, mut pids) = (false, false);
    for a in c.args() {
        match a.as_str() {
            "-l" => long = true,
            "-p" => pids = true,
            "-r" | "-s" | "-n" => {}
            a if a.starts_with('-') => return sh.bad_option("jobs", a),
            spec => {
                if sh.job_spec(spec).is_none() {
                    sh.complain_as("jobs", format!("{spec}: no such job"));
                    return Ok(1);
                }
            }
        }
    }
    let mut text = String::new();
    for j in &sh.jobs {
        if pids {
            text.push_str(&format!("{}\n", j.pid));
        } else {
            text.push_str(&sh.job_line(j, long));
        }
    }
    sh.jobs.retain(|j| j.status.is_none());
    sh.say("jobs", &text)
}

/// Waits for a pid; its status.
async fn wait_pid(sh: &mut Shell, pid: u32) -> R {
    let k = sh.kernel.clone();
    k.unless_interrupted(sh.background, k.job(pid)).await.ok_or(Flow::Interrupt)?;
    let status = k.finished.borrow().get(&pid).copied().unwrap_or(127);
    Ok(status)
}

pub async fn wait(sh: &mut Shell, c: Call<'_>) -> R {
    sh.reap();
    let args: Vec<&String> = c.args().iter().filter(|a| *a != "-f" && *a != "--").collect();
    if args.first().is_some_and(|a| *a == "-n") {
        let Some(pid) = sh.jobs.first().map(|j| j.pid) else { return Ok(127) };
        let s = wait_pid(sh, pid).await?;
        sh.jobs.retain(|j| j.pid != pid);
        return Ok(s);
    }
    if args.is_empty() {
        let pids: Vec<u32> = sh.jobs.iter().filter(|j| j.status.is_none()).map(|j| j.pid).collect();
        for p in pids {
            wait_pid(sh, p).await?;
        }
        sh.reap();
        if !sh.interactive() {
            sh.jobs.clear();
        }
        return Ok(0);
    }
    let mut status = 0;
    for a in args {
        let pid = if a.starts_with('%') {
            match sh.job_spec(a) {
                Some(i) => sh.jobs[i].pid,
                None => {
                    sh.complain_as("wait", format!("{a}: no such job"));
                    status = 127;
                    continue;
                }
            }
        } else {
            match a.parse::<u32>() {
                Ok(p) => p,
                Err(_) => {
                    sh.complain_as("wait", format!("`{a}': not a pid or valid job spec"));
                    status = 1;
                    continue;
                }
            }
        };
        let known = sh.jobs.iter().any(|j| j.pid == pid)
            || sh.kernel.finished.borrow().contains_key(&pid)
            || sh.kernel.background.borrow().iter().any(|(p, _)| *p == pid);
        if !known {
            sh.complain_as("wait", format!("pid {pid} is not a child of this shell"));
            status = 127;
            continue;
        }
        status = wait_pid(sh, pid).await?;
        sh.jobs.retain(|j| j.pid != pid);
    }
    Ok(status)
}

pub async fn fg(sh: &mut Shell, c: Call<'_>) -> R {
    if !sh.interactive() {
        sh.complain_as("fg", "no job control");
        return Ok(1);
    }
    sh.reap();
    let spec =
        c.args().first().map_or("%%".to_owned(), |a| if a.starts_with('%') { a.clone() } else { format!("%{a}") });
    let Some(i) = sh.job_spec(&spec) else {
        let shown = c.args().first().map_or("current", String::as_str);
        sh.complain_as("fg", format!("{shown}: no such job"));
        return Ok(1);
    };
    let job = sh.jobs[i].clone();
    sh.say("fg", &format!("{}\n", job.text))?;
    let future = {
        let mut all = sh.kernel.background.borrow_mut();
        all.iter().position(|(p, _)| *p == job.pid).map(|at| all.remove(at).1)
    };
    sh.jobs.retain(|j| j.pid != job.pid);
    match future {
        Some(f) => {
            let k = sh.kernel.clone();
            k.unless_interrupted(sh.background, f).await.ok_or(Flow::Interrupt)
        }
        None => Ok(job.status.unwrap_or(0)),
    }
}

pub async fn bg(sh: &mut Shell, c: Call<'_>) -> R {
    if !sh.interactive() {
        sh.complain_as("bg", "no job control");
        return Ok(1);
    }
    sh.reap();
    let spec = c.args().first().cloned().unwrap_or_else(|| "%%".into());
    match sh.job_spec(&spec) {
        Some(i) => {
            let id = sh.jobs[i].id;
            sh.complain_as("bg", format!("job {id} already in background"));
            Ok(0)
        }
        None => {
            let shown = c.args().first().map_or("current", String::as_str);
            sh.complain_as("bg", format!("{shown}: no such job"));
            Ok(1)
        }
    }
}

pub fn disown(sh: &mut Shell, c: Call<'_>) -> R {
    sh.reap();
    let args: Vec<&String> = c.args().iter().filter(|a| !a.starts_with('-')).collect();
    if args.is_empty() {
        if c.args().iter().any(|a| a == "-a") {
            sh.jobs.clear();
            return Ok(0);
        }
        match sh.job_spec("%%") {
            Some(i) => {
                sh.jobs.remove(i);
                return Ok(0);
            }
            None => {
                sh.complain_as("disown", "current: no such job");
                return Ok(1);
            }
        }
    }
    for a in args {
        match sh.job_spec(a).or_else(|| sh.jobs.iter().position(|j| j.pid.to_string() == **a)) {
            Some(i) => {
                sh.jobs.remove(i);
            }
            None => {
                sh.complain_as("disown", format!("{a}: no such job"));
                return Ok(1);
            }
        }
    }
    Ok(0)
}

pub async fn kill(sh: &mut Shell, c: Call<'_>) -> R {
    let mut args = c.args().to_vec();
    let mut sig = 15;
    match args.first().map(String::as_str) {
        None => {
            sh.usage("kill");
            return Ok(2);
        }
        Some("-l" | "-L") => return list(sh, &args[1..]),
        Some("-s" | "-n") => {
            let Some(name) = args.get(1).cloned() else {
                sh.complain_as("kill", format!("{}: option requires an argument", args[0]));
                return Ok(1);
            };
            let Some(n) = signal(&name) else {
                sh.complain_as("kill", format!("{name}: invalid signal specification"));
                return Ok(1);
            };
            sig = n;
            args.drain(..2);
        }
        Some("--") => {
            args.remove(0);
        }
        Some(a) if a.starts_with('-') && a.len() > 1 => {
            let Some(n) = signal(&a[1..]) else {
                sh.complain_as("kill", format!("{}: invalid signal specification", &a[1..]));
                return Ok(1);
            };
            sig = n;
            args.remove(0);
        }
        _ => {}
    }
    if args.is_empty() {
        sh.usage("kill");
        return Ok(2);
    }
    let mut status = 0;
    for a in &args {
        let pid = match sh.job_spec(a) {
            Some(i) => i64::from(sh.jobs[i].pid),
            None if a.starts_with('%') => {
                sh.complain_as("kill", format!("{a}: no such job"));
                status = 1;
                continue;
            }
            None => match a.parse::<i64>() {
                Ok(p) => p,
                Err(_) => {
                    sh.complain_as("kill", format!("{a}: arguments must be process or job IDs"));
                    status = 1;
                    continue;
                }
            },
        };
        let at = sh.kernel.background.borrow().iter().position(|(p, _)| i64::from(*p) == pid);
        if let Some(at) = at {
            if sig != 0 {
                let dropped = sh.kernel.background.borrow_mut().remove(at);
                sh.kernel.finished.borrow_mut().insert(dropped.0, 128 + sig as i32);
                drop(dropped);
            }
            continue;
        }
        if pid == i64::from(sh.pid) {
            if sig != 0 {
                sh.signalled(sig).await?;
            }
            continue;
        }
        // A process of the host: kill(1) knows what a signal does to it.
        if let Some(p) = crate::command::program("kill") {
            let name = SIGNALS.get((sig as usize).wrapping_sub(1)).map_or("0".to_owned(), |s| (*s).to_owned());
            let mut ctx = sh.ctx(vec!["kill".into(), format!("-{name}"), "--".into(), a.clone()], sh.pid);
            let err = std::rc::Rc::new(std::cell::RefCell::new(std::collections::VecDeque::new()));
            ctx.io.fds.insert(2, crate::command::io::Fd::Memory(err.clone()));
            if (p.start)(&mut ctx).await != 0 {
                let data: Vec<u8> = err.borrow().iter().copied().collect();
                let text = String::from_utf8_lossy(&data);
                let why = text.trim_end().rsplit(": ").next().unwrap_or("No such process").to_owned();
                sh.complain_as("kill", format!("({a}) - {why}"));
                status = 1;
            }
            continue;
        }
        sh.complain_as("kill", format!("({a}) - No such process"));
        status = 1;
    }
    Ok(status)
}

fn list(sh: &Shell, args: &[String]) -> R {
    if args.is_empty() {
        return sh.say("kill", &signal_list());
    }
    let mut status = 0;
    for a in args {
        let text = match a.parse::<u32>() {
            Ok(n) => {
                let n = if n > 128 { n - 128 } else { n };
                SIGNALS.get((n as usize).wrapping_sub(1)).map(|s| (*s).to_owned())
            }
            Err(_) => signal(a).map(|n| n.to_string()),
        };
        match text {
            Some(t) => {
                sh.say("kill", &(t + "\n"))?;
            }
            None => {
                sh.complain_as("kill", format!("{a}: invalid signal specification"));
                status = 1;
            }
        }
    }
    Ok(status)
}

//! The explanations of `journalctl -x` for what systemd says of units.

use crate::log::systemd::{Exit, Systemd, Which};
use crate::log::{Event, Record};

const SUPPORT: &str = "Defined-By: systemd\nSupport: https://www.debian.org/support\n\n";

/// The text under a line, without the marks before it.
pub fn explain(r: &Record) -> Option<String> {
    let Event::Systemd(e) = &r.event else { return None };
    // Job numbers are not kept: one follows from the instant.
    let job = 1_000 + r.time.secs().rem_euclid(3_000);
    let unit = e.unit();
    Some(match e {
        Systemd::Starting(_) => format!(
            "Subject: A start job for unit {unit} has begun execution\n{SUPPORT}A start job for unit {unit} has begun \
             execution.\n\nThe job identifier is {job}."
        ),
        Systemd::Started(_) | Systemd::Finished(_) => format!(
            "Subject: A start job for unit {unit} has finished successfully\n{SUPPORT}A start job for unit {unit} has \
             finished successfully.\n\nThe job identifier is {job}."
        ),
        Systemd::FailedToStart(_) => format!(
            "Subject: A start job for unit {unit} has failed\n{SUPPORT}A start job for unit {unit} has finished with a \
             failure.\n\nThe job identifier is {job} and the job result is failed."
        ),
        Systemd::Stopping(_) => format!(
            "Subject: A stop job for unit {unit} has begun execution\n{SUPPORT}A stop job for unit {unit} has begun \
             execution.\n\nThe job identifier is {job}."
        ),
        Systemd::Stopped(_) => format!(
            "Subject: A stop job for unit {unit} has finished\n{SUPPORT}A stop job for unit {unit} has finished.\n\nThe \
             job identifier is {job} and the job result is done."
        ),
        Systemd::Reloading(_) => format!(
            "Subject: A reload job for unit {unit} has begun execution\n{SUPPORT}A reload job for unit {unit} has begun \
             execution.\n\nThe job identifier is {job}."
        ),
        Systemd::Reloaded(_) => format!(
            "Subject: A reload job for unit {unit} has finished\n{SUPPORT}A reload job for unit {unit} has \
             finished.\n\nThe job identifier is {job} and the job result is done."
        ),
        Systemd::Deactivated { .. } => {
            format!("Subject: Unit succeeded\n{SUPPORT}The unit {unit} has successfully entered the 'dead' state.")
        }
        Systemd::FailedResult { result, .. } => format!(
            "Subject: Unit failed\n{SUPPORT}The unit {unit} has entered the 'failed' state with result '{result}'."
        ),
        Systemd::ScheduledRestart { .. } => format!(
            "Subject: Automatic restarting of a unit has been scheduled\n{SUPPORT}Automatic restarting of the unit {unit} \
             has been scheduled, as the result for\nthe configured Restart= setting for the unit."
        ),
        Systemd::ProcessExited { which, exit, .. } => {
            let setting = if *which == Which::Main { "ExecStart" } else { "ExecStop" };
            let (code, status) = match exit {
                Exit::Status(s) => ("exited", s),
                Exit::Signal(s) => ("killed", s),
            };
            format!(
                "Subject: Unit process exited\n{SUPPORT}An {setting}= process belonging to unit {unit} has exited.\n\nThe \
                 process' exit code is '{code}' and its exit status is {status}."
            )
        }
        _ => return None,
    })
}

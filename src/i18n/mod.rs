//! The words of the interface: one catalogue a language, every key in each. Nothing a simulated program prints.
//!
//! A new language is one file beside [`es`] and [`en`] and an arm in [`of`].

mod en;
mod es;

use crate::base::Lang;
use std::fmt::Display;

macro_rules! catalogue {
    ($($(#[$doc:meta])* $key:ident),* $(,)?) => {
        /// All words of one language. `{0}`, `{1}` stand for what [`fill`] puts in.
        #[derive(Debug)]
        pub struct Catalogue { $($(#[$doc])* pub $key: &'static str),* }
        impl Catalogue {
            /// Key and text, in the order of the keys.
            pub fn entries(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($key), self.$key)),*]
            }
        }
    };
}

catalogue! {
    // The start screen.
    start_head, start_level, start_minutes, mode_learn, mode_exam, seed, notice_from, you_are_root,
    map_internet, map_queue, map_mailbox,
    work_label, work_1, work_2, work_3, work_order, work_order_exam,
    pass_label, pass_1, pass_2, cost_label, cost_1, cost_exam, free_label, free_1, free_exam,
    begin_label, help_label, help_1, help_exam, leave_label, leave_1,
    // The word `lab`.
    lab_help, lab_help_exam, lab_unknown, lab_not_in_exam, lab_did_you_mean,
    hint_offer, hint_price, hint_paid, hint_none, hint_ask, hint_not_taken, hint_skipped,
    mark_what, mark_short, mark_done, mark_unseen,
    undo_done, undo_nothing, undo_nothing_here, undo_what, fork_again, back_again, undo_spent, fork_done, fork_deep, back_done, back_none, fork_prompt,
    time_now, time_played, man_what, man_none, man_see,
    check_head, check_holds, check_not_yet, check_in_fork, check_no_goals, check_keeps, check_diagnosis_open, check_diagnosis_done,
    map_seen, map_unseen, map_none, map_here, map_gone,
    submit_in_fork, quit_saved, ended, resumed,
    // The diagnosis.
    dx_about, dx_keys, dx_evidence, dx_seen_at, dx_is_it, dx_unseen, dx_code, dx_class, dx_enhanced, dx_by, dx_action,
    dx_who, dx_cause, dx_cause_search, dx_cause_none, dx_deliver, dx_deliver_more, dx_noted, dx_noted_again, dx_draft,
    dx_open, dx_empty, dx_help, dx_yes, dx_no_code, dx_explain_evidence, dx_explain_code, dx_explain_enhanced, dx_explain_by,
    dx_explain_action, dx_explain_who, dx_explain_cause, dx_explain_is_it, dx_explain_deliver,
    dx_how_many, dx_quote_bears_not,
    err_flag, err_value, err_short, err_many, err_code, err_enhanced, err_choice, err_cause, err_cause_near,
    // The report.
    report_head, report_head_unknown, silent, student_word, lines_one, hints_one, passed, not_passed, grade_word, minutes_word, lines_word, hints_word, line_ref, lines_ref, line_seen,
    part_verdict, part_cause, part_evidence, part_repair, part_harm, part_hints,
    field_code, field_enhanced, field_by, field_action, field_who, field_cause,
    said_half, said_wrong, said_open, later_half, table_word, erratum_word,
    bears, no_quote, quote_bears_not, no_diagnosis, ruled_out, not_ruled_out, rival_silent, rival_tells, rival_none, after_change,
    goal_holds, goal_not, goal_not_after_restart, goals_were_there, no_harm, keep_broken,
    harm_queue, harm_mailbox, harm_relay, harm_outage, harm_irreversible,
    hints_row, hint_row_item, why_not_passed, why_cause, why_goals, why_harm, why_broken, why_sixty,
    path_word, path_same, path_part, path_all, path_expert, belief_word, now_word, again_word, disclaimer,
    nothing_to_repair, needless_change, submitted_by_end,
    page_timeline, page_mail, page_command, page_table, page_yours, page_right,
    unreadable_empty, unreadable_head, unreadable_format, unreadable_line, not_gradable_hash, not_gradable_version, not_gradable_lab,
}

/// The catalogue of a language.
pub fn of(lang: Lang) -> &'static Catalogue {
    match lang {
        Lang::Es => &es::ES,
        Lang::En => &en::EN,
    }
}

/// Puts values in the place of `{0}`, `{1}`…
pub fn fill(template: &str, values: &[&dyn Display]) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        let number = tail.find('}').and_then(|e| tail[..e].parse::<usize>().ok().map(|n| (n, e)));
        if let Some((n, e)) = number {
            if let Some(v) = values.get(n) {
                out.push_str(&v.to_string());
            }
            rest = &tail[e + 1..];
        } else {
            out.push('{');
            rest = tail;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_there_with_the_same_places() {
        let places = |s: &str| {
            let mut p: Vec<String> = (0..9).map(|n| format!("{{{n}}}")).filter(|m| s.contains(m)).collect();
            p.sort();
            p
        };
        for ((key, es), (_, en)) in of(Lang::Es).entries().into_iter().zip(of(Lang::En).entries()) {
            assert!(!es.is_empty() && !en.is_empty(), "{key}");
            assert_eq!(places(es), places(en), "{key}");
        }
    }

    #[test]
    fn values_are_put_in() {
        assert_eq!(fill("a {1} b {0} {x} {", &[&1, &"z"]), "a z b 1 {x} {");
    }
}

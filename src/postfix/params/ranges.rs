//! The least and the greatest value that a program takes for a number or a time. A table of rows.

use crate::log::config::Config as Fault;

/// Parameters that may not be zero (or less).
const POSITIVE: &[&str] = &[
    "address_verify_negative_expire_time",
    "address_verify_negative_refresh_time",
    "address_verify_poll_count",
    "address_verify_poll_delay",
    "address_verify_positive_expire_time",
    "address_verify_positive_refresh_time",
    "anvil_rate_time_unit",
    "anvil_status_update_time",
    "application_event_drain_time",
    "berkeley_db_create_buffer_size",
    "berkeley_db_read_buffer_size",
    "bounce_size_limit",
    "command_time_limit",
    "daemon_timeout",
    "debug_peer_level",
    "default_process_limit",
    "deliver_lock_attempts",
    "deliver_lock_delay",
    "fast_flush_purge_time",
    "fast_flush_refresh_time",
    "fork_attempts",
    "fork_delay",
    "hash_queue_depth",
    "header_address_token_limit",
    "header_size_limit",
    "hopcount_limit",
    "ipc_idle",
    "ipc_timeout",
    "ipc_ttl",
    "lmdb_map_size",
    "max_idle",
    "max_use",
    "maximal_backoff_time",
    "milter_command_timeout",
    "milter_connect_timeout",
    "milter_content_timeout",
    "mime_boundary_length_limit",
    "mime_nesting_limit",
    "minimal_backoff_time",
    "qmgr_daemon_timeout",
    "qmgr_message_active_limit",
    "qmgr_message_recipient_limit",
    "qmgr_message_recipient_minimum",
    "queue_run_delay",
    "service_throttle_time",
    "smtp_data_done_timeout",
    "smtp_data_init_timeout",
    "smtp_data_xfer_timeout",
    "smtp_helo_timeout",
    "smtp_mail_timeout",
    "smtp_quit_timeout",
    "smtp_rcpt_timeout",
    "smtp_rset_timeout",
    "smtp_starttls_timeout",
    "smtpd_hard_error_limit",
    "smtpd_junk_command_limit",
    "smtpd_policy_service_max_idle",
    "smtpd_policy_service_max_ttl",
    "smtpd_policy_service_retry_delay",
    "smtpd_policy_service_timeout",
    "smtpd_policy_service_try_limit",
    "smtpd_proxy_timeout",
    "smtpd_recipient_limit",
    "smtpd_recipient_overshoot_limit",
    "smtpd_soft_error_limit",
    "smtpd_starttls_timeout",
    "smtpd_timeout",
    "stale_lock_time",
    "tls_random_bytes",
    "transport_retry_time",
    "trigger_timeout",
    "virtual_alias_address_length_limit",
    "virtual_alias_expansion_limit",
    "virtual_alias_recursion_limit",
    "virtual_minimum_uid",
];

/// Other bounds: the least value (zero: none) and the greatest (zero: none).
const OTHERS: &[(&str, i64, i64)] = &[
    ("bounce_queue_lifetime", 0, 8_640_000),
    ("delay_logging_resolution_limit", 0, 6),
    ("in_flow_delay", 0, 10),
    ("line_length_limit", 512, 0),
    ("maximal_queue_lifetime", 0, 8_640_000),
];

/// What is said of a value outside its bounds.
pub fn range_fault(name: &str, value: i64, time: bool) -> Vec<Fault> {
    let row = OTHERS.iter().find(|r| r.0 == name);
    let (min, max) = row.map_or((i64::from(POSITIVE.binary_search(&name).is_ok()), 0), |r| (r.1, r.2));
    let name = name.to_owned();
    let (low, high) = (min != 0 && value < min, max != 0 && value > max);
    let fault = match (low, high, time) {
        (true, _, true) => Fault::TimeTooSmall { name, value, min },
        (true, _, false) => Fault::TooSmall { name, value, min },
        (_, true, true) => Fault::TimeTooLarge { name, value, max },
        (_, true, false) => Fault::TooLarge { name, value, max },
        _ => return Vec::new(),
    };
    vec![fault]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Message;

    #[test]
    fn bounds() {
        assert!(POSITIVE.is_sorted());
        for (name, value, time, said) in [
            ("smtpd_hard_error_limit", 0, false, "fatal: invalid smtpd_hard_error_limit parameter value 0 < 1"),
            ("smtpd_hard_error_limit", 1, false, ""),
            ("smtpd_timeout", 0, true, "fatal: invalid smtpd_timeout: 0 (min 1)"),
            ("in_flow_delay", 11, true, "fatal: invalid in_flow_delay: 11 (max 10)"),
            ("message_size_limit", -1, false, ""),
        ] {
            assert_eq!(range_fault(name, value, time).iter().map(Message::text).collect::<String>(), said);
        }
    }
}

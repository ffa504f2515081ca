//! Every restriction of postconf(5), sorted by name. A table of rows.

use super::{Call, Check, Outcome};
use super::{client, destination, dnsbl, generic, helo, policy, recipient, sender, server, unlisted, unverified};

/// What has to follow a restriction in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arg {
    None,
    /// `type:table`.
    Map,
    /// A DNS list.
    Domain,
    /// `transport:server`.
    Server,
    Number,
}

/// A restriction.
pub struct Row {
    pub name: &'static str,
    pub arg: Arg,
    pub run: fn(&mut Check<'_>, &Call<'_>) -> Outcome,
}

macro_rules! rows {
    ($($name:ident $arg:ident $module:ident::$run:ident),* $(,)?) => {
        /// All restrictions, sorted.
        pub const ROWS: &[Row] = &[$(Row { name: stringify!($name), arg: Arg::$arg, run: $module::$run }),*];
    };
}

rows! {
    check_ccert_access Map client::check_ccert_access,
    check_client_a_access Map server::check_client_a_access,
    check_client_access Map client::check_client_access,
    check_client_mx_access Map server::check_client_mx_access,
    check_client_ns_access Map server::check_client_ns_access,
    check_etrn_access Map recipient::check_etrn_access,
    check_helo_a_access Map server::check_helo_a_access,
    check_helo_access Map helo::check_helo_access,
    check_helo_mx_access Map server::check_helo_mx_access,
    check_helo_ns_access Map server::check_helo_ns_access,
    check_policy_service Server policy::check_policy_service,
    check_recipient_a_access Map server::check_recipient_a_access,
    check_recipient_access Map recipient::check_recipient_access,
    check_recipient_maps None unlisted::reject_unlisted_recipient,
    check_recipient_mx_access Map server::check_recipient_mx_access,
    check_recipient_ns_access Map server::check_recipient_ns_access,
    check_relay_domains None destination::check_relay_domains,
    check_reverse_client_hostname_a_access Map server::check_reverse_client_hostname_a_access,
    check_reverse_client_hostname_access Map client::check_reverse_client_hostname_access,
    check_reverse_client_hostname_mx_access Map server::check_reverse_client_hostname_mx_access,
    check_reverse_client_hostname_ns_access Map server::check_reverse_client_hostname_ns_access,
    check_sasl_access Map client::check_sasl_access,
    check_sender_a_access Map server::check_sender_a_access,
    check_sender_access Map sender::check_sender_access,
    check_sender_mx_access Map server::check_sender_mx_access,
    check_sender_ns_access Map server::check_sender_ns_access,
    defer None generic::defer,
    defer_if_permit None generic::defer_if_permit,
    defer_if_reject None generic::defer_if_reject,
    defer_unauth_destination None destination::defer_unauth_destination,
    permit None generic::permit,
    permit_auth_destination None destination::permit_auth_destination,
    permit_dnswl_client Domain dnsbl::permit_dnswl_client,
    permit_inet_interfaces None client::permit_inet_interfaces,
    permit_mx_backup None destination::permit_mx_backup,
    permit_mynetworks None client::permit_mynetworks,
    permit_naked_ip_address None helo::permit_naked_ip_address,
    permit_rhswl_client Domain dnsbl::permit_rhswl_client,
    permit_sasl_authenticated None client::permit_sasl_authenticated,
    permit_tls_all_clientcerts None client::permit_tls_all_clientcerts,
    permit_tls_clientcerts None client::permit_tls_clientcerts,
    reject None generic::reject_all,
    reject_authenticated_sender_login_mismatch None sender::reject_authenticated_sender_login_mismatch,
    reject_invalid_helo_hostname None helo::reject_invalid_helo_hostname,
    reject_invalid_hostname None helo::reject_invalid_helo_hostname,
    reject_known_sender_login_mismatch None sender::reject_known_sender_login_mismatch,
    reject_maps_rbl None dnsbl::reject_maps_rbl,
    reject_multi_recipient_bounce None recipient::reject_multi_recipient_bounce,
    reject_non_fqdn_helo_hostname None helo::reject_non_fqdn_helo_hostname,
    reject_non_fqdn_hostname None helo::reject_non_fqdn_helo_hostname,
    reject_non_fqdn_recipient None recipient::reject_non_fqdn_recipient,
    reject_non_fqdn_sender None sender::reject_non_fqdn_sender,
    reject_plaintext_session None generic::reject_plaintext_session,
    reject_rbl Domain dnsbl::reject_rbl_client,
    reject_rbl_client Domain dnsbl::reject_rbl_client,
    reject_rhsbl_client Domain dnsbl::reject_rhsbl_client,
    reject_rhsbl_helo Domain dnsbl::reject_rhsbl_helo,
    reject_rhsbl_recipient Domain dnsbl::reject_rhsbl_recipient,
    reject_rhsbl_reverse_client Domain dnsbl::reject_rhsbl_reverse_client,
    reject_rhsbl_sender Domain dnsbl::reject_rhsbl_sender,
    reject_sender_login_mismatch None sender::reject_sender_login_mismatch,
    reject_unauth_destination None destination::reject_unauth_destination,
    reject_unauth_pipelining None generic::reject_unauth_pipelining,
    reject_unauthenticated_sender_login_mismatch None sender::reject_unauthenticated_sender_login_mismatch,
    reject_unknown_address None sender::reject_unknown_sender_domain,
    reject_unknown_client None client::reject_unknown_client_hostname,
    reject_unknown_client_hostname None client::reject_unknown_client_hostname,
    reject_unknown_helo_hostname None helo::reject_unknown_helo_hostname,
    reject_unknown_hostname None helo::reject_unknown_helo_hostname,
    reject_unknown_recipient_domain None recipient::reject_unknown_recipient_domain,
    reject_unknown_reverse_client_hostname None client::reject_unknown_reverse_client_hostname,
    reject_unknown_sender_domain None sender::reject_unknown_sender_domain,
    reject_unlisted_recipient None unlisted::reject_unlisted_recipient,
    reject_unlisted_sender None unlisted::reject_unlisted_sender,
    reject_unverified_recipient None unverified::reject_unverified_recipient,
    reject_unverified_sender None unverified::reject_unverified_sender,
    sleep Number generic::sleep,
}

/// Looks a name up; case does not matter.
pub fn find(name: &str) -> Option<&'static Row> {
    let find = |name: &str| ROWS.binary_search_by(|r| r.name.cmp(name)).ok().map(|i| &ROWS[i]);
    find(name).or_else(|| find(&name.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn sorted_and_found() {
        assert!(super::ROWS.windows(2).all(|w| w[0].name < w[1].name));
        assert!(super::find("Reject_Unauth_Destination").is_some());
        assert!(super::find("rejectt").is_none());
    }
}

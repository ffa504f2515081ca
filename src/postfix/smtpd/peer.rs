//! The client's name: PTR, and whether the name leads back to the address (smtpd_peer.c).

use super::Session;
use crate::base::{Span, text};
use crate::host::dns::Answer;
use crate::log::smtpd::Smtpd;
use crate::postfix::Ctx;
use crate::postfix::params::param;
use crate::postfix::restriction::NameStatus;
use crate::postfix::valid_hostname;
use std::net::IpAddr;

/// The name under which an address is asked for.
pub(super) fn ptr_name(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(a) => {
            let [a, b, c, d] = a.octets();
            text::ip([d, c, b, a].into()) + ".in-addr.arpa"
        }
        IpAddr::V6(a) => {
            let mut s = String::new();
            for b in a.octets().iter().rev() {
                s += &format!("{:x}.{:x}.", b & 15, b >> 4);
            }
            s + "ip6.arpa"
        }
    }
}

impl Session {
    pub(super) fn look_up_peer(&mut self, ctx: &mut Ctx<'_>, number: u64) {
        let ip = self.client;
        let s = &mut self.state;
        s.addr = text::ip(ip);
        let mut which = s.addr.clone() + "/";
        text::put_number(&mut which, number);
        s.port = ctx.host.chance.between("smtpd.port", &which, 32_768, 60_999).to_string();
        s.server_addr = text::ip(self.server);
        s.server_port = if self.service == "submission" { "587".into() } else { "25".into() };
        s.name = "unknown".into();
        s.reverse_name = "unknown".into();
        if !self.flag(param!("smtpd_peername_lookup")) {
            self.state.name_status = NameStatus::Permanent;
            self.state.reverse_name_status = NameStatus::Permanent;
            return;
        }
        let listed = ctx.host.hosts().iter().find(|(a, _)| *a == ip).and_then(|(_, n)| n.first().cloned());
        let name = match listed {
            Some(n) => n,
            None => match ctx.host.dns.query(&ptr_name(ip), "PTR") {
                Answer::Data(v) => v[0].trim_end_matches('.').to_owned(),
                Answer::NxDomain | Answer::NoData => return self.no_name(NameStatus::Permanent),
                Answer::Timeout => {
                    self.delay = self.delay + Span::secs(20);
                    return self.no_name(NameStatus::Temporary);
                }
                _ => return self.no_name(NameStatus::Temporary),
            },
        };
        if !valid_hostname::hostname(&name) {
            return self.no_name(NameStatus::Permanent);
        }
        self.state.reverse_name.clone_from(&name);
        self.state.reverse_name_status = NameStatus::Ok;
        let mut addrs = ctx.host.hosts_of(&name);
        let mut temporary = false;
        if addrs.is_empty() {
            for t in ["A", "AAAA"] {
                match ctx.host.dns.query(&name, t) {
                    Answer::Data(v) => addrs.extend(v.iter().filter_map(|a| a.parse::<IpAddr>().ok())),
                    Answer::ServFail | Answer::Timeout | Answer::Refused => temporary = true,
                    _ => {}
                }
            }
        }
        if addrs.contains(&ip) {
            self.state.name = name;
            self.state.name_status = NameStatus::Ok;
            return;
        }
        let error = addrs.is_empty().then(|| {
            if temporary { "Temporary failure in name resolution" } else { "Name or service not known" }.to_owned()
        });
        self.state.name_status = match (addrs.is_empty(), temporary) {
            (true, true) => NameStatus::Temporary,
            (true, false) => NameStatus::Permanent,
            (false, _) => NameStatus::Forged,
        };
        let addr = self.state.addr.clone();
        self.log(ctx, Smtpd::HostnameMismatch { name, addr, error });
    }

    fn no_name(&mut self, status: NameStatus) {
        self.state.name_status = status;
        self.state.reverse_name_status = status;
    }
}

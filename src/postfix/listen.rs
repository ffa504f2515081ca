//! Where the inet services of master.cf listen: `inet_interfaces`, `inet_protocols`, explicit endpoints.

use super::config::Config;
use super::master_cf::{Service, Type};
use crate::host::Host;
use crate::host::dns::Answer;
use crate::host::net::{Listener, Proto};
use crate::log::master::{EntryFault, MasterFatal};
use crate::postfix::params::param;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which families `inet_protocols` asks for: IPv4, IPv6.
pub fn protocols(conf: &Config) -> (bool, bool) {
    let list = conf.list(param!("inet_protocols"));
    let has = |n: &str| list.iter().any(|w| w.eq_ignore_ascii_case(n));
    (has("all") || has("ipv4"), has("all") || has("ipv6"))
}

/// The port of a service name or number, by `/etc/services` and the ports that Postfix knows.
pub fn port(host: &Host, name: &str) -> Option<u16> {
    if let Ok(n) = name.parse() {
        return Some(n);
    }
    let known = [("smtp", 25), ("submission", 587), ("submissions", 465), ("smtps", 465), ("lmtp", 24)];
    let file = host.fs.read_text("/etc/services").unwrap_or_default();
    let listed = file.lines().find_map(|l| {
        let mut w = l.split('#').next().unwrap_or("").split_whitespace();
        let (service, port) = (w.next()?, w.next()?);
        let (number, proto) = port.split_once('/')?;
        (proto == "tcp" && (service == name || w.any(|alias| alias == name))).then(|| number.parse().ok())?
    });
    listed.or_else(|| known.iter().find(|(n, _)| *n == name).map(|(_, p)| *p))
}

/// Addresses of a name: the hosts file, then DNS.
fn lookup(host: &Host, name: &str, v4: bool, v6: bool) -> Vec<IpAddr> {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let mut found: Vec<IpAddr> = Vec::new();
    if let Ok(ip) = bare.parse() {
        found.push(ip);
    } else {
        found = host.hosts_of(bare);
        if found.is_empty() {
            for t in ["A", "AAAA"] {
                if let Answer::Data(v) = host.dns.query(bare, t) {
                    found.extend(v.iter().filter_map(|a| a.parse::<IpAddr>().ok()));
                }
            }
        }
    }
    found.retain(|ip| if ip.is_ipv4() { v4 } else { v6 });
    found
}

/// The addresses that `inet_interfaces` names. `None`: all of them, by wildcard.
pub fn interfaces(host: &Host, conf: &Config) -> Option<Vec<IpAddr>> {
    let (v4, v6) = protocols(conf);
    let list = conf.list(param!("inet_interfaces"));
    if list.iter().any(|w| w == "all") {
        return None;
    }
    let mut out = Vec::new();
    for word in list.iter() {
        let found = if word == "loopback-only" {
            let all = host.net.interfaces.iter().flat_map(|(_, nets)| nets.iter().map(ipnet::IpNet::addr));
            all.filter(|ip| ip.is_loopback() && if ip.is_ipv4() { v4 } else { v6 }).collect()
        } else {
            lookup(host, word, v4, v6)
        };
        for ip in found {
            if !out.contains(&ip) {
                out.push(ip);
            }
        }
    }
    Some(out)
}

/// The endpoints of an inet service: addresses and port.
pub fn endpoints(host: &Host, conf: &Config, path: &str, s: &Service) -> Result<Vec<(IpAddr, u16)>, MasterFatal> {
    let (v4, v6) = protocols(conf);
    let fault =
        || MasterFatal::Entry { path: path.to_owned(), line: s.line, fault: EntryFault::BadEndpoint(s.name.clone()) };
    let (addr, service) = match s.name.strip_prefix('[') {
        Some(r) => {
            let (a, rest) = r.split_once(']').ok_or_else(fault)?;
            (Some(a), rest.strip_prefix(':').ok_or_else(fault)?)
        }
        None => match s.name.rsplit_once(':') {
            Some(("", p)) => (None, p),
            Some((a, p)) => (Some(a), p),
            None => (None, s.name.as_str()),
        },
    };
    let unknown = |host: &str| MasterFatal::Service { host: host.to_owned(), service: service.to_owned() };
    let ips = match addr {
        Some(a) => {
            let numeric = a.bytes().all(|c| c.is_ascii_digit() || c == b'.');
            if a.is_empty() || (numeric && a.parse::<Ipv4Addr>().is_err()) {
                return Err(fault());
            }
            let found = lookup(host, a, v4, v6);
            if found.is_empty() {
                let fault = EntryFault::NoAddress(s.name.clone());
                return Err(MasterFatal::Entry { path: path.to_owned(), line: s.line, fault });
            }
            found
        }
        None => interfaces(host, conf).unwrap_or_else(|| {
            let mut all: Vec<IpAddr> = Vec::new();
            if v4 {
                all.push(Ipv4Addr::UNSPECIFIED.into());
            }
            if v6 {
                all.push(Ipv6Addr::UNSPECIFIED.into());
            }
            all
        }),
    };
    let first = ips.first().map_or_else(|| "0.0.0.0".to_owned(), IpAddr::to_string);
    let Some(port) = port(host, service) else { return Err(unknown(addr.unwrap_or(&first))) };
    Ok(ips.into_iter().map(|ip| (ip, port)).collect())
}

/// Opens the sockets of all inet services. `Err`: one of them is taken, or has no address; none is open then.
pub fn open(host: &mut Host, conf: &Config, path: &str, services: &[Service], pid: u32) -> Result<(), MasterFatal> {
    let mut opened: Vec<Listener> = Vec::new();
    // The descriptors below are master's own; each service has a pair for its children's status, too.
    let mut fd = 13;
    for s in services {
        let mut count = 0;
        if s.kind == Type::Inet {
            for (ip, port) in endpoints(host, conf, path, s)? {
                let taken = |l: &Listener| {
                    let same =
                        l.ip == ip || l.ip.is_ipv4() == ip.is_ipv4() && (l.ip.is_unspecified() || ip.is_unspecified());
                    l.proto == Proto::Tcp && l.port == port && same
                };
                if host.net.listeners.iter().chain(&opened).any(taken) {
                    let error = "Address already in use".to_owned();
                    return Err(MasterFatal::Bind { address: ip.to_string(), port, error });
                }
                if !ip.is_unspecified() && !host.net.is_local(ip) {
                    let error = "Cannot assign requested address".to_owned();
                    return Err(MasterFatal::Bind { address: ip.to_string(), port, error });
                }
                opened.push(Listener {
                    proto: Proto::Tcp,
                    ip,
                    port,
                    pid,
                    comm: "master".into(),
                    fd: fd + count,
                    backlog: 100,
                    owner: format!("postfix:{}", s.key),
                });
                count += 1;
            }
        } else {
            count = 1;
        }
        fd += count + 3;
    }
    host.net.listeners.extend(opened);
    Ok(())
}

/// How many sockets a service listens on (`-s` of its processes).
pub fn sockets(host: &Host, service: &str) -> usize {
    let owner = format!("postfix:{service}");
    host.net.listeners.iter().filter(|l| l.owner == owner).count()
}

/// Closes every socket of master(8).
pub fn close(host: &mut Host) {
    host.net.listeners.retain(|l| !l.owner.starts_with("postfix:"));
    host.net.unix.retain(|l| !l.owner.starts_with("postfix:"));
}

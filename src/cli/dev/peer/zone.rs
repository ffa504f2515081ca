//! The DNS names that Postfix's restriction tests ask for.

use crate::host::dns::{Answer, Zone};

const ZONE: &str = "
porcupine.org MX 10 spike.porcupine.org
porcupine.org MX 30 vz.porcupine.org
porcupine.org MX 30 m1.porcupine.org
porcupine.org NS ns.porcupine.org
ns.porcupine.org A 168.100.3.75
vz.porcupine.org A 168.100.3.6
m1.porcupine.org A 168.100.3.7
spike.porcupine.org A 168.100.3.2
spike.porcupine.org AAAA 2604:8d00:189::2
fist.porcupine.org A 168.100.3.4
nullmx.porcupine.org MX 0 .
nullmx.porcupine.org A 168.100.3.13
xn--1xa.porcupine.org MX 10 spike.porcupine.org
www.porcupine.org MX 10 spike.porcupine.org
www.porcupine.org A 168.100.3.9
maildaemon.org NS ns.porcupine.org
postfix.org MX 10 mail.postfix.org
mail.postfix.org A 192.0.2.99
2.0.0.127.dnsbltest.porcupine.org A 127.0.0.2
2.0.0.127.dnsbltest.porcupine.org TXT DNS blocklist test
3.0.0.127.dnsbltest.porcupine.org A 127.0.0.3
3.0.0.127.dnsbltest.porcupine.org TXT DNS blocklist test
example.tld.rhsbl.porcupine.org A 127.0.0.2
example.tld.rhsbl.porcupine.org TXT RHSBL test
example.tld.dnswl.porcupine.org A 127.0.0.2
ibm.com MX 10 mx.ibm.com
mx.ibm.com A 192.0.2.98
";

/// The zone.
pub fn standard() -> Zone {
    Zone::parse(ZONE)
}

/// One query; everything below `wild` has an address.
pub fn query(zone: &Zone, name: &str, rtype: &str) -> Answer {
    match zone.query(name, rtype) {
        Answer::NxDomain if rtype == "A" && name.to_ascii_lowercase().ends_with(".wild.porcupine.org") => {
            Answer::Data(vec!["127.0.0.2".into()])
        }
        Answer::NxDomain if name.to_ascii_lowercase().ends_with(".wild.porcupine.org") => Answer::NoData,
        other => other,
    }
}

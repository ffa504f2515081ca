//! Tables that another program answers: `tcp:host:port` and `socketmap:server:name`.
//!
//! Nobody serves such tables on the simulated host, so this is what their users see: a server that is not there. Left out:
//! the second that passes between the ten attempts of a `tcp:` table.

use super::{Say, TableError};
use crate::host::{Cred, Errno, Host};
use crate::log::table::{OpenFault, Table};

/// Attempts of a `tcp:` table.
const TRIES: usize = 10;

/// Where the answers should come from.
#[derive(Clone, Debug)]
pub(super) enum Remote {
    /// `host:port`.
    Tcp(String),
    /// `inet:host:port` or `unix:path`.
    Socketmap(String),
}

impl Remote {
    pub fn tcp(name: &str) -> Remote {
        Remote::Tcp(name.to_owned())
    }

    /// The map's own name stands after the last colon.
    pub fn socketmap(name: &str) -> Result<Remote, OpenFault> {
        let (server, _) = name.rsplit_once(':').ok_or(OpenFault::NoSocketmap)?;
        Ok(Remote::Socketmap(server.to_owned()))
    }

    pub fn get(&self, host: &Host, table: &str, say: &mut Say) -> Result<Option<String>, TableError> {
        match self {
            Remote::Tcp(server) => {
                let port = server.rsplit_once(':').map_or(server.as_str(), |(_, p)| p);
                let known = port.bytes().all(|b| b.is_ascii_digit());
                for _ in 0..TRIES {
                    if !known {
                        say.push(Table::NoHostOrService { name: server.clone() });
                    }
                    let error = if known { Errno::ConnRefused } else { Errno::AddrNotAvail };
                    say.push(Table::TcpConnect { server: server.clone(), error: error.text().to_owned() });
                }
            }
            Remote::Socketmap(server) => {
                let (kind, place) = server.split_once(':').unwrap_or(("inet", server));
                let absent = kind == "unix" && host.fs.stat(&Cred::root(), place).is_err();
                let error = if absent { Errno::NoEnt } else { Errno::ConnRefused }.text().to_owned();
                say.push(Table::SocketConnect { server: place.to_owned(), error: error.clone() });
                say.push(Table::SocketLookup { table: table.to_owned(), error });
            }
        }
        Err(TableError)
    }
}

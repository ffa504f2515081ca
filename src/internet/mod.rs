//! What is outside: remote servers and how they answer, clients, attackers, blocklists; driven by the lab.

pub mod client;
pub mod remote;
pub mod server;

use crate::base::Timers;
use client::Client;
use imbl::OrdMap;
use server::Servers;

#[derive(Clone, Debug, Default)]
pub struct Internet {
    pub due: Timers<Due>,
    /// Everybody who brings or brought a message, by number.
    pub clients: OrdMap<u64, Client>,
    next_client: u64,
    /// Who listens outside.
    pub servers: Servers,
}

/// Something that an outside party will do.
#[derive(Clone, Debug)]
pub enum Due {
    /// A client makes an attempt.
    Attempt(u64),
    /// A client looks whether it was answered.
    Listen(u64),
    /// A client says this.
    Say(u64, Vec<u8>),
}

impl Internet {
    /// The reference world's servers, and nobody who brings mail.
    pub fn standard() -> Internet {
        Internet { servers: Servers::standard(), ..Internet::default() }
    }
    /// Takes in a client; it does nothing until something of it is due.
    pub fn add_client(&mut self, client: Client) -> u64 {
        self.next_client += 1;
        self.clients.insert(self.next_client, client);
        self.next_client
    }
}

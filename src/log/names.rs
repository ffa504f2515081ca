//! A stable name for each wording that this room has (`smtpd.reject`, `delivery.status.sent`), and the list of them all: what a
//! lab names as evidence, and what `maillab dev log-coverage` counts by.
//!
//! The compiler holds the lists complete: a variant that is missing here does not build. A wording that takes a text from
//! outside (a reply, a reason) is one name.

use super::{
    Event, anvil, bounce, cleanup, config, delivery, dovecot, local, master, milter, pickup, qmgr, queue_tool, rewrite,
};
use super::{script, smtpd, systemd, table, tls, tls_policy, verify};
use std::sync::LazyLock;

/// All names, in the order of the lists below.
pub static ALL: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut all = Vec::new();
    Event::each(&mut String::new(), &mut |name| all.push(name.to_owned()));
    all
});

/// Whether `name` is one of [`ALL`] or some of its first words: what [`Event::is`] can say yes to.
pub fn known(name: &str) -> bool {
    ALL.iter().any(|n| n.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// Something whose variants have names.
trait Named {
    /// Shows the name of each wording, after the words so far.
    fn each(at: &mut String, see: &mut dyn FnMut(&str))
    where
        Self: Sized;
    /// The variant, as Rust writes it; empty when it adds no word.
    fn variant(&self) -> &'static str;
    /// What the rest of the name comes from.
    fn inner(&self) -> Option<&dyn Named>;
}

impl Event {
    /// `smtpd.reject_warning`.
    pub fn name(&self) -> String {
        let mut name = String::new();
        let mut at: Option<&dyn Named> = Some(self);
        while let Some(n) = at {
            add(&mut name, n.variant());
            at = n.inner();
        }
        name
    }
    /// Whether its name is this one, or begins with these words: `delivery.status`.
    pub fn is(&self, name: &str) -> bool {
        let mut rest = name.split('.').peekable();
        let mut at: Option<&dyn Named> = Some(self);
        while let (Some(n), Some(word)) = (at, rest.peek()) {
            if !n.variant().is_empty() {
                if !is_snake(n.variant(), word) {
                    return false;
                }
                rest.next();
            }
            at = n.inner();
        }
        rest.peek().is_none()
    }
}

/// Whether the word is the name of a variant: `reject_warning` of `RejectWarning`.
fn is_snake(camel: &str, word: &str) -> bool {
    let mut rest = word.bytes();
    for (i, c) in camel.bytes().enumerate() {
        if i > 0 && c.is_ascii_uppercase() && rest.next() != Some(b'_') {
            return false;
        }
        if rest.next() != Some(c.to_ascii_lowercase()) {
            return false;
        }
    }
    rest.next().is_none()
}

/// `RejectWarning` as `reject_warning`.
fn snake(camel: &'static str) -> impl Iterator<Item = char> {
    camel.char_indices().flat_map(|(i, c)| {
        let gap = (c.is_ascii_uppercase() && i > 0).then_some('_');
        gap.into_iter().chain([c.to_ascii_lowercase()])
    })
}

/// Adds a variant's word to a name.
fn add(name: &mut String, variant: &'static str) {
    if !name.is_empty() && !variant.is_empty() {
        name.push('.');
    }
    name.extend(snake(variant));
}

impl<T: Named> Named for Option<T> {
    fn each(at: &mut String, see: &mut dyn FnMut(&str)) {
        see(at);
        T::each(at, see);
    }
    fn variant(&self) -> &'static str {
        ""
    }
    fn inner(&self) -> Option<&dyn Named> {
        self.as_ref().map(|t| t as &dyn Named)
    }
}

impl Named for Box<delivery::Attempt> {
    fn each(at: &mut String, see: &mut dyn FnMut(&str)) {
        delivery::Status::each(at, see);
    }
    fn variant(&self) -> &'static str {
        ""
    }
    fn inner(&self) -> Option<&dyn Named> {
        Some(&self.status)
    }
}

/// The variants of an enum, each with another word for it (if any) and the field (if any) whose variants are wordings of
/// their own.
macro_rules! names {
    ($type:ty: $($variant:ident $(= $word:literal)? $(($field:tt: $sub:ty))?),* $(,)?) => {
        impl Named for $type {
            fn each(at: &mut String, see: &mut dyn FnMut(&str)) {
                let end = at.len();
                $(
                    add(at, names!(@word $variant $($word)?));
                    names!(@each at, see, $($sub)?);
                    at.truncate(end);
                )*
            }
            fn variant(&self) -> &'static str {
                match self { $(Self::$variant { .. } => names!(@word $variant $($word)?)),* }
            }
            fn inner(&self) -> Option<&dyn Named> {
                match self { $(Self::$variant { $($field: sub,)? .. } => names!(@inner $(sub as &$sub)?)),* }
            }
        }
    };
    (@word $variant:ident) => { stringify!($variant) };
    (@word $variant:ident $word:literal) => { $word };
    (@each $at:ident, $see:ident,) => { $see($at) };
    (@each $at:ident, $see:ident, $sub:ty) => { <$sub as Named>::each($at, $see) };
    (@inner) => { None };
    (@inner $sub:expr) => { Some($sub) };
}

names! { anvil::Anvil: MaxRate, MaxCount, MaxCache }
names! { bounce::Notice: NonDelivery, Delay, DeliveryStatus }
names! { bounce::Bounce: Sender(notice: bounce::Notice), Postmaster(notice: bounce::Notice), ZeroTime, NotAscii, NoEndMarker, NoValue, NoMarker, UnknownTemplate, NoText, Macro, BadName, NoFile, Discarded, NoReport, Failed }
names! { cleanup::Cleanup:
    MessageId, Hopcount, Check, MilterReject, MilterHold, MimeError, MultiValued, QueueWrite, CloseError, MapProblem, AliasLoop, TooLarge,
    UnknownCheck, BadCheckArgument,
}
names! { config::MacroFault:
    Truncated, EmptyName, Nesting, NameSyntax, OperatorExpected, OperatorSuffix, ExpressionExpected, BranchExpected,
    ColonExpected, Unexpected, Unbalanced, Level, TooLarge,
}
names! { config::NameValue: MissingName, MissingEquals }
names! { config::Config:
    LeadingSpace, Overriding, Syntax(why: config::NameValue), Open, Macro(0: config::MacroFault), MacroFatal,
    BadNumber, BadBool, BadTime, TooSmall, TooLarge, TimeTooSmall, TimeTooLarge, BadValue, Hostname(0: config::HostnameFault),
    Fatal(0: config::Fatal), Warning(0: config::Warning),
}
names! { config::HostnameFault:
    Empty, BadCharacter, MisplacedDelimiter, MisplacedHyphen, LabelTooLong, NumericHostname, BadLength,
}
names! { config::Fatal:
    MailboxLimit, UnknownUser, UnknownGroup, Privileged, DefaultPrivs, SamePrivs, SameRelayhost, MultipleValues, MailLog, NoInterface, Facility, EmptyString, TlsLevel, NoPasswordTable, UnknownWord, InvalidWord, SaslInit, BadOverride, UnexpectedArgument, InvalidOption, NeedsPrivilege, BadLock, CompatLevel, ScanQueue,
}
names! { config::Warning: QueueMinfree, DuplicateService, SaslClient }
names! { delivery::Status: Sent, Deferred, Bounced, Deliverable, Undeliverable, SoftBounce, Discarded }
names! { delivery::Delivery:
    Status(0: Box<delivery::Attempt>), Passing, Connect, NextHost, TlsEstablished, CertFailed,
    TlsHandshake, Policy(0: tls_policy::TlsPolicy), Problem, TableError, ReplyReplaced, ReplyFilter, Check, Unsupported, ChecksLookup, StatusFilter, NoMechanisms, LockFile, BlankUser, Bind, ServerFatal, MaildirAccess, MaildirHint, Connecting, IgnoredCode, Local(0: local::Local), NoAddress, Exec, NoWorthyMechanisms, LongResponse, NoResponse, PipeliningAdvice, BadSizeLimit, GreetedAsMe, PixWorkarounds, OwnHostname, VirtualMap, StrictOwner, PipeMacro, Macro, PipeSingle, NoService, CommandStatus, LogFailure, ReadLimit, Child,
}
names! { local::Local:
    AliasLoop, NoRecipient, AliasLookup, AliasOwner, RequiredAlias, Extension, RelativeInclude, IncludeMissing, IncludeKind,
    IncludeWritable, IncludeOpen, UnknownUid, HomeSyntax, UnknownHome, IncludeOwner, ForwardKind, ForwardOwner, ForwardWritable, ForwardOpen, Syntax,
}
names! { tls_policy::TlsPolicy: Table, NoDnssec, NoFingerprints, Lookup, Wrapper, Offered, Unusable, NoneUsable, ServerCert, CipherGrade, Protocols, NoValidation, Probe, SaslOption, SaslProperties }
names! { dovecot::Attempts: None, Failed, Disallowed, Unsupported, NotReady }
names! { dovecot::AuthFatal: Mechanism, Passdb, Userdb, NoPassdb }
names! { dovecot::StartFailure: Listen, BindInet, BindUnix, NoListeners, Executable, NoUser, Running }
names! { dovecot::Dovecot:
    Started, Sighup, ReloadRefused, Killed, LogShutdown, Start(failure: dovecot::StartFailure), ConfigFatal,
    ConfigError, ConfigWarning, Capability, Throttled, AuthFatal(0: dovecot::AuthFatal), PasswdFile, Pam, Login,
    LoginGone(attempts: Option<dovecot::Attempts>), SslInit, SessionGone, SessionTrouble(trouble: dovecot::Trouble),
    LmtpTrouble(trouble: dovecot::Trouble), LmtpConnect, LmtpGone, Saved, SaveFailed, Sieve(what: dovecot::Sieve),
    LogTest,
}
names! { dovecot::Vacation:
    Sent, Duplicate, NullSender, OwnAddress, System, AutoSubmitted, Bulk, MailingList,
}
names! { dovecot::Sieve: Stored, StoreFailed, StoreAborted, Discarded, Forwarded, ForwardedBefore, Rejected, NotRejected, Vacation(0: dovecot::Vacation), NoRecipientInHeader, CompileFailed, Failed, OpenFailed(0: dovecot::Trouble), NotOpened }
names! { dovecot::Trouble:
    UidNotPermitted, UnknownDriver, NoHome, NoLocation, Quota, Denied, Open, MailboxOpen, Autocreate, QuotaResource,
    QuotaMkdir, NoSuchMailbox, Write, Plugin,
}
names! { master::EntryFault: Missing, BadField, BadTransport, PrivateInet, BadEndpoint, NoAddress }
names! { master::Ended: Status, Signal }
names! { master::MasterFatal:
    Entry(fault: master::EntryFault), OpenMasterCf, Bind, Service, Exec,
}
names! { master::Master:
    Started, Reload, Terminating, ChildEnded(how: master::Ended), Throttling, Limit, LimitAdvice, LimitReadme,
    Fatal(0: master::MasterFatal),
}
names! { pickup::Pickup: Uid, Kept }
names! { qmgr::Qmgr: Active, Removed, Expired, Skipped, NoTransport, Malformed, BounceFailed, TraceFailed, Corrupt }
names! { queue_tool::Act: Delete, Hold, Release, Requeue, Expire }
names! { queue_tool::QueueTool:
    Usage, Superuser, Done(act: queue_tool::Act), Total(act: queue_tool::Act), BadId, BadQueue, ShowqDown, NoReport, NoFlush, FlushDown,
    FlushInvalid, FlushNotConfigured, NoRecipients, NoRecipientsInHeader, TooLarge, CleanupClose, TooBig, WriteError, Unsupported,
    MalformedSender, NoSocket, NoContact, UnknownNotify, BadNotify, BadReturn, BadEncoding, NotImplemented,
    NoRecipientWanted, Chdir, OpenMain, NotAllowed, ForeignSender, SenderLookup, NotSupported, NeedPathname, Specify, DeliveryOnly, NotWithProbe,
    FlushInDaemon, OldVerp, NoLogin, FlushBadId, BadVerp, VerpNeedsSender, LongEnvelopeId, BadEnvelopeId, BadLineEndings, BadDirectory, MayNotUse,
}
names! { rewrite::Rewrite: ListedTwice, LookupFailure, BadLiteral, NullTransport, NullResult }
names! { script::CheckWarning: NotOwnedBy, NotOwnedByGroup, Writable, Differ, Damaged, NotSetGid }
names! { script::Script:
    Starting, Stopping, Aborting, Refreshing, Running, NotRunning, FatalNotRunning, FatalRunning, StartupFailed,
    UnknownCommand, NoLogFile, NoMasterCf, CannotExecute, Warning(0: script::CheckWarning), UseSendmail, Reserved, Compatibility,
    UnknownTls, TlsUsage, Text, Usage, ToolFatal(0: script::ToolFatal), ToolWarning(0: script::ToolWarning),
}
names! { script::ToolFatal:
    OneOf, BulkOptions, OpenSource, NoBulk, NoPackage, Query, Sequence, NoSequence, NoDelete, ReadOnly, OpenDatabase, Delete, NoProxyWrite, ProxyBuild, BadSeverity, ListProblem, ProxySequence, InlineFile,
}
names! { script::ToolWarning: NeedPair, MustBeLocal, Duplicate, EmptyResult, ShouldReturnNone, EmptyKey, MimeAlone, NotUtf8, OpenValue }
names! { smtpd::Action:
    Reject, RejectWarning, Hold, Discard, Filter, Redirect, Bcc, Warn, Info, Hangup, Permit, MilterReject, MilterHold,
}
names! { smtpd::Rate: ConnectionCount, ConnectionRate, Message, Recipient, NewTls, Auth }
names! { smtpd::Ended: Lost, Timeout, TooManyErrors }
names! { smtpd::Smtpd:
    Connect, Disconnect, Client, Verdict = "" (action: smtpd::Action), Ended(how: smtpd::Ended),
    RateLimit(rate: smtpd::Rate), AuthFailed, AuthAborted, UnknownMacro, IllegalAddress, NonSmtpCommand,
    HostnameMismatch, ImproperPipelining, DsnMapped, RestrictionWarning(0: smtpd::Misuse), QueueFull, QueueMinFree,
    SizeLimit, UnknownNotify, BadBdat, EtrnUnavailable, FlushUnavailable, EtrnAlone, CannotAnnounce, DataError, ReplacingCommand, PolicyConnect, PolicyTalk, SaslSocket, DiscardingEhlo, Fatal(0: smtpd::Fatal), CompatDefault, Unavailable,
}
names! { smtpd::Misuse:
    Unknown, Ignored, NeedsMap, NeedsDomain, NeedsServer, NeedsNumber, NoDefaultAcl, NoSasl, Deprecated,
    WillBeRemoved, UnexpectedDictionary, EmptyValue, NoValue, NeedsHeader, NeedsTransport, NeedsAddress,
    Unavailable, MapInEntry, MapInEntryAdvice, TooLate, Allowlist, ReplyCode, RblReplyCode, RblTemplate, RblLookup,
    ServerLookup, ServerHost, Fingerprint, VerifyService, MalformedSpec, ExpectedMap, UnknownSearch, Recursion,
}
names! { smtpd::Fatal:
    NoWorkingRestriction, NoMechanisms, Dictionary, NoPattern, NoClass, NoEndpoint, MalformedOption, UnknownOption,
    EmptyService, UnknownWord, TlsLevel, NoPort, BadTime, RblFilter,
}
names! { systemd::Exit: Status, Signal }
names! { systemd::Which: Main, Control }
names! { systemd::Systemd:
    Starting, Started, Finished, Stopping, Stopped, Reloading, Reloaded, FailedToStart, ReloadFailed, Skipped, Listening, Closed, Reached, Deactivated, ProcessExited(exit: systemd::Exit), FailedResult,
    TooQuickly, ScheduledRestart, CannotReload, FailedExec, ManagerReloads, Killed, SyslogSocket, SyslogStart,
    SyslogExit, Printed,
}
names! { table::CidrFault:
    MissingBracket, Garbage, BadMaskValue, BadMaskLength, BadNetwork, HostBits, BadAddress,
}
names! { table::RuleFault:
    Cidr(0: table::CidrFault), NoAddress, NoResult, EndifWithoutIf, EndifWithoutMatchingIf, IfWithoutEndif,
    ExtraAfterIf, NoWhitespaceBetween, ExtraAfterEndif, GarbageAfterEndif, Macro(0: config::MacroFault),
    NoReplacement, IndexRange, IndexNotNumber, IndexZero, BadReplacement, NegativeSubstitution, Substitution, NoRegexp, NoDelimiter, UnknownOption, Unrecognized, Compile, PcreCompile,
}
names! { table::OpenFault:
    Open, OpenFile, OpenText, UnsupportedType, Expecting, BadSyntax, MissingEquals, StaticBrace, NotProxied,
    NoSocketmap, Duplicate, UnknownUnix, Nested,
}
names! { table::Table:
    Open(0: table::OpenFault), OpenFatal(0: table::OpenFault), Unavailable(reason: table::OpenFault), LookupError,
    EmptyResult, EmptyAdvice, TcpConnect, SocketConnect, SocketLookup, NoHostOrService, NoNisDomain, Older,
    Rule(fault: table::RuleFault), Format, AliasFormat, DuplicateLine, Changed, ListProblem,
    ListPattern(fault: table::CidrFault), ListComment, ListNegation, NotProxied, Config,
}
names! { tls::Tls:
    Established, AcceptError, Library, CannotGetCertificate, CannotGetKey, NoAuthorities, ChainOpen, NoPem, ChainLoad, Manager, NoEntropy, Other,
}
names! { verify::Verify: Cleanup }
names! { Event:
    Anvil(0: anvil::Anvil), Bounce(0: bounce::Bounce), Cleanup(0: cleanup::Cleanup), Config(0: config::Config),
    Delivery(0: delivery::Delivery), Dovecot(0: dovecot::Dovecot), Master(0: master::Master),
    Pickup(0: pickup::Pickup), Qmgr(0: qmgr::Qmgr), QueueTool(0: queue_tool::QueueTool),
    Rewrite(0: rewrite::Rewrite), Script(0: script::Script), Smtpd(0: smtpd::Smtpd), Systemd(0: systemd::Systemd),
    Table(0: table::Table), Tls(0: tls::Tls), Verify(0: verify::Verify), User, Milter(0: milter::Milter),
}

names! { milter::Milter: Connect, NoHost, NeedsEndpoint, UnknownAction }

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_stable_and_unique() {
        assert_eq!(ALL.iter().collect::<BTreeSet<_>>().len(), ALL.len());
        let reject = smtpd::Smtpd::Verdict { action: smtpd::Action::RejectWarning, at: Box::default() };
        for (event, expected) in [
            (Event::from(reject), "smtpd.reject_warning"),
            (qmgr::Qmgr::Removed { qid: String::new() }.into(), "qmgr.removed"),
            (crate::log::user::User { text: String::new() }.into(), "user"),
        ] {
            assert_eq!(event.name(), expected);
            assert!(ALL.iter().any(|n| n == expected), "{expected} is not listed");
            assert!(event.is(expected) && event.is(expected.split('.').next().unwrap()));
            assert!(!event.is("qmgr.active") && !event.is("smtpd.reject") && !event.is(&format!("{expected}.more")));
        }
    }

    #[test]
    fn a_name_is_known_by_its_first_words() {
        for (name, expected) in [
            ("delivery.status", true),
            ("delivery.status.sent", true),
            ("delivery", true),
            ("delivery.stat", false),
            ("", false),
            ("lmtp.status", false),
        ] {
            assert_eq!(known(name), expected, "{name}");
        }
    }
}

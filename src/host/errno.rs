//! The errors of the simulated kernel, worded as glibc's strerror(3) words them.

use std::fmt;

macro_rules! errnos {
    ($($name:ident $text:literal),* $(,)?) => {
        /// An error number. Its `Display` is strerror(3)'s text.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Errno { $($name),* }
        impl Errno {
            pub const fn text(self) -> &'static str {
                match self { $(Errno::$name => $text),* }
            }
        }
    };
}

errnos! {
    Perm "Operation not permitted",
    NoEnt "No such file or directory",
    Srch "No such process",
    Intr "Interrupted system call",
    Io "Input/output error",
    TooBig "Argument list too long",
    NoExec "Exec format error",
    BadF "Bad file descriptor",
    Child "No child processes",
    Again "Resource temporarily unavailable",
    Acces "Permission denied",
    Exist "File exists",
    XDev "Invalid cross-device link",
    NotDir "Not a directory",
    IsDir "Is a directory",
    Inval "Invalid argument",
    TxtBsy "Text file busy",
    FBig "File too large",
    NoSpc "No space left on device",
    SPipe "Illegal seek",
    RoFs "Read-only file system",
    MLink "Too many links",
    Pipe "Broken pipe",
    NameTooLong "File name too long",
    NotEmpty "Directory not empty",
    Loop "Too many levels of symbolic links",
    DQuot "Disk quota exceeded",
    AddrInUse "Address already in use",
    AddrNotAvail "Cannot assign requested address",
    NetUnreach "Network is unreachable",
    HostUnreach "No route to host",
    ConnReset "Connection reset by peer",
    ConnRefused "Connection refused",
    TimedOut "Connection timed out",
    NotTty "Inappropriate ioctl for device",
    NotSup "Operation not supported",
    NxIo "No such device or address",
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for Errno {}

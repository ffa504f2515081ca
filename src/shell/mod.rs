//! (room: shell)

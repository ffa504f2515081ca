//! (room: lesson)

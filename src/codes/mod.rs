//! (room: codes)

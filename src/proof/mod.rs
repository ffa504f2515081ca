//! (room: proof)

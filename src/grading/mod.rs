//! (room: grading)

//! (room: i18n)

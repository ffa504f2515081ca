//! What verify(8) can say.

use super::Message;

#[derive(Clone, Debug, PartialEq)]
pub enum Verify {
    /// A pass over the cache.
    Cleanup { map: String, retained: usize, dropped: usize },
}

impl Message for Verify {
    fn text(&self) -> String {
        let Verify::Cleanup { map, retained, dropped } = self;
        format!("cache {map} full cleanup: retained={retained} dropped={dropped} entries")
    }
    fn fields(&self) -> Vec<(&'static str, String)> {
        let Verify::Cleanup { map, retained, .. } = self;
        vec![("map", map.clone()), ("count", retained.to_string())]
    }
}

//! What is wrong with a lab as a whole: names that refer to nothing, blocks that are missing, times that cannot be.

use super::diagnostic::Diagnostic;
use super::schema::Lab;
use super::tree::Node;

/// All mistakes that reading the blocks one by one does not find.
pub fn check(_lab: &Lab, _tree: &Node) -> Vec<Diagnostic> {
    Vec::new()
}

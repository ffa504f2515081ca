//! Address rewriting to standard form: `rewrite.c`.

use crate::postfix::address::{self, Kind, Token};
use crate::postfix::lookups::Lookups;

/// Which origin and domain complete an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// `$myorigin` and `$mydomain`.
    Local,
    /// Headers of mail from strangers: `remote_header_rewrite_domain`.
    Remote,
}

fn rfind(tree: &[Token], c: char) -> Option<usize> {
    tree.iter().rposition(|t| t.is(c))
}
fn find(tree: &[Token], c: char) -> Option<usize> {
    tree.iter().position(|t| t.is(c))
}

/// Removes a dot at the end of the domain, but not after another dot or `@`.
pub(super) fn strip_dot(tree: &mut Vec<Token>) {
    let n = tree.len();
    if n >= 2 && tree[n - 1].is('.') && !tree[n - 2].is('.') && !tree[n - 2].is('@') {
        tree.pop();
    }
}

/// Rewrites a parsed address in place.
pub fn rewrite_tree(env: &dyn Lookups, context: Context, tree: &mut Vec<Token>) {
    let (Some(head), n) = (tree.first(), tree.len()) else { return };
    if n == 1 && head.kind == Kind::Quoted && head.text.is_empty() {
        return;
    }
    if n == 1 && head.is('@') {
        *tree = vec![Token::quoted("")];
        return;
    }
    if head.is('@')
        && let Some(colon) = find(tree, ':')
        && colon + 1 < n
    {
        tree.drain(..=colon);
    }
    let (origin, domain) = match context {
        Context::Local => (env.param("myorigin"), env.param("mydomain")),
        Context::Remote => {
            let d = env.param("remote_header_rewrite_domain");
            (d.clone(), d)
        }
    };
    if rfind(tree, '@').is_none() {
        let bang = find(tree, '!').filter(|_| env.flag("swap_bangpath"));
        let percent = rfind(tree, '%').filter(|_| env.flag("allow_percent_hack"));
        if let Some(bang) = bang {
            let mut local = tree.split_off(bang + 1);
            tree.pop();
            local.push(Token::op('@'));
            local.append(tree);
            *tree = local;
        } else if let Some(p) = percent {
            tree[p] = Token::op('@');
        } else if env.flag("append_at_myorigin") && !origin.is_empty() {
            tree.push(Token::op('@'));
            tree.extend(address::scan(&origin));
        }
    }
    if env.flag("append_dot_mydomain")
        && !domain.is_empty()
        && let Some(at) = rfind(tree, '@')
        && at + 1 < tree.len()
        && !tree[at..].iter().any(|t| t.kind == Kind::DomainLiteral || t.is('.'))
    {
        tree.push(Token::op('.'));
        tree.extend(address::scan(&domain));
    }
    strip_dot(tree);
}

/// Rewrites an address in internal form.
pub fn rewrite(env: &dyn Lookups, context: Context, addr: &str) -> String {
    if address::is_plain(addr) {
        return addr.to_owned();
    }
    let mut tree = address::scan(&address::quote(addr));
    rewrite_tree(env, context, &mut tree);
    let external = address::externalize(&tree);
    if external == "\"\"" { String::new() } else { address::unquote(&external) }
}

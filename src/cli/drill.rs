//! `maillab drill`: a round of cards.

use super::store::{self, Store};
use super::{Context, Done, print};
use crate::base::Lang;
use crate::grading::text::block;
use crate::lesson::drill;
use std::io::BufRead;
use std::process::ExitCode;

/// How many new cards a round brings, and how many cards it has at the most.
const NEW: usize = 8;
const ROUND: usize = 20;
/// What stands left of a card.
const INDENT: usize = 5;

/// The cards of the next round.
pub(super) fn due(store: &Store, lang: Lang) -> Vec<String> {
    let weak: Vec<String> = store.results().into_iter().flat_map(|r| r.weak).collect();
    let mut due = store.deck().due(&drill::cards(lang), store::now(), NEW, &weak);
    due.truncate(ROUND);
    due
}

pub(super) fn run(ctx: &Context) -> Done {
    let lang = ctx.lang;
    let store = Store::open(lang);
    let mut deck = store.deck();
    let cards = drill::cards(lang);
    let due = due(&store, lang);
    if due.is_empty() {
        print(lang.pick(
            "Hoy no toca nada. Vuelve mañana, o juega: maillab play\n",
            "Nothing is due today. Come back tomorrow, or play: maillab play\n",
        ));
        return Ok(ExitCode::SUCCESS);
    }
    let total = due.len();
    let (mut right, mut asked) = (0, 0);
    let mut input = std::io::stdin().lock();
    for (n, id) in due.iter().enumerate() {
        let Some(card) = cards.iter().find(|c| c.id == *id) else { continue };
        print(&format!("\n{}", block(&format!("{}/{total}  ", n + 1), INDENT, &card.front)));
        for (i, c) in card.choices.iter().enumerate() {
            print(&block(&format!("     {} ", (b'a' + i as u8) as char), INDENT + 2, c));
        }
        print("     > ");
        let mut line = String::new();
        if input.read_line(&mut line).unwrap_or(0) == 0 {
            print("\n");
            break;
        }
        let ok = card.accepts(&line);
        let days = deck.answer(id, ok, store::now());
        asked += 1;
        right += u32::from(ok);
        let verdict = if ok { "✓" } else { "✗" };
        let again = match days {
            0 => lang.pick("hoy otra vez".to_owned(), "again today".to_owned()),
            1 => lang.pick("mañana".to_owned(), "tomorrow".to_owned()),
            d => lang.pick(format!("en {d} días"), format!("in {d} days")),
        };
        print(&block(&format!("     {verdict} "), INDENT + 2, &format!("{}  ({again})", card.why)));
        store.save_deck(&deck)?;
    }
    print(&lang.pick(
        format!("\n{right} de {asked} bien. Vistas: {} de {}.\n", deck.seen(), cards.len()),
        format!("\n{right} of {asked} right. Seen: {} of {}.\n", deck.seen(), cards.len()),
    ));
    Ok(ExitCode::SUCCESS)
}

//! cksum(1) (POSIX's CRC, its only algorithm here) and sum(1) (BSD's, or System V's with `-s`).

use super::super::Ctx;
use super::super::input::{Status, emit, slurp, status};
use super::super::opt::{getopt, quotef};

/// POSIX 1003.1, cksum: the CRC of the octets and of their count.
fn crc(data: &[u8]) -> u32 {
    let step = |crc: u32, byte: u8| {
        (0..8).fold(crc ^ (u32::from(byte) << 24), |c, _| if c >> 31 == 1 { (c << 1) ^ 0x04c1_1db7 } else { c << 1 })
    };
    let mut c = data.iter().fold(0, |c, b| step(c, *b));
    let mut n = data.len();
    while n > 0 {
        c = step(c, n as u8);
        n >>= 8;
    }
    !c
}

fn bsd(data: &[u8]) -> u16 {
    data.iter().fold(0, |c: u16, b| c.rotate_right(1).wrapping_add(u16::from(*b)))
}

fn system_v(data: &[u8]) -> u32 {
    let s = data.iter().fold(0u32, |s, b| s.wrapping_add(u32::from(*b)));
    let r = (s & 0xffff) + (s >> 16);
    (r & 0xffff) + (r >> 16)
}

/// cksum(1) and sum(1).
pub async fn cksum(ctx: &mut Ctx) -> i32 {
    status(run(ctx).await)
}

async fn run(ctx: &mut Ctx) -> Status {
    let posix = ctx.name() == "cksum";
    let p = getopt(ctx, if posix { "" } else { "r s|sysv" }, 1)?;
    let names = if p.args.is_empty() { vec!["-".to_owned()] } else { p.args.clone() };
    let mut code = 0;
    for n in &names {
        let data = match slurp(ctx, n).await {
            Ok(d) => d,
            Err(e) => {
                ctx.complain(format!("{}: {e}", quotef(n)));
                code = 1;
                continue;
            }
        };
        let size = data.len();
        let sums = if posix {
            format!("{} {size}", crc(&data))
        } else if p.has("s") {
            format!("{} {}", system_v(&data), size.div_ceil(512))
        } else {
            format!("{:05} {:5}", bsd(&data), size.div_ceil(1024))
        };
        let name = if p.args.is_empty() { String::new() } else { format!(" {n}") };
        emit(ctx, format!("{sums}{name}\n")).await?;
    }
    Ok(code)
}

#[cfg(test)]
mod tests {
    #[test]
    fn sums_are_coreutils() {
        // As coreutils 9.1 prints them for this file.
        let text = b"uno\ndos\ntres\ncuatro\n";
        assert_eq!((super::crc(text), super::bsd(text)), (604_147_679, 20_512));
    }
}

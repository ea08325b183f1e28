//! Reads shopper events: REES46's e-commerce behaviour data and everything of that shape.

use std::collections::HashMap;
use std::io::Read;

use super::error::ReplayError;
use super::event::{EventKind, Trace, TraceEvent};
use super::table::{TableColumn, TextTable};

const TIME: usize = 0;
const KIND: usize = 1;
const PRODUCT: usize = 2;
const PRICE: usize = 3;
const USER: usize = 4;
const SESSION: usize = 5;
/// The columns that are read; others may stand between them.
const COLUMNS: [TableColumn; 6] = [
    &["event_time"],
    &["event_type"],
    &["product_id"],
    &["price"],
    &["user_id"],
    &["user_session"],
];

/// Reads a whole trace, warts and all.
pub(crate) fn read(file: &str, source: Box<dyn Read>) -> Result<Trace, ReplayError> {
    let mut table = TextTable::open(file, source, COLUMNS, hint)?;
    let mut trace = Trace::default();
    let mut owners = HashMap::new();
    while table.advance()? {
        let event = event(&table, &mut trace, &mut owners)?;
        trace.rows += 1;
        trace.events.push(event);
    }
    trace.settle();
    Ok(trace)
}

/// Returns a hint for a header that does not fit.
fn hint(header: &csv::ByteRecord) -> String {
    if header.iter().any(|name| name.eq_ignore_ascii_case(b"StockCode")) {
        return "this looks like Online Retail: add `--format online-retail`".to_owned();
    }
    "the first line must name event_time, event_type, product_id, price, user_id and user_session"
        .to_owned()
}

fn event(
    table: &TextTable<6>,
    trace: &mut Trace,
    owners: &mut HashMap<String, String>,
) -> Result<TraceEvent, ReplayError> {
    let at = table.time(TIME)?;
    let kind = match table.text(KIND)? {
        "view" => EventKind::View,
        "cart" => EventKind::Cart,
        "remove_from_cart" => EventKind::Remove,
        "purchase" => EventKind::Purchase,
        _ => return Err(table.value_fault(KIND, "write view, cart, remove_from_cart or purchase")),
    };
    let product = table.product(PRODUCT, &mut trace.products)?;
    trace.oddities.nonpositive_prices += u64::from(!table.price_is_positive(PRICE)?);
    let (user, session) = (table.text(USER)?, table.text(SESSION)?);
    trace.oddities.malformed_sessions += u64::from(!is_uuid(session));
    trace.oddities.rows_without_user += u64::from(user.is_empty());
    if !session.is_empty() {
        let owner = owners.entry(session.to_owned()).or_insert_with(|| user.to_owned());
        trace.oddities.shared_sessions += u64::from(owner != user);
    }
    Ok(TraceEvent {
        at,
        kind,
        product,
        user: match user {
            "" => None,
            user => Some(table.number(&mut trace.users, user, "users")?),
        },
        session: table.number(&mut trace.sessions, &format!("{user}/{session}"), "sessions")?,
        units: 1,
        digest: table.digest(),
    })
}

/// Returns true if a session id has the form that these traces use.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    const HEAD: &str = "event_time,event_type,product_id,price,user_id,user_session\n";
    const UUID: &str = "26dd6e6e-4dac-4778-8d2c-92e149dab885";

    fn read_text(text: String) -> Result<Trace, ReplayError> {
        read("t.csv", Box::new(Cursor::new(text.into_bytes())))
    }

    fn complaint(rows: &str) -> String {
        let fault = read_text(format!("{HEAD}{rows}")).unwrap_err();
        assert_eq!(fault.status(), 2);
        fault.to_string()
    }

    #[test]
    fn warts_are_counted_and_played() {
        let trace = read_text(format!(
            "{HEAD}2022-10-01 00:00:07 UTC,cart,1,2.62,7,{UUID}\n\
             2022-10-01 00:00:07 UTC,cart,1,2.62,7,{UUID}\n\
             2022-10-01 00:00:03 UTC,view,2,0,7,{UUID}\n\
             2022-10-01 00:00:09 UTC,cart,2,-1.5,8,{UUID}\n\
             2022-10-01 00:00:09 UTC,cart,3,,8,not-a-session\n\
             2022-10-01 00:00:10 UTC,purchase,3,1,,\n"
        ))
        .unwrap();
        assert_eq!((trace.rows, trace.events.len()), (6, 5));
        assert_eq!(trace.events[0].kind, EventKind::View, "played by time");
        let oddities = trace.oddities;
        assert_eq!((oddities.duplicate_rows, oddities.rows_out_of_order), (1, 1));
        assert_eq!((oddities.nonpositive_prices, oddities.malformed_sessions), (3, 2));
        assert_eq!((oddities.shared_sessions, oddities.rows_without_user), (1, 1));
        assert_eq!((trace.users.len(), trace.sessions.len()), (2, 4));
        assert_eq!(trace.events[4].user, None);
    }

    #[test]
    fn columns_may_stand_anywhere() {
        let trace = read_text(format!(
            "\u{feff}user_session,brand,user_id,price,product_id,event_type,event_time\n\
             {UUID},x,7,1,9,remove_from_cart,2022-10-01 00:00:07 UTC\n"
        ))
        .unwrap();
        assert_eq!(trace.events[0].kind, EventKind::Remove);
        assert_eq!(trace.products.name(trace.events[0].product), "9");
    }

    #[test]
    fn malformed_rows_name_line_and_fix() {
        let good = format!("2022-10-01 00:00:07 UTC,cart,1,2.62,7,{UUID}\n");
        let late = complaint(&format!("{good}noon,cart,1,2.62,7,{UUID}\n"));
        assert!(
            late.starts_with("t.csv, line 3: `event_time` is \"noon\"; write a UTC time"),
            "{late}"
        );
        let kind = complaint(&format!("2022-10-01 00:00:07 UTC,steal,1,2.62,7,{UUID}\n"));
        assert!(kind.contains("line 2: `event_type` is \"steal\"; write view, cart"), "{kind}");
        let cut = complaint("2022-10-01 00:00:07 UTC,cart,1\n");
        assert!(cut.contains("line 2: 3 columns where the header has 6"), "{cut}");
        let price = complaint(&format!("2022-10-01 00:00:07 UTC,cart,1,cheap,7,{UUID}\n"));
        assert!(price.contains("`price` is \"cheap\""), "{price}");
        let product = complaint(&format!("2022-10-01 00:00:07 UTC,cart,,1,7,{UUID}\n"));
        assert!(product.contains("`product_id` is \"\""), "{product}");
    }

    #[test]
    fn bytes_that_are_not_text_name_the_column() {
        let mut bytes = format!("{HEAD}2022-10-01 00:00:07 UTC,cart,1,2.62,").into_bytes();
        bytes.extend([0xff, 0xfe]);
        bytes.extend(format!(",{UUID}\n").bytes());
        let fault = read("t.csv", Box::new(Cursor::new(bytes))).unwrap_err().to_string();
        assert!(fault.contains("line 2: `user_id` is not UTF-8"), "{fault}");
    }

    #[test]
    fn headers_that_do_not_fit() {
        let empty = read_text(String::new()).unwrap_err().to_string();
        assert!(empty.contains("the column `event_time` is missing"), "{empty}");
        let retail =
            read_text("InvoiceNo,StockCode,Quantity\n".to_owned()).unwrap_err().to_string();
        assert!(retail.contains("--format online-retail"), "{retail}");
        assert_eq!(read_text(HEAD.to_owned()).unwrap().rows, 0);
    }

    #[test]
    fn a_packed_file_that_is_cut_off_says_so() {
        let text = format!("{HEAD}{}", "x,".repeat(9999));
        let level = ruzstd::encoding::CompressionLevel::Fastest;
        let mut packed = ruzstd::encoding::compress_to_vec(text.as_bytes(), level);
        packed.truncate(packed.len() / 2);
        let source = super::super::input::unpack(Cursor::new(packed)).unwrap();
        let fault = read("t.zst", source).err().unwrap();
        assert!(fault.to_string().contains("cannot be read further"), "{fault}");
        assert_eq!(fault.status(), 2);
    }
}

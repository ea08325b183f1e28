//! Reads UCI Online Retail: the invoices of a British wholesaler, as cart actions.
//!
//! The data has invoices, not clicks, so the actions are derived. A customer is a user and an
//! invoice a session. A line puts its quantity into the cart; a line with a negative quantity takes
//! that many back. What else is made up (when the lines were clicked, which invoices are bought at
//! their end) is [`super::party`]'s business. Nothing else in reach has carts of a thousand lines
//! and quantities of eighty thousand.

use std::io::Read;

use super::error::ReplayError;
use super::event::{EventKind, Trace, TraceEvent};
use super::table::{TableColumn, TextTable};

const INVOICE: usize = 0;
const PRODUCT: usize = 1;
const QUANTITY: usize = 2;
const TIME: usize = 3;
const PRICE: usize = 4;
const CUSTOMER: usize = 5;
/// The columns that are read, with the names of the second edition. `Description` is not among
/// them, so that a copy in Latin-1 can be read.
const COLUMNS: [TableColumn; 6] = [
    &["InvoiceNo", "Invoice"],
    &["StockCode"],
    &["Quantity"],
    &["InvoiceDate"],
    &["UnitPrice", "Price"],
    &["CustomerID", "Customer ID"],
];

/// The most units that one action may ask for: the library's own limit.
pub(crate) const MOST_UNITS: u32 = holdall::limits::QUANTITY_UNITS;

/// Reads a whole trace, warts and all.
pub(crate) fn read(file: &str, source: Box<dyn Read>) -> Result<Trace, ReplayError> {
    let mut table = TextTable::open(file, source, COLUMNS, hint)?;
    let mut trace = Trace::default();
    while table.advance()? {
        let event = event(&table, &mut trace)?;
        trace.rows += 1;
        trace.events.extend(event);
    }
    trace.settle();
    Ok(trace)
}

/// Returns a hint for a header that does not fit.
fn hint(header: &csv::ByteRecord) -> String {
    if header.iter().any(|name| name.eq_ignore_ascii_case(b"event_type")) {
        return "this looks like shopper events: leave `--format` out".to_owned();
    }
    "the first line must name InvoiceNo, StockCode, Quantity, InvoiceDate, UnitPrice and CustomerID"
        .to_owned()
}

/// Returns the row's event; `None` for a quantity of zero, which is no action.
fn event(table: &TextTable<6>, trace: &mut Trace) -> Result<Option<TraceEvent>, ReplayError> {
    let invoice = table.text(INVOICE)?;
    if invoice.is_empty() {
        return Err(table.value_fault(INVOICE, "give the number of the invoice"));
    }
    let product = table.product(PRODUCT, &mut trace.products)?;
    let at = table.time(TIME)?;
    trace.oddities.nonpositive_prices += u64::from(!table.price_is_positive(PRICE)?);
    let Ok(quantity) = table.text(QUANTITY)?.parse::<i64>() else {
        return Err(table.value_fault(QUANTITY, "write a whole number such as `6` or `-6`"));
    };
    let customer = table.text(CUSTOMER)?;
    trace.oddities.rows_without_user += u64::from(customer.is_empty());
    let user = match customer {
        "" => None,
        // The column went through a spreadsheet: 17850.0 is customer 17850.
        customer => {
            let bare = customer.strip_suffix(".0").unwrap_or(customer);
            Some(table.number(&mut trace.users, bare, "customers")?)
        }
    };
    let session =
        table.number(&mut trace.sessions, &format!("{customer}/{invoice}"), "invoices")?;
    let kind = match quantity {
        0 => {
            trace.oddities.zero_quantities += 1;
            return Ok(None);
        }
        ..0 => EventKind::Cancel,
        _ => EventKind::Cart,
    };
    let units = u32::try_from(quantity.unsigned_abs()).unwrap_or(u32::MAX);
    trace.oddities.quantities_cut += u64::from(units > MOST_UNITS);
    let units = units.min(MOST_UNITS);
    Ok(Some(TraceEvent { at, kind, product, user, session, units, digest: table.digest() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    const HEAD: &str =
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

    fn read_bytes(rows: &[u8]) -> Result<Trace, ReplayError> {
        let bytes = [HEAD.as_bytes(), rows].concat();
        read("r.csv", Box::new(Cursor::new(bytes)))
    }

    #[test]
    fn invoices_become_actions() {
        let trace = read_bytes(
            b"1,A,x,6,2010-12-01 08:26:00,2.55,17850.0,UK\n\
              1,A,x,6,2010-12-01 08:26:00,2.55,17850.0,UK\n\
              2,B,gift \xa340,9000000,2010-12-01 08:27:00,0,,UK\n\
              C3,A,x,-2,2010-12-01 08:28:00,2.55,17850,UK\n\
              4,A,x,0,2010-12-01 08:29:00,-1,17850,UK\n",
        )
        .unwrap();
        assert_eq!((trace.rows, trace.events.len()), (5, 3));
        let deeds: Vec<_> =
            trace.events.iter().map(|event| (event.kind, event.units, event.user)).collect();
        let expected = [
            (EventKind::Cart, 6, Some(0)),
            (EventKind::Cart, MOST_UNITS, None),
            (EventKind::Cancel, 2, Some(0)),
        ];
        assert_eq!(deeds, expected);
        let oddities = trace.oddities;
        assert_eq!((oddities.duplicate_rows, oddities.nonpositive_prices), (1, 2));
        assert_eq!(
            (oddities.rows_without_user, oddities.zero_quantities, oddities.quantities_cut),
            (1, 1, 1)
        );
    }

    #[test]
    fn malformed_rows_name_line_and_fix() {
        let many =
            read_bytes(b"1,A,x,six,2010-12-01 08:26:00,2.55,17850.0,UK\n").unwrap_err().to_string();
        assert!(
            many.contains("r.csv, line 2: `Quantity` is \"six\"; write a whole number"),
            "{many}"
        );
        let none =
            read_bytes(b",A,x,6,2010-12-01 08:26:00,2.55,17850.0,UK\n").unwrap_err().to_string();
        assert!(none.contains("`InvoiceNo` is \"\""), "{none}");
    }

    #[test]
    fn the_other_format_is_recognised() {
        let text = b"event_time,event_type\n".to_vec();
        let fault = read("r.csv", Box::new(Cursor::new(text))).unwrap_err().to_string();
        assert!(fault.contains("leave `--format` out"), "{fault}");
    }
}

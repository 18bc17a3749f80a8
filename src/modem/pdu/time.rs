//! Service centre time stamps (3GPP TS 23.040 section 9.2.3.11).

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::Offset;

use super::octets::{DecodeError, Octets};

/// Reads seven octets of swapped decimal digits: year, month, day, hour, minute, second, and
/// quarters of an hour from Greenwich, with the sign in bit 3. `None` if they are no time, as
/// some networks send; the message is read all the same.
pub(super) fn decode(octets: &mut Octets<'_>) -> Result<Option<Timestamp>, DecodeError> {
    let field = octets.take(7)?;
    Ok(time_stamp(field))
}

fn time_stamp(field: &[u8]) -> Option<Timestamp> {
    let [year, month, day, hour, minute, second, zone] = *<&[u8; 7]>::try_from(field).ok()?;
    let quarters = decimal(zone & !0x08)?;
    let seconds = i32::from(quarters) * 15 * 60;
    let offset = Offset::from_seconds(if zone & 0x08 == 0 { seconds } else { -seconds }).ok()?;
    let year = 2000 + i16::from(decimal(year)?);
    let date = civil::Date::new(year, decimal(month)?, decimal(day)?).ok()?;
    let time = civil::Time::new(decimal(hour)?, decimal(minute)?, decimal(second)?, 0).ok()?;
    offset.to_timestamp(date.to_datetime(time)).ok()
}

/// Writes a time, as of Greenwich.
pub(super) fn encode(at: Timestamp) -> [u8; 7] {
    let at = Offset::UTC.to_datetime(at);
    let year = at.year().rem_euclid(100);
    let year = i8::try_from(year).unwrap_or(0);
    [
        swapped(year),
        swapped(at.month()),
        swapped(at.day()),
        swapped(at.hour()),
        swapped(at.minute()),
        swapped(at.second()),
        0,
    ]
}

fn decimal(octet: u8) -> Option<i8> {
    let (tens, ones) = (octet & 0xF, octet >> 4);
    (tens <= 9 && ones <= 9).then(|| i8::try_from(tens * 10 + ones).ok())?
}

fn swapped(value: i8) -> u8 {
    let value = value.unsigned_abs();
    (value % 10) << 4 | (value / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stamps_are_read_with_their_zone() {
        let rows: [(&[u8], Option<&str>); 5] = [
            (&[0x81, 0x21, 0x62, 0x22, 0x93, 0x64, 0x00], Some("2018-12-26T22:39:46Z")),
            (&[0x81, 0x21, 0x62, 0x22, 0x93, 0x64, 0x42], Some("2018-12-26T16:39:46Z")),
            (&[0x81, 0x21, 0x62, 0x22, 0x93, 0x64, 0x4A], Some("2018-12-27T04:39:46Z")),
            (&[0xFF; 7], None),
            (&[0x00; 7], None),
        ];
        for (octets, expected) in rows {
            let read = decode(&mut Octets::new(octets)).unwrap();
            assert_eq!(read, expected.map(|text| text.parse().unwrap()), "{octets:02X?}");
        }
        let at: Timestamp = "2026-02-28T23:59:59Z".parse().unwrap();
        assert_eq!(decode(&mut Octets::new(&encode(at))).unwrap(), Some(at));
    }
}

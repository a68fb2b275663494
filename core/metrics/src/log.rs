use crate::{Event, Kind, Source, Store};

/// Bytes of a file after which the next one begins: some 15,000 events.
const MAX_FILE_BYTES: u64 = 512 << 10;

/// Bytes of an event before the language's name.
const FIXED_BYTES: usize = 19;

/// Length and checksum.
const HEAD_BYTES: usize = 5;

/// The layout of an event, its first byte.
const VERSION: u8 = 1;

/// Two files on this machine, which several windows may append to at once.
pub trait Files {
    /// Appends all bytes or, where the host dies, the first of them to the current file. If it has `max_bytes` then,
    /// it takes the place of the older one, and the next append begins a new one.
    fn append(&self, bytes: &[u8], max_bytes: u64) -> Result<(), String>;

    /// All bytes of both files, the older one's first; none of one that is not there.
    fn read(&self) -> Result<Vec<u8>, String>;
}

/// A [`Store`] in files that are only appended to, for hosts without SQLite.
///
/// An event is a frame: the length of what follows the checksum (1 byte), its CRC-32 (4 bytes, little-endian), the
/// layout's version, seconds after 1970 began (8 bytes), kind, source, characters and milliseconds (4 bytes each),
/// and the language's name. What a crash has left of a frame is passed over when the file is read.
pub struct Log<F> {
    files: F,
    max_file_bytes: u64,
}

impl<F: Files> Log<F> {
    /// A log in `files`, which are made with the first event.
    pub fn new(files: F) -> Log<F> {
        Log { files, max_file_bytes: MAX_FILE_BYTES }
    }
}

impl<F: Files> Store for Log<F> {
    fn record(&self, at_s: i64, event: &Event) -> Result<(), String> {
        self.files.append(&frame(at_s, event), self.max_file_bytes)
    }

    fn read(&self, since_s: i64) -> Result<Vec<(String, Event)>, String> {
        let bytes = self.files.read()?;
        let events = Frames(&bytes).filter(|(at_s, _)| *at_s >= since_s);
        Ok(events.map(|(at_s, event)| (day(at_s), event)).collect())
    }
}

fn frame(at_s: i64, event: &Event) -> Vec<u8> {
    let Event { kind, source, language, characters, latency_ms } = event;
    let language = &language.as_bytes()[..language.len().min(u8::MAX as usize - FIXED_BYTES)];
    let mut body = vec![VERSION];
    body.extend(at_s.to_le_bytes());
    body.extend([*kind as u8, *source as u8]);
    body.extend(characters.to_le_bytes());
    body.extend(latency_ms.to_le_bytes());
    body.extend(language);
    let mut frame = vec![body.len() as u8];
    frame.extend(crc32fast::hash(&body).to_le_bytes());
    frame.extend(body);
    frame
}

/// The events in bytes of which some may be damaged.
struct Frames<'a>(&'a [u8]);

impl Iterator for Frames<'_> {
    type Item = (i64, Event);

    fn next(&mut self) -> Option<(i64, Event)> {
        while !self.0.is_empty() {
            // After damage, the next byte that begins a whole frame is as good as any.
            let Some(body) = body(self.0) else {
                self.0 = &self.0[1..];
                continue;
            };
            self.0 = &self.0[HEAD_BYTES + body.len()..];
            if let Some(event) = event(body) {
                return Some(event);
            }
        }
        None
    }
}

/// What the frame at the beginning of `bytes` holds, if one is there and whole.
fn body(bytes: &[u8]) -> Option<&[u8]> {
    let n_bytes = *bytes.first()? as usize;
    let body = bytes.get(HEAD_BYTES..HEAD_BYTES + n_bytes)?;
    let checksum = u32::from_le_bytes(bytes[1..HEAD_BYTES].try_into().ok()?);
    (n_bytes >= FIXED_BYTES && crc32fast::hash(body) == checksum).then_some(body)
}

/// An event of a layout that is known.
fn event(body: &[u8]) -> Option<(i64, Event)> {
    let (&[version, ref rest @ ..], language) = body.split_first_chunk::<FIXED_BYTES>()?;
    let (at_s, rest) = rest.split_first_chunk::<8>()?;
    let (&[kind, source], rest) = rest.split_first_chunk::<2>()?;
    let (characters, latency_ms) = rest.split_first_chunk::<4>()?;
    let event = Event {
        kind: *Kind::ALL.get(kind as usize)?,
        source: *[Source::Inferred, Source::Reported].get(source as usize)?,
        language: String::from_utf8_lossy(language).into_owned(),
        characters: u32::from_le_bytes(*characters),
        latency_ms: u32::from_le_bytes(latency_ms.try_into().ok()?),
    };
    (version == VERSION).then_some((i64::from_le_bytes(*at_s), event))
}

/// The day (UTC) of a time in seconds after 1970 began, as `YYYY-MM-DD`.
///
/// Years are counted from March, so that the day that some of them have more is their last.
fn day(at_s: i64) -> String {
    const DAYS_OF_400_YEARS: i64 = 146_097;
    // 1 March 0000 is day 0.
    let days = at_s.div_euclid(86_400) + 719_468;
    let (era, day) = (days.div_euclid(DAYS_OF_400_YEARS), days.rem_euclid(DAYS_OF_400_YEARS));
    let year = (day - day / 1_460 + day / 36_524 - day / (DAYS_OF_400_YEARS - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{day:02}", era * 400 + year + next_year)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// Files in memory: the older one and the current one.
    #[derive(Default)]
    struct Memory(RefCell<[Vec<u8>; 2]>);

    impl Files for Memory {
        fn append(&self, bytes: &[u8], max_bytes: u64) -> Result<(), String> {
            let [older, current] = &mut *self.0.borrow_mut();
            current.extend(bytes);
            if current.len() as u64 >= max_bytes {
                *older = std::mem::take(current);
            }
            Ok(())
        }

        fn read(&self) -> Result<Vec<u8>, String> {
            Ok(self.0.borrow().concat())
        }
    }

    fn taken(characters: u32) -> Event {
        let (kind, source, language) = (Kind::Accepted, Source::Reported, "C++".to_string());
        Event { kind, source, language, characters, latency_ms: 70_000 }
    }

    /// The characters of the events that are left of three, of 10, 11 and 12, after `damage`.
    fn left(damage: impl Fn(&mut Vec<u8>)) -> Vec<u32> {
        let log = Log::new(Memory::default());
        (10..13).for_each(|n| log.record(0, &taken(n)).unwrap());
        damage(&mut log.files.0.borrow_mut()[1]);
        log.read(0).unwrap().iter().map(|(_, event)| event.characters).collect()
    }

    #[test]
    fn events_come_back_with_their_days() {
        let log = Log::new(Memory::default());
        let shown =
            Event { kind: Kind::Shown, source: Source::Inferred, language: String::new(), ..taken(1) };
        log.record(86_399, &taken(7)).unwrap();
        log.record(86_400, &shown).unwrap();
        let expected = [("1970-01-01".to_string(), taken(7)), ("1970-01-02".to_string(), shown)];
        assert_eq!(log.read(0).unwrap(), expected);
        assert_eq!(log.read(86_400).unwrap(), expected[1..]);
    }

    #[test]
    fn what_is_cut_or_broken_is_dropped_and_the_rest_kept() {
        let n_bytes = frame(0, &taken(10)).len();
        assert_eq!(left(|_| {}), [10, 11, 12]);
        for cut in 1..=n_bytes {
            assert_eq!(left(|bytes| bytes.truncate(3 * n_bytes - cut)), [10, 11], "{cut} bytes are lost");
        }
        for at in n_bytes..2 * n_bytes {
            assert_eq!(left(|bytes| bytes[at] ^= 0x55), [10, 12], "byte {at} is another");
        }
        // A system that crashed may leave zeros, and what comes later stands behind them.
        assert_eq!(left(|bytes| bytes.splice(n_bytes + 3..2 * n_bytes, [0; 4096]).for_each(drop)), [10, 12]);
        assert_eq!(left(Vec::clear), []);
    }

    #[test]
    fn the_oldest_events_go() {
        let n_bytes = frame(0, &taken(0)).len() as u64;
        let log = Log { max_file_bytes: 10 * n_bytes, ..Log::new(Memory::default()) };
        (1..=34).for_each(|n| log.record(0, &taken(n)).unwrap());
        let left: Vec<u32> = log.read(0).unwrap().iter().map(|(_, event)| event.characters).collect();
        assert_eq!(left, (21..=34).collect::<Vec<_>>());
    }

    #[test]
    fn a_layout_of_another_version_is_passed_over() {
        let mut body = frame(0, &taken(1))[HEAD_BYTES..].to_vec();
        body[0] = VERSION + 1;
        let mut bytes = vec![body.len() as u8];
        bytes.extend(crc32fast::hash(&body).to_le_bytes());
        bytes.extend(body);
        assert_eq!(Frames(&bytes).count(), 0);
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        let days = [-1, 0, 951_782_400, 951_868_800, 1_735_603_200, 4_107_542_400].map(day);
        let expected = ["1969-12-31", "1970-01-01", "2000-02-29", "2000-03-01", "2024-12-31", "2100-03-01"];
        assert_eq!(days, expected);
    }
}

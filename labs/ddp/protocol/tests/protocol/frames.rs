//! Frames: whatever the messages and however the stream is cut, what goes in comes out; whatever
//! the bytes, nothing panics and no memory is set aside beyond one frame.

use std::io::{self, Read};

use crate::common::{from_worker, to_worker};
use proptest::prelude::*;
use workbench_ddp_protocol::{FromWorker, Phase, Report, StepReport, ToWorker};
use workbench_protocol::{
    Clocks, FrameDecoder, FrameError, FrameReader, MAX_FRAME, Position, Stamped, VERSION,
    write_frame,
};

/// Gives its bytes in pieces of the given lengths, again and again.
struct Pieces<'a> {
    bytes: &'a [u8],
    lengths: std::iter::Cycle<std::slice::Iter<'a, usize>>,
}

impl<'a> Pieces<'a> {
    fn new(bytes: &'a [u8], lengths: &'a [usize]) -> Self {
        Self {
            bytes,
            lengths: lengths.iter().cycle(),
        }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.lengths.next().unwrap();
        let count = (*length).min(buffer.len()).min(self.bytes.len());
        buffer[..count].copy_from_slice(&self.bytes[..count]);
        self.bytes = &self.bytes[count..];
        Ok(count)
    }
}

fn frame(body: &[u8]) -> Vec<u8> {
    let mut frame = (body.len() as u32).to_le_bytes().to_vec();
    frame.extend_from_slice(body);
    frame
}

fn read_one(bytes: &[u8]) -> Result<Option<FromWorker>, FrameError> {
    FrameReader::new(bytes).read()
}

/// Messages that hold NaN are not equal to themselves; their text is.
fn text<T: std::fmt::Debug>(messages: &[T]) -> String {
    format!("{messages:?}")
}

/// Room for a frame, its length, and one chunk.
const ROOM: usize = MAX_FRAME + 4 + (1 << 15);

proptest! {
    #[test]
    fn messages_survive_any_cut_of_the_stream(
        sent in prop::collection::vec(from_worker(), 0..20),
        lengths in prop::collection::vec(1_usize..300, 1..10),
    ) {
        let mut bytes = Vec::new();
        for message in &sent {
            write_frame(&mut bytes, message).unwrap();
        }
        let mut reader = FrameReader::new(Pieces::new(&bytes, &lengths));
        let mut received: Vec<FromWorker> = Vec::new();
        while let Some(message) = reader.read().unwrap() {
            received.push(message);
        }
        prop_assert_eq!(text(&received), text(&sent));
    }

    #[test]
    fn orders_survive_too(
        sent in prop::collection::vec(to_worker(), 0..8),
        lengths in prop::collection::vec(1_usize..300, 1..10),
    ) {
        let mut bytes = Vec::new();
        for message in &sent {
            write_frame(&mut bytes, message).unwrap();
        }
        let mut decoder = FrameDecoder::new();
        let mut received: Vec<ToWorker> = Vec::new();
        let mut rest = &bytes[..];
        for length in lengths.iter().cycle() {
            let (now, later) = rest.split_at((*length).min(rest.len()));
            decoder.push(now);
            while let Some(message) = decoder.take().unwrap() {
                received.push(message);
            }
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        decoder.finish().unwrap();
        prop_assert_eq!(text(&received), text(&sent));
    }

    #[test]
    fn a_stream_cut_anywhere_says_so_unless_it_is_between_frames(
        sent in prop::collection::vec(from_worker(), 1..5),
        at in any::<prop::sample::Index>(),
    ) {
        let mut bytes = Vec::new();
        let mut ends = vec![0];
        for message in &sent {
            write_frame(&mut bytes, message).unwrap();
            ends.push(bytes.len());
        }
        let cut = at.index(bytes.len() + 1);
        let mut reader = FrameReader::new(&bytes[..cut]);
        let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
        for _ in 0..whole {
            prop_assert!(reader.read::<FromWorker>().unwrap().is_some());
        }
        let last = reader.read::<FromWorker>();
        if ends.contains(&cut) {
            prop_assert!(matches!(last, Ok(None)));
        } else {
            let cut_off = matches!(last, Err(FrameError::CutOff { got, needed }) if got < needed);
            prop_assert!(cut_off, "{:?}", last);
        }
        prop_assert!(matches!(reader.read::<FromWorker>(), Ok(None)));
    }

    #[test]
    fn any_bytes_are_messages_or_one_line_errors(
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
        lengths in prop::collection::vec(1_usize..100, 1..5),
    ) {
        let mut reader = FrameReader::new(Pieces::new(&bytes, &lengths));
        loop {
            match reader.read::<FromWorker>() {
                Ok(None) => break,
                Ok(Some(_)) => {}
                Err(error) => {
                    let said = error.to_string();
                    prop_assert!(!said.contains(char::is_control), "{said:?}");
                    prop_assert!(said.len() < 600, "{said}");
                }
            }
        }
        prop_assert!(reader.capacity() <= ROOM);
    }

    #[test]
    fn any_body_is_a_message_or_passed_over(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut bytes = frame(&body);
        write_frame(&mut bytes, &FromWorker::hello()).unwrap();
        let mut reader = FrameReader::new(&bytes[..]);
        match reader.read::<FromWorker>() {
            Ok(message) => prop_assert!(message.is_some()),
            Err(error) => {
                let passed_over = matches!(error, FrameError::Malformed { .. });
                prop_assert!(passed_over, "{}", error);
            }
        }
        prop_assert_eq!(reader.read::<FromWorker>().unwrap(), Some(FromWorker::hello()));
    }
}

#[test]
fn memory_stays_within_one_frame() {
    let mut bytes = Vec::new();
    for length in [10, 40_000, 300_000, 700_000, MAX_FRAME - 45, 5] {
        let text = "x".repeat(length);
        write_frame(&mut bytes, &FromWorker::Report(Report::Warning { text })).unwrap();
    }
    let mut reader = FrameReader::new(&bytes[..]);
    let mut count = 0;
    while reader.read::<FromWorker>().unwrap().is_some() {
        count += 1;
        assert!(reader.capacity() <= ROOM, "{}", reader.capacity());
    }
    assert_eq!(count, 6);
}

#[test]
fn a_long_frame_is_refused_before_its_bytes_arrive() {
    let mut reader = FrameReader::new(&[0xff, 0xff, 0xff, 0xff, b'{'][..]);
    let error = reader.read::<FromWorker>().unwrap_err();
    assert!(matches!(error, FrameError::TooLong(0xffff_ffff)), "{error}");
    assert!(error.to_string().contains("4294967295 bytes"), "{error}");
    assert!(reader.capacity() < 1 << 15);
    assert!(reader.read::<FromWorker>().unwrap().is_none());
}

#[test]
fn a_message_too_long_for_a_frame_is_not_written() {
    let mut bytes = Vec::new();
    let text = "x".repeat(MAX_FRAME);
    let error = write_frame(&mut bytes, &FromWorker::Report(Report::Warning { text })).unwrap_err();
    assert!(matches!(error, FrameError::TooLong(_)), "{error}");
    assert!(bytes.is_empty());
}

#[test]
fn printed_text_is_told_apart_from_frames() {
    let error = read_one(b"Traceback (most recent call last):\n").unwrap_err();
    assert!(matches!(error, FrameError::TooLong(_)), "{error}");
    let error = read_one(&frame(b"not \x1b[31mjson")).unwrap_err();
    let said = error.to_string();
    assert!(said.contains("`not \\u{1b}[31mjson`"), "{said}");
}

#[test]
fn another_version_is_named_even_when_its_messages_are_unknown() {
    for body in [
        r#"{"hello":{"version":7,"pid":1}}"#,
        r#"{"hello":{"version":7,"language":"other"}}"#,
        r#"{"start":{"version":7}}"#,
        r#"{"train":{"version":7}}"#,
        r#"{"clocks":{"system_ns":1,"cpu_ns":2},"message":{"hello":{"version":7,"pid":1}}}"#,
    ] {
        let error = read_one(&frame(body.as_bytes())).unwrap_err();
        assert!(matches!(error, FrameError::Version { found: 7 }), "{error}");
    }
    let body = format!(r#"{{"hello":{{"version":{VERSION},"pid":1}}}}"#);
    assert_eq!(
        read_one(&frame(body.as_bytes())).unwrap(),
        Some(FromWorker::Hello {
            version: VERSION,
            pid: 1
        })
    );
}

#[test]
fn a_loss_that_is_no_number_arrives() {
    for loss in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 1e-310] {
        let report = StepReport {
            loss,
            ..StepReport::default()
        };
        let mut bytes = Vec::new();
        write_frame(&mut bytes, &FromWorker::Report(Report::Step(report))).unwrap();
        let Some(FromWorker::Report(Report::Step(received))) = read_one(&bytes).unwrap() else {
            panic!("no step");
        };
        assert_eq!(format!("{:?}", received.loss), format!("{loss:?}"));
    }
}

#[test]
fn a_path_that_is_not_utf8_is_named_as_the_trouble() {
    use std::os::unix::ffi::OsStringExt as _;
    let message = FromWorker::Report(Report::Checkpointed {
        step: 1,
        path: std::ffi::OsString::from_vec(vec![0xff]).into(),
        bytes: 1,
        took_ns: 1,
    });
    let error = write_frame(&mut Vec::new(), &message).unwrap_err();
    assert!(error.to_string().contains("UTF-8"), "{error}");
}

#[test]
fn a_failing_pipe_is_told_once() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    let mut reader = FrameReader::new(Broken);
    assert!(matches!(
        reader.read::<FromWorker>(),
        Err(FrameError::Io(_))
    ));
    assert!(matches!(reader.read::<FromWorker>(), Ok(None)));
}

#[test]
fn the_wire_is_as_documented() {
    let mut bytes = Vec::new();
    let heartbeat = FromWorker::Heartbeat {
        position: Position {
            phase: Phase::AllReduce,
            step: 40,
        },
        since_ns: 5,
    };
    write_frame(&mut bytes, &heartbeat).unwrap();
    let body = br#"{"heartbeat":{"position":{"phase":"all_reduce","step":40},"since_ns":5}}"#;
    assert_eq!(bytes, frame(body));
    bytes.clear();
    let clocks = Clocks {
        system_ns: 7,
        cpu_ns: 8,
    };
    let (message, stamp) = (
        &heartbeat,
        r#"{"clocks":{"system_ns":7,"cpu_ns":8},"message":"#,
    );
    write_frame(&mut bytes, &Stamped { clocks, message }).unwrap();
    assert_eq!(bytes, frame(&[stamp.as_bytes(), body, b"}"].concat()));
    bytes.clear();
    write_frame(&mut bytes, &ToWorker::Stop).unwrap();
    assert_eq!(bytes, frame(br#""stop""#));
}

//! Any bytes as a worker's stream: messages or one-line errors, the same ones however the stream is
//! cut, and memory for one frame at most.

#![no_main]

use libfuzzer_sys::fuzz_target;
use workbench_ddp_protocol::{FromWorker, ToWorker};
use workbench_protocol::{FrameDecoder, FrameError, FrameReader, MAX_FRAME, Stamped};

// The first byte says where the rest is cut.
fuzz_target!(|input: &[u8]| {
    let Some((&piece, stream)) = input.split_first() else {
        return;
    };
    let piece = usize::from(piece).max(1);
    let mut decoder = FrameDecoder::new();
    let mut in_pieces = Vec::new();
    'stream: for bytes in stream.chunks(piece) {
        decoder.push(bytes);
        assert!(decoder.capacity() <= MAX_FRAME + 4 + piece);
        loop {
            match decoder.take::<Stamped<FromWorker>>() {
                Ok(None) => break,
                Ok(Some(message)) => in_pieces.push(format!("{message:?}")),
                Err(error) => {
                    in_pieces.push(one_line(&error));
                    if !matches!(error, FrameError::Malformed { .. }) {
                        break 'stream;
                    }
                }
            }
        }
    }
    if let Err(error) = decoder.finish() {
        in_pieces.push(one_line(&error));
    }
    let mut reader = FrameReader::new(stream);
    let mut at_once = Vec::new();
    loop {
        match reader.read::<Stamped<FromWorker>>() {
            Ok(None) => break,
            Ok(Some(message)) => at_once.push(format!("{message:?}")),
            Err(error) => at_once.push(one_line(&error)),
        }
    }
    assert_eq!(in_pieces, at_once);
    let mut orders = FrameReader::new(stream);
    while let Ok(Some(_)) = orders.read::<ToWorker>() {}
});

fn one_line(error: &FrameError) -> String {
    let said = error.to_string();
    assert!(!said.contains(char::is_control), "{said:?}");
    said
}

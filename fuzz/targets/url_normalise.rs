#![no_main]

#[path = "../../tests/suite/fuzz/url_normalise.rs"]
mod url_normalise;

libfuzzer_sys::fuzz_target!(|input: &[u8]| url_normalise::check(input));

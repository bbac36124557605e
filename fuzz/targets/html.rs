#![no_main]

#[path = "../../tests/suite/fuzz/html.rs"]
mod html;

libfuzzer_sys::fuzz_target!(|input: &[u8]| html::check(input));

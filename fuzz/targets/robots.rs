#![no_main]

#[path = "../../tests/suite/fuzz/robots.rs"]
mod robots;

libfuzzer_sys::fuzz_target!(|input: &[u8]| robots::check(input));

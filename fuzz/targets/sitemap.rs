#![no_main]

#[path = "../../tests/suite/fuzz/sitemap.rs"]
mod sitemap;

libfuzzer_sys::fuzz_target!(|input: &[u8]| sitemap::check(input));

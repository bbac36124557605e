# What CI runs.
check:
    bash .ci/run

# The tests, as in the README.
test:
    cargo test

# Instructions of fetch + parse against those of a whole run (needs valgrind).
bench:
    cargo bench

# Fuzzes one target of fuzz/targets (needs cargo-fuzz; RUSTC_BOOTSTRAP makes its compiler flags work on stable).
fuzz target seconds="600":
    mkdir -p fuzz/corpus/{{target}}
    RUSTC_BOOTSTRAP=1 cargo fuzz run {{target}} fuzz/corpus/{{target}} tests/fixtures/fuzz/{{target}} -- \
        -max_total_time={{seconds}} -max_len=4096 -rss_limit_mb=1024 -timeout=5

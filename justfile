# What CI runs.
check:
    bash .ci/run

# The tests, as in the README.
test:
    cargo test

# Instructions of fetch + parse against those of a whole run (needs valgrind).
bench:
    cargo bench

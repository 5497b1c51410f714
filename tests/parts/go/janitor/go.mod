module kopiur.dev/tests/parts/janitor

go 1.24

module kopiur.dev/tests/parts/pause

go 1.24

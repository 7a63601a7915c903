module peer

go 1.24

require github.com/ory/fosite v0.49.0

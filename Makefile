# The proofs of docs/reliability.md by their names: make t-net, make t-crash LONG=1, make prove.
SUITES := t-net t-crash t-sig t-io t-sim t-prop t-conc t-leak t-egress t-sops t-yaml t-age t-path t-git t-ci t-edit t-merge t-seal t-import t-rule t-out t-mut t-fuzz t-cov t-race

.PHONY: test ci prove $(SUITES)

test:
	go test ./...

ci:
	.ci/run

prove:
	.ci/prove all $(if $(LONG),long,short)

$(SUITES):
	.ci/prove $@ $(if $(LONG),long,short)

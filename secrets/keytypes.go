package secrets

// KeyTypes are SOPS's names for the kinds of keys for opening a file.
var KeyTypes = []string{"age", "pgp", "hckms", "kms", "gcp_kms", "azure_kv", "hc_vault"}

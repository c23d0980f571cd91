package sops

import (
	"slices"
	"testing"

	"github.com/getsops/sops/v3/keyservice"

	"connsync/secrets"
)

// Every type of key sops asks its services for has one of the names by which a project allows it.
func TestEveryKeyTypeHasItsName(t *testing.T) {
	var names []string
	for _, k := range []*keyservice.Key{
		{KeyType: &keyservice.Key_AgeKey{}}, {KeyType: &keyservice.Key_PgpKey{}}, {KeyType: &keyservice.Key_HckmsKey{}}, {KeyType: &keyservice.Key_KmsKey{}},
		{KeyType: &keyservice.Key_GcpKmsKey{}}, {KeyType: &keyservice.Key_AzureKeyvaultKey{}}, {KeyType: &keyservice.Key_VaultKey{}},
	} {
		names = append(names, kindOf(k))
	}
	if !slices.Equal(names, secrets.KeyTypes) || kindOf(&keyservice.Key{}) != "" {
		t.Errorf("%v, want %v", names, secrets.KeyTypes)
	}
}

package sops

import (
	"strings"
	"testing"
)

// What is written into a rule is a key that sops knows, by its form, and nothing else: a line, a list, a word with a credential in it.
func TestTheKindOfARecipientIsToldByItsForm(t *testing.T) {
	age, identity, err := NewAgeKey()
	if err != nil {
		t.Fatal(err)
	}
	const ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIJmjDL9DLBJ6Vnn0rvPzL1jVwxiwNdLbPiGOJZEsCYA"
	const uuid = "11111111-2222-4333-8444-555555555555"
	for text, want := range map[string]string{
		age: "age", "85D77543B3D624B63CEA9E6DBC17301B491B3F21": "pgp",
		"cn-north-4:" + uuid: "hckms", "arn:aws:kms:eu-west-1:123456789012:key/" + uuid: "kms", "arn:aws-cn:kms:cn-north-1:123456789012:alias/x": "kms",
		"projects/p/locations/global/keyRings/r/cryptoKeys/k": "gcp_kms", "https://v.vault.azure.net/keys/k/0123456789abcdef0123456789abcdef": "azure_kv", "https://v.vault.azure.net/keys/k": "azure_kv",
		"https://vault.example:8200/v1/sops/keys/first": "hc_vault",

		"": "", "age1": "", age[:20]: "", age + "\n": "", age + "," + age: "", ssh[:40]: "", "ssh-": "", identity.Expose().(string): "",
		"85D77543": "", "http://vault.example/v1/sops/keys/first": "", "https://u:p@vault.example/v1/sops/keys/first": "", "https://vault.example/v1/sops/keys/first?x=1": "",
		"https://vault.example/other": "", "cn-north-4": "", "cn-north-4:x": "", "arn:aws:iam::1:user/x": "", "a b": "", "%zz": "",
	} {
		if got := KindOf(text); got != want {
			t.Errorf("%.30q: %q, want %q", text, got, want)
		}
	}
}

func TestTheRecipientsOfIdentitiesAreToldOnceEach(t *testing.T) {
	first, one, err := NewAgeKey()
	second, two, err2 := NewAgeKey()
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	a, b := one.Expose().(string), two.Expose().(string)
	for text, want := range map[string]string{
		a: first, "# public key: x\n" + a + "\n\n" + b + "\n" + a + "\n": first + " " + second, a + " " + b: first + " " + second,
		"": "", "# nothing\n": "", a + "\nnonsense\n": "", a[:len(a)-3]: "", "age1x": "", "AGE-PLUGIN-X-1QQQ": "",
	} {
		got, err := AgeRecipients(text)
		if strings.Join(got, " ") != want || (err == nil) != (want != "") || err != nil && strings.Contains(err.Error(), "AGE-SECRET") {
			t.Errorf("%q: %q %v", want, got, err)
		}
	}
}

package main

import (
	"errors"

	"connsync/apply/secmaster"
)

// explainAPI says what SecMaster said, and what it usually means.
func explainAPI(err error) (string, []string, bool) {
	var e *secmaster.Error
	var option *secmaster.OptionError
	var credentials *secmaster.CredentialsError
	var domain *domainError
	var ca *caError
	switch {
	case errors.As(err, &e):
		return e.Error(), apiHints(e), true
	case errors.As(err, &domain):
		return domain.Error(), []string{
			"if that address is yours, allow its domain where the command runs:  CONNSYNC_DOMAINS=" + parentDomain(domain.host),
			"if it came with a pull request, nothing was sent there",
		}, true
	case errors.As(err, &ca):
		return ca.Error(), []string{"it must hold certificates in PEM:  -----BEGIN CERTIFICATE-----"}, true
	case errors.As(err, &option):
		return option.Error(), []string{"check connsync.yaml, --endpoint and CONNSYNC_ENDPOINT"}, true
	case errors.As(err, &credentials):
		return credentials.Error(), []string{"see which variables there are:  connsync help credentials"}, true
	case errors.Is(err, secmaster.ErrNoCredentials):
		return "no credentials for SecMaster", []string{
			"set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK",
			"for temporary keys, HUAWEICLOUD_SDK_SECURITY_TOKEN too",
			"or HW_ACCESS_KEY and HW_SECRET_KEY, or HW_AUTH_TOKEN",
			"without a long-lived key:  connsync help credentials",
		}, true
	case errors.Is(err, secmaster.ErrInUse):
		return "in use by a workflow: SecMaster does not allow to delete it", nil, true
	}
	return "", nil, false
}

func apiHints(e *secmaster.Error) []string {
	switch {
	case errors.Is(e, secmaster.ErrDenied) && e.Status == 401:
		return []string{"check the access key and the secret key, that a temporary key has its security token, and this machine's clock"}
	case errors.Is(e, secmaster.ErrDenied):
		return []string{"the credentials work, and may not do this: they need the permissions secmaster:connection:list, get, create and update in this project", "see all of them:  connsync iam --for sync"}
	case errors.Is(e, secmaster.ErrWorkspace):
		return []string{"check region, project_id and workspace_id of the target in connsync.yaml, and that the credentials belong to that project"}
	case errors.Is(e, secmaster.ErrIncomplete):
		return []string{"nothing is concluded from an incomplete list, and nothing was written; repeat, and report it if it stays"}
	case errors.Is(e, secmaster.ErrThrottled):
		return []string{"SecMaster limits the rate of requests; repeat later, with a longer --timeout or a smaller --parallelism"}
	case errors.Is(e, secmaster.ErrUnreachable):
		return []string{"check the network, HTTPS_PROXY and the endpoint", "see how far a request comes, and to which host:  connsync doctor"}
	case errors.Is(e, secmaster.ErrNotFound), e.Status == 400:
		return []string{"SecMaster does not accept the connection as it is: check its plugin, version and config"}
	case e.Status >= 500 || e.Status == 0:
		return []string{"SecMaster or something before it failed; a repetition is safe"}
	}
	return nil
}

package main

// aboutCredentials names the variables, in the order of the search. docs/credentials.md says more.
const aboutCredentials = `Credentials for SecMaster, in the order in which they are looked for

  1  A key pair in the environment
       HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK
       HUAWEICLOUD_SDK_SECURITY_TOKEN (of a temporary one)
       HUAWEICLOUD_SDK_PROJECT_ID
     or, as Terraform has it
       HW_ACCESS_KEY, HW_SECRET_KEY, HW_SECURITY_TOKEN, HW_PROJECT_ID
  2  A token of IAM
       HW_AUTH_TOKEN
  3  An ID token (OIDC), which STS exchanges for temporary keys
       CONNSYNC_OIDC_PROVIDER    iam::ACCOUNT:oidcProvider:NAME
       CONNSYNC_OIDC_AGENCY      iam::ACCOUNT:agency:NAME
       CONNSYNC_OIDC_SESSION     its name in the audit log (connsync)
  4  An ID token, which IAM exchanges
       HUAWEICLOUD_SDK_IDP_ID or HW_ASSUME_ROLE_IDP_ID
  5  The section [basic] of ~/.huaweicloud/credentials: ak and sk, or idp_id
     and id_token_file, which IAM exchanges
       HUAWEICLOUD_SDK_CREDENTIALS_FILE names another file
  6  The agency of this machine, by its metadata server
  7  The identity of a pod
       HC_CONTAINER_CREDENTIALS_FULL_URI
       HC_CONTAINER_AUTHORIZATION_TOKEN_FILE

The ID token of 3 and 4 is the first of
       HW_ASSUME_ROLE_ID_TOKEN, CONNSYNC_ID_TOKEN (GitLab: id_tokens)
       HUAWEICLOUD_SDK_ID_TOKEN_FILE, HW_ASSUME_ROLE_ID_TOKEN_FILE,
       CONNSYNC_ID_TOKEN_FILE
       GitHub's, in a job with the permission  id-token: write
         CONNSYNC_ID_TOKEN_AUDIENCE  for whom GitHub makes it

With any of them, an agency can be assumed
       HW_ASSUME_ROLE_AGENCY_NAME
       HW_ASSUME_ROLE_DOMAIN_NAME or HW_ASSUME_ROLE_DOMAIN_ID
       HW_ASSUME_ROLE_DURATION (seconds)

Where IAM and STS are, if not at the region's own address
       HUAWEICLOUD_SDK_IAM_ENDPOINT, HUAWEICLOUD_SDK_STS_ENDPOINT

Temporary keys are renewed before they expire. With --narrow they may do only
what the command needs; to see what that is:  connsync iam --for sync
`

package emulator_test

import (
	"net/http/httptest"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	sdk "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/secmaster/v1"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/secmaster/v1/model"

	"connsync/apply/secmaster/emulator"
)

const mediaType = "application/json;charset=UTF-8"

// vendor is the vendor's own client beside a server that calls its list as that client expects.
func vendor(t *testing.T) (*sdk.SecMasterClient, *emulator.Server) {
	t.Helper()
	s, err := emulator.New(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Set("list=asset"); err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	credentials, err := basic.NewCredentialsBuilder().WithAk(emulator.DefaultAccessKey).WithSk(emulator.DefaultSecretKey).WithProjectId(emulator.DefaultProject).SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	client, err := sdk.SecMasterClientBuilder().WithEndpoints([]string{h.URL}).WithCredential(credentials).
		WithHttpConfig(config.DefaultHttpConfig().WithUserAgent("connsync-test")).SafeBuild() // a user agent of its own keeps it from writing to the home
	if err != nil {
		t.Fatal(err)
	}
	return sdk.NewSecMasterClient(client), s
}

func TestTheVendorsSDKDoesItsWholeJob(t *testing.T) {
	client, s := vendor(t)
	component, version := s.Plugin("EdrVendor", "2.1")
	description := "d <&> 名"
	created, err := client.CreateConnection(&model.CreateConnectionRequest{ContentType: mediaType, WorkspaceId: emulator.DefaultWorkspace, Body: &model.CreateAssetsRequestBody{
		Name: "edr", Description: &description, ComponentId: component, ComponentVersionId: version, Config: `{"endpoint":"https://a","password":"p"}`,
	}})
	if err != nil || created.Asset == nil || created.Asset.Id == nil {
		t.Fatalf("create: %v %v", created, err)
	}
	id := *created.Asset.Id
	shown, err := client.ShowConnection(&model.ShowConnectionRequest{ContentType: mediaType, WorkspaceId: emulator.DefaultWorkspace, AssetId: id})
	if err != nil || shown.Asset == nil || *shown.Asset.Name != "edr" || *shown.Asset.Description != description || *shown.Asset.ComponentName != "EdrVendor" || *shown.Asset.Status != "SUCCESS" {
		t.Errorf("show: %v %v", shown, err)
	}
	name := "edr"
	listed, err := client.ListConnections(&model.ListConnectionsRequest{ContentType: mediaType, WorkspaceId: emulator.DefaultWorkspace, Name: &name})
	if err != nil || listed.Asset == nil || len(*listed.Asset) != 1 || *(*listed.Asset)[0].Id != id || *listed.Total != 1 {
		t.Errorf("list: %v %v", listed, err)
	}
	empty := ""
	updated, err := client.UpdateConnection(&model.UpdateConnectionRequest{ContentType: mediaType, WorkspaceId: emulator.DefaultWorkspace, AssetId: id, Body: &model.CreateAssetsRequestBody{
		Name: "edr_2", Description: &empty, ComponentId: component, ComponentVersionId: version, Config: `{"endpoint":"https://b","password":"q"}`,
	}})
	if err != nil || updated.Asset == nil || *updated.Asset.Name != "edr_2" {
		t.Errorf("update: %v %v", updated, err)
	}
	if c := s.Connections(); len(c) != 1 || c[0].Description != "" || c[0].Config != `{"endpoint":"https://b","password":"q"}` || c[0].UpdateTime <= c[0].CreateTime || c[0].Modifier != "api_user" {
		t.Errorf("after the update: %+v", c)
	}
	if _, err := client.DeleteConnection(&model.DeleteConnectionRequest{ContentType: mediaType, WorkspaceId: emulator.DefaultWorkspace, AssetId: id}); err != nil || len(s.Connections()) != 0 {
		t.Errorf("delete: %v, %d left", err, len(s.Connections()))
	}
	if _, err := client.ShowConnection(&model.ShowConnectionRequest{ContentType: mediaType, WorkspaceId: emulator.DefaultWorkspace, AssetId: id}); err == nil {
		t.Error("what was deleted is still shown")
	}
	if r, err := client.ListComponents(&model.ListComponentsRequest{WorkspaceId: emulator.DefaultWorkspace}); err != nil || *r.Total != 4 || len(*r.Data) != 4 {
		t.Errorf("components: %v %v", r, err)
	}
	for _, r := range s.Requests() {
		if r.Status >= 500 || r.Status == 401 {
			t.Errorf("request %+v", r)
		}
	}
}

package edge

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

const bearerScheme = "bearer"

// config is huma without its own pages, links and fallbacks: they load
// scripts from elsewhere or say what this API does not.
func (e *Edge) config() huma.Config {
	json := huma.Format{Marshal: write, Unmarshal: unmarshaller(e.options.Numbers)}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: e.options.Title, Version: "1.0.0", Description: e.options.About,
				License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
				Contact: &huma.Contact{Name: "The operators of this server"},
			},
			Servers: []*huma.Server{{URL: "/", Description: "The server this document came from."}},
			Tags:    e.options.Tags,
			Components: &huma.Components{
				Schemas: newRegistry(), Headers: e.commonHeaders(),
				SecuritySchemes: map[string]*huma.SecurityScheme{bearerScheme: {
					Type: "http", Scheme: "bearer", BearerFormat: "JWT",
					Description: "The access token that `POST /v1/login` returns. It is signed with EdDSA; algorithm, issuer, audience and expiry are verified (RFC8725).",
				}},
			},
		},
		Formats:       map[string]huma.Format{JSONType: json, "json": json}, // the second one is of problem+json
		DefaultFormat: JSONType,
		Transformers:  []huma.Transformer{showProblem},
	}
}

// tidy takes huma's own errors out of the document, which nobody ever gets, and
// opens the schemas of answers: a field that is added one day must not break a
// client made from today's document. Requests stay closed.
func (e *Edge) tidy() {
	schemas := e.huma.OpenAPI().Components.Schemas
	delete(schemas.Map(), "ErrorModel")
	delete(schemas.Map(), "ErrorDetail")
	for name, schema := range schemas.Map() {
		if !strings.HasSuffix(name, "InputBody") {
			schema.AdditionalProperties = nil
		}
	}
}

// Package terraform has what Terraform and the programs must agree on: pipeline.json.
// Its columns are explained in pipeline.tf.
package terraform

import _ "embed"

//go:embed pipeline.json
var pipeline []byte

// Pipeline is the table of the pipeline, as JSON.
func Pipeline() []byte { return pipeline }

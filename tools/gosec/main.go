// Command gosec looks for weaknesses in the packages it is given. It has all the checks of
// gosec's own command, which compiles the SDKs of three AI services as well, for proposals
// that nobody asks for here.
package main

import (
	"github.com/securego/gosec/v2/goanalysis"
	"golang.org/x/tools/go/analysis/singlechecker"
)

func main() { singlechecker.Main(goanalysis.Analyzer) }

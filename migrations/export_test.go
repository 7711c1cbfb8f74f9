package migrations

// ArrangeTable is Arrange with another table of rights than this release's.
var ArrangeTable = arrange

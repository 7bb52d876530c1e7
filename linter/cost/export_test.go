package cost

// What tests of the package look at beside its interface.
var (
	KindOf  = kindOf
	Matches = matches
)

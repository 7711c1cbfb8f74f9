package bench

// PricesRead is when the list prices below were read, as in docs/deploy.md. They change: read the
// pages again, change the figures here, and run the cost measurement again.
const PricesRead = "2026-11-23"

// Price is a list price in US dollars for Iowa (us-central1), without discounts
// and free tiers. Seoul is about a quarter dearer.
type Price struct {
	Item, Unit string
	Dollars    float64 // for one unit
	Source     string
}

// The units are what the bench counts, so that a quantity times a price is a cost.
var (
	firestoreWrite = Price{"Firestore write", "writes", 0.09 / 100_000, "https://cloud.google.com/firestore/pricing"}
	firestoreRead  = Price{"Firestore read", "reads", 0.03 / 100_000, "https://cloud.google.com/firestore/pricing"}
	pubsubByte     = Price{"Pub/Sub volume", "bytes", 40.0 / (1 << 40), "https://cloud.google.com/pubsub/pricing"}
	runRequest     = Price{"Cloud Run request", "requests", 0.40 / 1_000_000, "https://cloud.google.com/run/pricing"}
	runSecond      = Price{"Cloud Run processor", "CPU s", 0.000024, "https://cloud.google.com/run/pricing"}
	sqlSecond      = Price{"Cloud SQL processor, two zones", "CPU s", 2 * 0.0413 / 3600, "https://cloud.google.com/sql/pricing"}
	sqlByte        = Price{"Cloud SQL write-ahead log, kept a week", "bytes", 0.17 * 7 / 30 / (1 << 30), "https://cloud.google.com/sql/pricing"}
)

// pubsubLeast is the least volume that is billed for a request, in bytes.
const pubsubLeast = 1000

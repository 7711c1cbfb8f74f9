// Command deploy takes a project to a running system, whether it is empty or has one
// already: it checks what can be checked on this machine, runs Terraform's bootstrap, gives
// the secrets a first version and submits the release. It may be run again at any time;
// what is done already is left as it is. `make deploy` runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/mail"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "deploy:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args, os.Stderr)
	if err != nil {
		return err
	}
	c := &console{out: os.Stdout, in: os.Stdin, dry: o.dry}
	return deploy(ctx, c, o, os.Getenv("SENDGRID_API_KEY"))
}

// options are the flags, checked.
type options struct {
	project, region, environment string
	mailFrom, domain             string
	alertEmail, playbooks        string
	budget                       string // a Terraform object, or empty
	billing                      string // the billing account on which the release may make the budget
	module                       string // directory of go.mod
	dry                          bool
}

// The same rules as in terraform/variables.tf, told before anything is done.
var (
	projectID   = regexp.MustCompile(`^[a-z][a-z0-9-]{4,28}[a-z0-9]$`)
	regionID    = regexp.MustCompile(`^[a-z]+-[a-z]+[0-9]+$`)
	domainName  = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$`)
	pageURL     = regexp.MustCompile(`^https://[^|\s]*[^/|\s]$`)
	budgetParts = regexp.MustCompile(`^([0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}):([A-Z]{3}):([1-9][0-9]*)$`)
	fileName    = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	refusedRune = regexp.MustCompile(`[|\x00-\x1f]`) // "|" parts the substitutions
)

func parse(args []string, out io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("deploy", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&o.project, "project", "", "id of the Google Cloud project")
	flags.StringVar(&o.region, "region", "", "region of everything, for example asia-northeast3")
	flags.StringVar(&o.environment, "environment", "dev", "settings: terraform/envs/NAME.tfvars")
	flags.StringVar(&o.mailFrom, "mail-from", "", "sender of the result mails, verified with SendGrid")
	flags.StringVar(&o.domain, "domain", "", "domain of the API; empty: its run.app address")
	flags.StringVar(&o.alertEmail, "alert-email", "", "who gets the alerts; empty: nobody")
	flags.StringVar(&o.playbooks, "playbooks-url", "", "where people read docs/playbooks, https://…; alerts link there")
	flags.StringVar(&o.budget, "budget", "", "what a month may cost: BILLING_ACCOUNT:CURRENCY:AMOUNT")
	flags.StringVar(&o.module, "module", ".", "directory of the module's go.mod")
	flags.BoolVar(&o.dry, "dry-run", false, "only say what would be done")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("unexpected %q", flags.Arg(0))
	}
	if err := o.check(); err != nil {
		return options{}, err
	}
	if m := budgetParts.FindStringSubmatch(o.budget); m != nil {
		o.billing = m[1]
		o.budget = fmt.Sprintf(`{billing_account="%s",currency="%s",amount=%s}`, m[1], m[2], m[3])
	}
	return o, nil
}

// check names everything that is missing or wrong at once.
func (o options) check() error {
	var wrong []error
	refuse := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if !projectID.MatchString(o.project) {
		refuse("PROJECT is %q, want the id of a Google Cloud project", o.project)
	}
	if !regionID.MatchString(o.region) {
		refuse("REGION is %q, want one like asia-northeast3", o.region)
	}
	if _, err := mail.ParseAddress(o.mailFrom); err != nil || refusedRune.MatchString(o.mailFrom) {
		refuse(`MAIL_FROM is %q, want an address like "Missionpot <pot@example.com>"`, o.mailFrom)
	}
	if o.domain != "" && !domainName.MatchString(o.domain) {
		refuse("DOMAIN is %q, want a host name in lower case", o.domain)
	}
	if _, err := mail.ParseAddress(o.alertEmail); o.alertEmail != "" && (err != nil || refusedRune.MatchString(o.alertEmail)) {
		refuse("ALERT_EMAIL is %q, want an address", o.alertEmail)
	}
	if o.playbooks != "" && !pageURL.MatchString(o.playbooks) {
		refuse("PLAYBOOKS_URL is %q, want https://… without a slash at the end", o.playbooks)
	}
	if o.budget != "" && !budgetParts.MatchString(o.budget) {
		refuse("BUDGET is %q, want BILLING_ACCOUNT:CURRENCY:AMOUNT such as 012345-6789AB-CDEF01:KRW:300000", o.budget)
	}
	if o.environment == "prod" {
		refuse("ENVIRONMENT is prod, and there is no payment provider yet: the API would not start")
	}
	settings := filepath.Join(o.module, "terraform", "envs", o.environment+".tfvars")
	if _, err := os.Stat(settings); err != nil || !fileName.MatchString(o.environment) {
		refuse("ENVIRONMENT is %q, and there is no terraform/envs/%s.tfvars", o.environment, o.environment)
	}
	if wrong == nil {
		return nil
	}
	usage := errors.New(`usage: make deploy PROJECT=my-project REGION=asia-northeast3 MAIL_FROM=pot@example.com [ENVIRONMENT=dev] [DOMAIN=pot.example.com] [ALERT_EMAIL=you@example.com] [PLAYBOOKS_URL=https://…] [BUDGET=ACCOUNT:KRW:300000] [DRY_RUN=1]`)
	return errors.Join(append(wrong, usage)...)
}

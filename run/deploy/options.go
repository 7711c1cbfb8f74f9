package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
)

// What the command does; the first word of its arguments.
const (
	verbDeploy  = "deploy" // when there is none
	verbRelease = "release"
	verbDestroy = "destroy"
)

// options are the arguments, checked.
type options struct {
	verb                         string
	project, region, environment string
	mailFrom, domain             string
	alertEmail, playbooks        string
	budget                       string // a Terraform object, or empty
	billing                      string // the billing account on which the release may make the budget
	commit                       string // what is released without a build
	module                       string // directory of go.mod
	dry                          bool
}

// The same rules as in terraform/variables.tf, checked before anything is done.
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
	o := options{verb: verbDeploy}
	if len(args) > 0 && (args[0] == verbRelease || args[0] == verbDestroy) {
		o.verb, args = args[0], args[1:]
	}
	flags := o.flags()
	flags.SetOutput(out)
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

// flags are those of the verb.
func (o *options) flags() *flag.FlagSet {
	flags := flag.NewFlagSet(o.verb, flag.ContinueOnError)
	flags.StringVar(&o.project, "project", "", "id of the Google Cloud project")
	flags.StringVar(&o.region, "region", "", "region of everything, for example asia-northeast3")
	flags.StringVar(&o.environment, "environment", "dev", "settings: terraform/envs/NAME.tfvars")
	flags.StringVar(&o.module, "module", ".", "directory of the module's go.mod")
	flags.BoolVar(&o.dry, "dry-run", false, "only say what would be done")
	if o.verb == verbDestroy {
		return flags
	}
	flags.StringVar(&o.mailFrom, "mail-from", "", "sender of the result mails, verified with SendGrid")
	flags.StringVar(&o.domain, "domain", "", "domain of the API; empty: its run.app address")
	flags.StringVar(&o.alertEmail, "alert-email", "", "who gets the alerts; empty: nobody")
	flags.StringVar(&o.playbooks, "playbooks-url", "", "where people read docs/operating/playbooks, https://…; alerts link there")
	flags.StringVar(&o.budget, "budget", "", "what a month may cost: BILLING_ACCOUNT:CURRENCY:AMOUNT")
	if o.verb == verbRelease {
		flags.StringVar(&o.commit, "commit", "HEAD", "commit that was built before")
	}
	return flags
}

// check names everything that is missing or wrong at once.
func (o *options) check() error {
	if o.verb == verbDestroy && o.environment == "prod" {
		return errProdStays
	}
	var wrong []error
	refuse := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if !projectID.MatchString(o.project) {
		refuse("PROJECT is %q, want the id of a Google Cloud project", o.project)
	}
	if !regionID.MatchString(o.region) {
		refuse("REGION is %q, want one like asia-northeast3", o.region)
	}
	if o.environment == "prod" {
		refuse("ENVIRONMENT is prod, and there is no payment provider yet: the API would not start")
	}
	settings := filepath.Join(o.module, "terraform", "envs", o.environment+".tfvars")
	if _, err := os.Stat(settings); err != nil || !fileName.MatchString(o.environment) {
		refuse("ENVIRONMENT is %q, and there is no terraform/envs/%s.tfvars", o.environment, o.environment)
	}
	if o.verb != verbDestroy {
		o.checkRelease(refuse)
	}
	if wrong == nil {
		return nil
	}
	return errors.Join(append(wrong, errors.New("usage: "+usage[o.verb]))...)
}

// checkRelease checks the settings of a release.
func (o *options) checkRelease(refuse func(format string, args ...any)) {
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
}

const releaseUsage = "PROJECT=my-project REGION=asia-northeast3 MAIL_FROM=pot@example.com [ENVIRONMENT=dev] [DOMAIN=pot.example.com] " +
	"[ALERT_EMAIL=you@example.com] [PLAYBOOKS_URL=https://…] [BUDGET=ACCOUNT:KRW:300000] [DRY_RUN=1]"

var usage = map[string]string{
	verbDeploy:  "make deploy " + releaseUsage,
	verbRelease: "make release [COMMIT=HEAD] " + releaseUsage,
	verbDestroy: "make destroy PROJECT=my-project REGION=asia-northeast3 [ENVIRONMENT=dev] [DRY_RUN=1]",
}

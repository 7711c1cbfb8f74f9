package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"example.com/missionpot/internal/auth/token"
)

// deploy does all of it, one thing after the other. sendGridKey may be empty if the project
// has one already.
func deploy(ctx context.Context, c *console, o options, sendGridKey string) error {
	if err := checkTools("git", "gcloud", "terraform"); err != nil {
		return err
	}
	commit, err := cleanCommit(ctx, o.module)
	if err != nil {
		return err
	}
	if err := checkPinned(o.module); err != nil {
		return err
	}
	warnUnalerted(c, o)
	if !c.dry {
		if err := checkProject(ctx, o); err != nil {
			return err
		}
	}
	// The bootstrap gives the release its right on the billing account.
	if err := os.Setenv("TF_VAR_billing_account", o.billing); err != nil {
		return err
	}
	if err := c.do(ctx, o.module, nil, "terraform/bootstrap/apply.sh", o.project, o.region); err != nil {
		return fmt.Errorf("bootstrap: %w", err)
	}
	if err := giveSecrets(ctx, c, o, sendGridKey); err != nil {
		return err
	}
	if err := build(ctx, c, o, commit); err != nil {
		return fmt.Errorf("build: %w; nothing has changed", err)
	}
	return release(ctx, c, o, commit)
}

// pages say how to install a program.
var pages = map[string]string{
	"git":       "https://git-scm.com/downloads",
	"gcloud":    "https://cloud.google.com/sdk/docs/install",
	"terraform": "https://developer.hashicorp.com/terraform/install",
}

// checkTools names every program that is missing at once.
func checkTools(names ...string) error {
	var missing []error
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			missing = append(missing, fmt.Errorf("%s is not installed: %s", name, pages[name]))
		}
	}
	return errors.Join(missing...)
}

// checkLogin wants somebody to be logged in.
func checkLogin(ctx context.Context) (account string, err error) {
	account, err = ask(ctx, "gcloud", "auth", "list", "--filter=status:ACTIVE", "--format=value(account)")
	if err == nil && account == "" {
		err = errors.New("nobody is logged in: gcloud auth login --update-adc")
	}
	return account, err
}

// checkProject finds out what would stop the rest halfway, and says what to type.
func checkProject(ctx context.Context, o options) error {
	account, err := checkLogin(ctx)
	if err != nil {
		return err
	}
	if _, err := ask(ctx, "gcloud", "auth", "application-default", "print-access-token"); err != nil {
		return errors.New("there are no credentials for Terraform: gcloud auth login --update-adc")
	}
	if _, err := ask(ctx, "gcloud", "projects", "describe", o.project, "--format=value(projectNumber)"); err != nil {
		return fmt.Errorf("there is no project %s for %s: gcloud projects create %s: %w", o.project, account, o.project, err)
	}
	billed, err := ask(ctx, "gcloud", "billing", "projects", "describe", o.project, "--format=value(billingEnabled)")
	if err != nil {
		return err
	}
	if !strings.EqualFold(billed, "true") {
		return fmt.Errorf("nobody pays for %[1]s: gcloud billing projects link %[1]s --billing-account=ACCOUNT", o.project)
	}
	return nil
}

// giveSecrets gives every secret that has no value its first one. They go from this
// process to Secret Manager and are written down nowhere.
func giveSecrets(ctx context.Context, c *console, o options, sendGridKey string) error {
	for _, secret := range []struct {
		id    string
		value func() ([]byte, error)
	}{
		{"token-keys", token.GenerateSet},
		{"sendgrid-key", func() ([]byte, error) {
			if sendGridKey == "" {
				return nil, errors.New("set SENDGRID_API_KEY in the environment, the first time: the functions that send mail don't start without")
			}
			return []byte(sendGridKey), nil
		}},
	} {
		if err := giveSecret(ctx, c, o, secret.id, secret.value); err != nil {
			return fmt.Errorf("secret %s: %w", secret.id, err)
		}
	}
	return nil
}

func giveSecret(ctx context.Context, c *console, o options, id string, value func() ([]byte, error)) error {
	add := []string{"secrets", "versions", "add", id, "--data-file=-", "--project=" + o.project}
	if c.dry {
		return c.do(ctx, o.module, nil, "gcloud", add...)
	}
	versions, err := ask(ctx, "gcloud", "secrets", "versions", "list", id, "--filter=state=ENABLED",
		"--limit=1", "--format=value(name)", "--project="+o.project)
	if err != nil || versions != "" {
		return err
	}
	first, err := value()
	if err != nil {
		return err
	}
	return c.do(ctx, o.module, first, "gcloud", add...)
}

// cleanCommit is the id of the commit that is checked out. What is released must be found
// again, so a tree with changes is refused, files that git does not know included.
func cleanCommit(ctx context.Context, dir string) (string, error) {
	changes, err := ask(ctx, "git", "-C", dir, "status", "--porcelain")
	if err != nil {
		return "", err
	}
	if changes != "" {
		return "", fmt.Errorf("the checkout has changes that are in no commit; commit them or put them away:\n%s", changes)
	}
	return ask(ctx, "git", "-C", dir, "rev-parse", "HEAD")
}

// checkPinned wants the checksum of Terraform's provider in the checkout: the release takes no
// other, and would find that out after half an hour of tests.
func checkPinned(dir string) error {
	var missing []error
	for _, folder := range []string{"terraform", "terraform/bootstrap"} {
		if _, err := os.Stat(filepath.Join(dir, folder, ".terraform.lock.hcl")); err != nil {
			missing = append(missing, fmt.Errorf("%[1]s/.terraform.lock.hcl is missing, so nothing says which provider is meant:\n"+
				"  terraform -chdir=%[1]s providers lock -platform=linux_amd64 -platform=darwin_arm64 && git add %[1]s/.terraform.lock.hcl", folder))
		}
	}
	return errors.Join(missing...)
}

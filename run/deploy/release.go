package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// releaseAgain releases what an earlier build of a commit made. Nothing is built.
func releaseAgain(ctx context.Context, c *console, o options) error {
	if err := checkTools("git", "gcloud"); err != nil {
		return err
	}
	commit, err := ask(ctx, "git", "-C", o.module, "rev-parse", "--verify", "--quiet", o.commit+"^{commit}")
	if err != nil {
		return fmt.Errorf("COMMIT is %q, which this checkout does not have: %w", o.commit, err)
	}
	warnUnalerted(c, o)
	if !c.dry {
		if _, err := checkLogin(ctx); err != nil {
			return err
		}
	}
	return release(ctx, c, o, commit)
}

// build tests a commit and makes its artefacts.
func build(ctx context.Context, c *console, o options, commit string) error {
	return submit(ctx, c, o, commit, "cloudbuild.yaml", nil, "_REGION="+o.region, "_COMMIT="+commit)
}

// release applies the artefacts of a commit, by the commit's own configuration.
func release(ctx context.Context, c *console, o options, commit string) error {
	err := submit(ctx, c, o, commit, "cloudbuild.release.yaml", []string{"cloudbuild.release.yaml", "terraform"},
		"_REGION="+o.region, "_ENVIRONMENT="+o.environment, "_MAIL_FROM="+o.mailFrom, "_DOMAIN="+o.domain,
		"_COMMIT="+commit, "_ALERT_EMAIL="+o.alertEmail, "_PLAYBOOKS_URL="+o.playbooks, "_BUDGET="+o.budget)
	if err != nil {
		return fmt.Errorf("release: %w; docs/operating/deploy.md says how to go on, and make release COMMIT=%s does not build again", err, commit)
	}
	return nil
}

// submit uploads paths of a commit, or all of it, and follows a build. What is uploaded is what
// git has and nothing of the directory. It is a global build: regional ones are closed to new
// projects in most regions. Only the beta command follows logs that are kept in Cloud Logging.
func submit(ctx context.Context, c *console, o options, commit, config string, paths []string, substitutions ...string) (err error) {
	dir := "DIR"
	if !c.dry {
		if dir, err = os.MkdirTemp("", "missionpot-release-"); err != nil {
			return fmt.Errorf("a place for the upload: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		text, err := ask(ctx, "git", "-C", o.module, "show", commit+":"+config)
		if err != nil {
			return fmt.Errorf("the commit is from before %s: %w", config, err)
		}
		if err := os.WriteFile(filepath.Join(dir, config), []byte(text+"\n"), 0o600); err != nil {
			return fmt.Errorf("write %s: %w", config, err)
		}
	}
	tree := filepath.Join(dir, "tree.tgz")
	archive := append([]string{"archive", "--format=tar.gz", "--output=" + tree, commit}, paths...)
	if err := c.do(ctx, o.module, nil, "git", archive...); err != nil {
		return err
	}
	return c.do(ctx, o.module, nil, "gcloud", "beta", "builds", "submit", tree, "--config="+filepath.Join(dir, config),
		"--project="+o.project, "--gcs-source-staging-dir=gs://"+o.project+"-source/builds",
		"--substitutions=^|^"+strings.Join(substitutions, "|"))
}

func warnUnalerted(c *console, o options) {
	if o.alertEmail == "" {
		c.warn("ALERT_EMAIL is not set: alerts will be shown in the console and reach nobody.")
	}
}

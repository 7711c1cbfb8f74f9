package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// left is what a destroyed environment leaves behind, and why.
var left = []string{
	"the buckets PROJECT-terraform, PROJECT-source, PROJECT-artefacts and PROJECT-statements: the state, submitted trees, manifests and zips, statements for a restore",
	"the image repository missionpot, and the buckets that Cloud Functions made for itself (gcf-v2-...)",
	"the secrets token-keys and sendgrid-key with their versions, the topic secret-rotation and its subscription",
	"the accounts deploy, builder, function-build and job-restore, their grants and the custom roles",
	"the services that were enabled, and logs and metrics until they expire",
	"the peering of the network with Cloud SQL, which Google holds for days after the last instance",
	"the deleted accounts of the programs, which Google keeps for 30 days",
}

// destroy takes down what releases made in a project, as long as nothing in it is protected.
// What the bootstrap made stays.
func destroy(ctx context.Context, c *console, o options) error {
	if err := checkTools("gcloud", "terraform"); err != nil {
		return err
	}
	number := "PROJECT_NUMBER"
	if !c.dry {
		if err := checkProject(ctx, o); err != nil {
			return err
		}
		if err := checkUnprotected(ctx, o); err != nil {
			return err
		}
		var err error
		if number, err = ask(ctx, "gcloud", "projects", "describe", o.project, "--format=value(projectNumber)"); err != nil {
			return err
		}
	}
	fmt.Fprintf(c.out, "All bets, accounts and cash in %s will be deleted. There is no way back.\n", o.project)
	if err := c.do(ctx, o.module, nil, "terraform", "-chdir=terraform", "init", "-input=false", "-reconfigure",
		"-lockfile=readonly", "-backend-config=bucket="+o.project+"-terraform"); err != nil {
		return err
	}
	if err := c.do(ctx, o.module, nil, "terraform", destroyArguments(o, number)...); err != nil {
		return fmt.Errorf("%w\nIf a subnet or a network is still in use: Cloud Run holds its addresses for up to two hours, "+
			"and Cloud SQL its peering for days. Run make destroy again then", err)
	}
	fmt.Fprintf(c.out, "\nWhat is left in %s:\n", o.project)
	for _, thing := range left {
		fmt.Fprintln(c.out, "  - "+strings.ReplaceAll(thing, "PROJECT", o.project))
	}
	fmt.Fprintf(c.out, "make deploy makes the rest again. To remove these too, delete the project: gcloud projects delete %s\n", o.project)
	return nil
}

// checkUnprotected refuses a project that runs a protected environment, whatever it is called here.
// Terraform would refuse too, but only after it has deleted what is not protected.
func checkUnprotected(ctx context.Context, o options) error {
	protected, err := ask(ctx, "gcloud", "sql", "instances", "list", "--project="+o.project,
		"--filter=settings.deletionProtectionEnabled=true", "--format=value(name)")
	if err != nil {
		return err
	}
	if protected != "" {
		return fmt.Errorf("%s is protected: its databases %s refuse to be deleted", o.project, strings.Join(strings.Fields(protected), ", "))
	}
	return nil
}

// destroyArguments are Terraform's. A variable without a default must have a value, though nothing
// is made from it. Terraform asks before it deletes.
func destroyArguments(o options, number string) []string {
	nothing := "none@sha256:" + strings.Repeat("0", 64)
	args := []string{"-chdir=terraform", "destroy", "-lock-timeout=10m", "-var-file=envs/" + o.environment + ".tfvars"}
	for _, v := range [][2]string{
		{"project", o.project}, {"project_number", number}, {"region", o.region}, {"mail_from", "none@example.com"},
		{"images", fmt.Sprintf("{api=%[1]q,migrate=%[1]q,operator=%[1]q,smoke=%[1]q}", nothing)},
		{"source_archive", `{bucket="none",object="none"}`},
	} {
		args = append(args, "-var="+v[0]+"="+v[1])
	}
	return args
}

var errProdStays = errors.New("ENVIRONMENT is prod, which make destroy never takes down")

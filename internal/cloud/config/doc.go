// Package config reads the settings of a program from its environment, once, at the start, so that
// a wrong setting stops the program with the name of the variable instead of failing later.
//
// Every group of variables is one struct. A program composes the groups it
// needs and loads them together:
//
//	var c struct {
//		config.Google
//		config.UsersDatabase
//	}
//	err := config.Load(ctx, &c)
package config
